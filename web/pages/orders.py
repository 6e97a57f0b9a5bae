"""Work orders 运维工单: what is to be done at which monitor by when, the two rates, and the way to order more."""

import asyncio
from datetime import datetime, timedelta

from fastapi import Request
from nicegui import ui

from alerts.desk_views import WorkOrderView
from alerts.wording import ORDER_KINDS
from alerts.work_orders import OrderRates, Share
from emissions.beijing import BEIJING, to_beijing
from people.roles import Right
from web import figures
from web.pages.acting import Actor
from web.pages.desk import ALERT_TABS, act, due_line, tabs
from web.pages.form import Form, Unable, Values
from web.pages.frame import Notice, frame, language_of
from web.pages.markup import box, link, path, say, text
from web.periods import bounds
from web.sources import Sources
from web.views.names import outlet_name
from web.wording import Wording, wording

MOST = 200
RENEW_SECONDS = 3.0
STATES = ("unsettled", "open", "done", "closed", "cancelled")


async def orders_page(sources: Sources, request: Request) -> None:
    """Build the page and keep it up to date."""
    words = wording(language_of(request))
    with frame(sources, request, "alerts", words("orders.title")):
        view = _View(sources, words, request)
        await view.renew_or_say()
        ui.timer(RENEW_SECONDS, view.renew_or_say)


def order_kind(kind: str, words: Wording) -> str:
    """What people call a kind of work order."""
    return ORDER_KINDS.get(kind, (kind, kind))[0 if words.language == "zh" else 1]


class _View:
    def __init__(self, sources: Sources, words: Wording, request: Request) -> None:
        self.sources = sources
        self.words = words
        self.actor = Actor(request)
        query = request.query_params
        asked = query.get("state", "unsettled")
        self.state = asked if asked in STATES else None
        outlet = query.get("outlet", "")
        self.outlet = outlet if outlet in sources.register.outlets else ""
        self.alert = query.get("alert") or None
        self.shown: object = None
        tabs(words, "orders", *ALERT_TABS)
        text("h1", words("orders.title"), "page-head")
        self.notice = Notice(words)
        self.rates = box("section", "stats two", aria_label=words("orders.rates"))
        if self.actor.may(Right.LEAD, sources.county):
            self._form()
        with box("section", "panel"):
            with box("div", "panel-head"):
                text("h2", words("orders.list"))
                with box("div", "segments", role="group", aria_label=words("orders.list")):
                    for state in (*STATES, "all"):
                        here = {"aria_current": "true"} if state == (self.state or "all") else {}
                        href = path("orders", state=None if state == "unsettled" else state)
                        link(href, words(f"orders.state_{state}"), **here)
            self.list = box("div")
            self.hint = text("p", words("state.loading"), "hint")

    def _form(self) -> None:
        words, register = self.words, self.sources.register
        now = to_beijing(self.sources.now())
        outlets = {"": "–"} | {id_: f"{outlet_name(register, id_)} · {id_}" for id_ in sorted(register.outlets)}
        with box("section", "panel block"), box("details", **({"open": "open"} if self.outlet else {})):
            text("summary", words("orders.new"), "summary")
            with box("div", "panel-body"):
                form = Form(words, self._order)
                form.choice("outlet", words("level.outlet"), outlets, value=self.outlet, required=True)
                kinds = {kind: order_kind(kind, words) for kind in ORDER_KINDS}
                form.choice(
                    "kind", words("marks.kind"), kinds, value="repair" if self.alert else "maintenance", required=True
                )
                form.line("title", words("orders.what"), required=True)
                due = f"{now + timedelta(days=2):%Y-%m-%dT%H:%M}"
                label = f"{words('orders.due')} ({words('app.clock_beijing')})"
                form.line("due", label, kind="datetime-local", value=due, required=True)
                form.line("assignee", words("desk.assignee"))
                form.check("planned", words("orders.planned"))
                form.area("note", words("desk.note"), rows=2)
                form.button(words("orders.order"))

    async def _order(self, values: Values) -> str:
        words, desk, sources = self.words, self.sources.alerts.orders, self.sources
        outlet = sources.register.outlets.get(values.get("outlet", ""))
        if outlet is None:
            raise Unable(words("marks.refused_outlet"))
        try:
            due = datetime.fromisoformat(values.get("due", "")).replace(tzinfo=BEIJING)
        except ValueError:
            raise Unable(words("orders.no_due")) from None

        def work() -> WorkOrderView:
            return desk.order(
                outlet=outlet.id,
                county=outlet.county,
                kind=values.get("kind", ""),
                title=values.get("title", ""),
                by=self.actor.name,
                now=sources.now(),
                due_at=due,
                planned=values.get("planned") == "yes",
                assignee=values.get("assignee", ""),
                note=values.get("note", ""),
                alert_id=self.alert,
            )

        made = await act(self.actor, words, work, right=Right.LEAD, county=outlet.county)
        await self.renew_or_say()
        return words("orders.ordered", title=made.title, due=figures.minute(made.due_at))

    async def renew_or_say(self) -> None:
        """Renew, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    async def renew(self) -> None:
        """Show the orders and the rates as they stand."""
        desk, now = self.sources.alerts.orders, self.sources.now()
        found = await asyncio.to_thread(desk.all, state=self.state, limit=MOST)
        start, end = bounds("month", self.sources.month())
        rates = await asyncio.to_thread(desk.rates, start=start, end=end, now=now)
        say(self.hint, self.words("orders.empty"))
        self.hint.set_visibility(not found)
        face = ([(one.id, one.version, one.deadline is not None and one.deadline < now) for one in found], rates)
        if face == self.shown:
            return
        self.shown = face
        self.rates.clear()
        with self.rates:
            self._rates(rates)
        self.list.clear()
        with self.list:
            if found:
                self._table(found, now)

    def _rates(self, rates: OrderRates) -> None:
        for key, share in (("closing", rates.closing), ("maintenance", rates.maintenance)):
            with box("div", "stat"):
                text("div", self.words(f"orders.{key}", period=self.sources.month()), "stat-title")
                text("div", figures.percent(share.pct), "stat-value")
                text("div", self._share(share), "stat-note")

    def _share(self, share: Share) -> str:
        if not share.of:
            return self.words("orders.none_due")
        return self.words("orders.share", done=share.done, of=share.of, in_time=share.in_time)

    def _table(self, found: list[WorkOrderView], now: datetime) -> None:
        words = self.words
        with box("table", "grid cards plain-cards", aria_label=words("orders.list")):
            with box("thead"), box("tr"):
                for key in ("orders.what", "level.outlet", "marks.kind", "orders.due", "desk.assignee", "marks.state"):
                    text("th", words(key), scope="col")
            with box("tbody"):
                for one in found:
                    with box("tr"):
                        with box("th", "subject", scope="row"):
                            link(path("orders", one.id), one.title)
                        with box("td", data_label=words("level.outlet")):
                            link(path("outlets", one.outlet), one.outlet_name)
                        text("td", order_kind(one.kind, words), data_label=words("marks.kind"))
                        with box("td", data_label=words("orders.due")):
                            text("span", figures.minute(one.due_at))
                            if one.state == "open" and one.due_at < now:
                                text("span", due_line(words, one.due_at, now)[0].rpartition(" · ")[2], "badge overdue")
                        text("td", one.assignee or figures.NONE, data_label=words("desk.assignee"))
                        with box("td", data_label=words("marks.state")):
                            text(
                                "span",
                                words(f"orders.state_{one.state}"),
                                "badge ok" if one.state == "closed" else "badge",
                            )
