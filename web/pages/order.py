"""One work order: what is to be done by whom and when, what was done, and the next step."""

import asyncio
from collections.abc import Callable

from fastapi import Request
from nicegui import ui

from alerts.desk_views import WorkOrderView
from alerts.repository import NotFound
from people.roles import Right
from web import figures
from web.pages.acting import Actor
from web.pages.desk import act, due_line
from web.pages.files import FilesPanel
from web.pages.form import Form, Said, Unable, Values
from web.pages.frame import Notice, frame, language_of, not_found
from web.pages.markup import box, link, path, text
from web.pages.orders import order_kind
from web.pages.steps import steps
from web.pages.timeline import timeline
from web.said import term
from web.sources import Sources
from web.wording import Wording, wording

RENEW_SECONDS = 3.0


async def order_page(sources: Sources, request: Request, order_id: str) -> None:
    """Build the page and keep it up to date."""
    words = wording(language_of(request))
    try:
        order = await asyncio.to_thread(sources.alerts.orders.one, order_id)
    except NotFound:
        not_found(sources, request, order_id)
        return
    with frame(sources, request, "alerts", order.title):
        view = _View(sources, words, request, order)
        await view.renew_or_say()
        ui.timer(RENEW_SECONDS, view.renew_or_say)


class _View:
    def __init__(self, sources: Sources, words: Wording, request: Request, order: WorkOrderView) -> None:
        self.sources = sources
        self.words = words
        self.actor = Actor(request)
        self.order = order
        self.shown: int | None = None
        self.face: object = None
        self.acting_on: str | None = None
        with box("nav", "crumbs", aria_label=words("app.crumbs")):
            link("/orders", words("orders.title"))
            text("span", "›", aria_hidden="true")
            text("span", order.title)
        text("h1", order.title, "page-head")
        self.notice = Notice(words)
        self.head = box("section", "panel block desk-head")
        with box("div", "split desk"):
            with box("div"):
                self.said = Said()
                self.act = box("section", "panel block act-panel")
                self.history = box("section", "panel block")
            with box("div"):
                self.facts = box("section", "panel block")
                self.files = FilesPanel(
                    sources, words, self.actor, request, "work_order", order.id, order.county, changed=self.renew_or_say
                )

    async def renew_or_say(self) -> None:
        """Renew, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    async def renew(self) -> None:
        """Show the newest state. What somebody is typing into is built anew only when the state is another."""
        desk, words = self.sources.alerts.orders, self.words
        self.order = order = await asyncio.to_thread(desk.one, self.order.id)
        self._head(order)
        if order.version == self.shown:
            return
        self.shown = order.version
        events = await asyncio.to_thread(desk.timeline, order.id)
        self.history.clear()
        with self.history:
            text("h2", words("alerts.timeline"))
            with box("div", "panel-body"):
                timeline(words, events)
        self.facts.clear()
        with self.facts:
            self._facts(order)
        if order.state != self.acting_on:
            self.acting_on = order.state
            self._actions(order)
        await self.files.renew()

    def _head(self, order: WorkOrderView) -> None:
        words = self.words
        due = due_line(words, order.deadline, self.sources.now()) if order.deadline is not None else None
        if (face := (order.version, due)) == self.face:
            return
        self.face = face
        states = ["open", "cancelled"] if order.state == "cancelled" else ["open", "done", "closed"]
        self.head.clear()
        with self.head:
            steps(words, order.title, [(name, words(f"orders.state_{name}")) for name in states], order.state)
            with box("p", "who"):
                text("span", f"{words('desk.answers')}: {order.assignee or term('level', order.level, words)}")
                if due is not None:
                    text("span", due[0], "badge overdue" if due[1] else "badge due")

    def _facts(self, order: WorkOrderView) -> None:
        words = self.words
        text("h2", words("orders.about"))
        with box("dl", "facts"):
            text("dt", words("level.outlet"))
            with box("dd"):
                link(path("outlets", order.outlet), order.outlet_name)
            planned = f" · {words('orders.planned')}" if order.planned else ""
            for name, value in (
                (words("marks.kind"), order_kind(order.kind, words) + planned),
                (words("orders.due"), figures.minute(order.due_at)),
                (words("orders.ordered_by"), f"{order.ordered_by} · {figures.minute(order.ordered_at)}"),
                (words("desk.assignee"), order.assignee or figures.NONE),
            ):
                text("dt", name)
                text("dd", value)
            if order.alert_id:
                text("dt", words("alerts.title"))
                with box("dd"):
                    link(path("alerts", order.alert_id), words("alerts.open_here"))

    def _actions(self, order: WorkOrderView) -> None:
        words, may = self.words, self.actor.may
        self.act.clear()
        with self.act:
            text("h2", words("desk.actions"))
            with box("div", "panel-body"):
                leads, works = may(Right.LEAD, order.county), may(Right.ANSWER_ALERTS, order.county)
                if not leads and not works:
                    text("p", words("desk.no_right"), "note")
                    return
                if order.state == "open" and works:
                    form = Form(words, self._do, said=self.said)
                    form.area("note", words("orders.what_done"), required=True)
                    form.button(words("orders.done"), "done")
                if order.state == "open" and leads:
                    form = Form(words, self._do, classes="form line", said=self.said)
                    form.line("assignee", words("desk.assign_to"), required=True)
                    form.button(words("desk.assign"), "assign", plain=True)
                    form = Form(words, self._do, classes="form line", said=self.said)
                    form.line("note", words("desk.reason"), required=True)
                    form.button(words("orders.cancel"), "cancel", plain=True)
                if order.state == "done" and leads:
                    form = Form(words, self._do, said=self.said)
                    form.area("note", words("orders.looked"), required=True)
                    form.button(words("orders.close"), "close")
                    form.button(words("cases.return"), "return", plain=True)
                elif order.state == "done":
                    text("p", words("proposals.waits_head"), "note")
                if order.state in {"closed", "cancelled"}:
                    text("p", words("desk.nothing_left"), "note")
                if works:
                    form = Form(words, self._do, said=self.said)
                    form.area("note", words("desk.comment"), required=True, rows=2)
                    form.button(words("desk.comment_add"), "comment", plain=True)

    async def _do(self, values: Values) -> str:
        words, desk, order = self.words, self.sources.alerts.orders, self.order
        by, note, now, version = self.actor.name, values.get("note", ""), self.sources.now(), self.order.version
        to = values.get("assignee", "")
        id_ = order.id
        verbs: dict[str, tuple[Right, Callable[[], WorkOrderView]]] = {
            "done": (Right.ANSWER_ALERTS, lambda: desk.done(id_, by=by, note=note, now=now, version=version)),
            "close": (Right.LEAD, lambda: desk.close(id_, by=by, note=note, now=now, version=version)),
            "return": (Right.LEAD, lambda: desk.send_back(id_, by=by, reason=note, now=now, version=version)),
            "cancel": (Right.LEAD, lambda: desk.cancel(id_, by=by, reason=note, now=now, version=version)),
            "assign": (Right.LEAD, lambda: desk.assign(id_, assignee=to, by=by, now=now, version=version)),
            "comment": (Right.ANSWER_ALERTS, lambda: desk.comment(id_, by=by, text=note, now=now)),
        }
        verb = values.get("button", "")
        if verb not in verbs:
            raise Unable(words("desk.gone"))
        right, work = verbs[verb]
        try:
            await act(self.actor, words, work, right=right, county=order.county)
        finally:
            await self.renew_or_say()
        return words("desk.commented") if verb == "comment" else words(f"orders.{verb}_now")
