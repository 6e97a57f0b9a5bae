"""The inbox of alerts: what waits, the nearest deadline first, each with one large button that takes it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from alerts.views import AlertView
from people.roles import Right
from web import figures
from web.pages.acting import Actor
from web.pages.desk import ALERT_TABS, act, tabs, within
from web.pages.fixed import Fixed, anchor, fixed
from web.pages.form import Said, Unable
from web.pages.frame import Notice, frame, language_of
from web.pages.markup import box, dress, link, path, say, text
from web.pages.ticker import SYMBOLS
from web.said import evidence_lines, finding_name, term
from web.sources import Sources
from web.views.board import counties_of
from web.wording import Wording, wording

PAGE = 50
"""Alerts on the page at first, and how many more each press of the button below shows."""
MOST = 1000
RENEW_SECONDS = 2.0
STATES = ("raised", "open", "mine", "all")


async def alerts_page(sources: Sources, request: Request) -> None:
    """Build the page and keep it up to date."""
    words = wording(language_of(request))
    if alert_id := request.query_params.get("id"):
        ui.navigate.to(path("alerts", alert_id))
        return
    with frame(sources, request, "alerts", words("alerts.title")):
        view = _View(sources, words, request)
        await view.renew_or_say()
        ui.timer(RENEW_SECONDS, view.renew_or_say)


@dataclass
class _Item:
    """One alert's element and what changes in it by itself."""

    element: Element
    version: int
    deadline: TextElement | None = None


class _View:
    def __init__(self, sources: Sources, words: Wording, request: Request) -> None:
        self.sources = sources
        self.words = words
        self.actor = Actor(request)
        query = request.query_params
        asked = query.get("state", "open")
        self.state = asked if asked in STATES else "open"
        self.county = query.get("county") or None
        self.count = shown_of(query.get("shown", ""))
        self.items: dict[str, _Item] = {}
        self.order: list[str] = []
        tabs(words, "alerts", *ALERT_TABS)
        with box("div", "page-head"):
            text("h1", words("alerts.title"))
            text("p", words("alerts.inbox_hint"), "subtitle")
        self.notice = Notice(words)
        with box("div", "toolbar"):
            self._states()
            self._counties()
        self.said = Said()
        with box("section", "panel"):
            self.list = box("ul", "list inbox", aria_label=words("alerts.title"))
            self.hint = text("p", words("state.loading"), "hint")
            with box("div", "pager") as self.pager:
                more = path("alerts", state=self._asked_state(), county=self.county, shown=self.count + PAGE)
                link(more, words("alerts.show_more", count=PAGE), "button plain")
            self.pager.set_visibility(False)

    def _states(self) -> None:
        keys = {"raised": "to_acknowledge", "open": "open_only", "mine": "mine", "all": "all"}
        with box("div", "segments", role="group", aria_label=self.words("alerts.title")):
            for state, key in keys.items():
                here = {"aria_current": "true"} if state == self.state else {}
                href = path("alerts", state=None if state == "open" else state, county=self.county)
                link(href, self.words(f"alerts.{key}"), **here)

    def _asked_state(self) -> str | None:
        """The state as it stands in an address, where the usual one is left out."""
        return None if self.state == "open" else self.state

    def _counties(self) -> None:
        """A plain list that goes to the chosen county's address; who sees one county has nothing to choose."""
        divisions = counties_of(self.sources.register, self.sources.now().date())
        if len(divisions) < 2:
            return
        words = self.words
        with box("label", "field"):
            text("span", words("alerts.county"))
            chosen = box("select", "text")
            with chosen:
                text("option", words("alerts.all_counties"), value="")
                for division in divisions:
                    here = {"selected": "selected"} if division.code == self.county else {}
                    text("option", division.name, value=division.code, **here)
        chosen.on(
            "change",
            lambda event: ui.navigate.to(path("alerts", state=self._asked_state(), county=str(event.args) or None)),
            js_handler="(event) => emit(event.target.value)",
        )

    async def renew_or_say(self) -> None:
        """Renew, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    def _read(self) -> list[AlertView]:
        state = None if self.state == "all" else "open" if self.state == "mine" else self.state
        most = self.count + 1 if self.state != "mine" else MOST
        found = self.sources.alerts.alerts(county=self.county, state=state, by_deadline=True, limit=most)
        if self.state == "mine":
            person = self.actor.person
            found = [alert for alert in found if alert.assignee in {person.by, person.name, person.login}]
        return found

    async def renew(self) -> None:
        """Show the alerts as they stand; only those that have changed are built anew."""
        read = await asyncio.to_thread(self._read)
        found, more = read[: self.count], len(read) > self.count
        order, now = [alert.id for alert in found], self.sources.now()
        for gone in set(self.items) - set(order):
            self.items.pop(gone).element.delete()
        for alert in found:
            self._put(alert)
            self._tick(alert, now)
        if order != self.order:
            for index, id_ in enumerate(order):
                self.items[id_].element.move(self.list, target_index=index)
            self.order = order
        empty = self.words("alerts.empty" if self.state == "all" else "alerts.empty_open")
        full = more and self.count >= MOST
        say(self.hint, self.words("alerts.more", count=MOST) if full else "" if found else empty)
        self.hint.set_visibility(full or not found)
        self.pager.set_visibility(more and not full)

    def _put(self, alert: AlertView) -> None:
        known = self.items.get(alert.id)
        if known is not None and known.version == alert.version:
            return
        if known is not None:
            item = _Item(known.element, alert.version)
            item.element.clear()
        else:
            with self.list:
                item = _Item(box("li", f"item {alert.severity}"), alert.version)
        self.items[alert.id] = item
        with item.element:
            symbol = SYMBOLS.get(alert.severity, "●")
            text("span", symbol, f"mark {alert.severity}", aria_hidden="true")
            self._body(alert, item)
            self._side(alert)

    def _tick(self, alert: AlertView, now: datetime) -> None:
        line = self.items[alert.id].deadline
        if line is None or alert.deadline is None:
            return
        said, over = within(self.words, alert.deadline, now)
        say(line, f"{figures.day_time(alert.deadline)} · {said}")
        dress(line, "badge overdue" if over else "badge due")

    def _body(self, alert: AlertView, item: _Item) -> None:
        """What is said of it: fixed, but for the deadline, which is an element of its own because it runs."""
        words = self.words
        if (outlet := alert.subject.get("outlet")) is not None:
            subject = anchor(path("outlets", str(outlet)), alert.subject_name)
        else:
            subject = anchor(path("counties", alert.county), alert.subject_name)
        named = anchor(path("alerts", alert.id), finding_name(alert.rule, words))
        badge = fixed("span", term("severity", alert.severity, words), f"badge {alert.severity}")
        pieces = [fixed("div", [named, subject, badge], "item-title")]
        if lines := evidence_lines(alert.rule, alert.evidence, words, self.sources.name_of):
            pieces.append(fixed("div", " · ".join(lines)))
        county = self.sources.register.divisions.get(alert.county)
        ended = alert.ended_by_data
        facts = [
            county.name if county is not None else alert.county,
            f"{words('alerts.raised')} {figures.day_time(alert.raised_at)}",
            f"{words('desk.answers')} {alert.assignee or term('level', alert.level, words)}",
            f"{words('alerts.data_ended')} {figures.day_time(ended)}" if ended else words("alerts.data_lasts"),
        ]
        meta = [fixed("span", fact) for fact in facts]
        if alert.deadline is None:
            Fixed("div", [*pieces, fixed("div", meta, "item-meta figures")], "item-body")
            return
        with box("div", "item-body"):
            Fixed("div", pieces, "as-one")
            with box("div", "item-meta figures"):
                Fixed("div", meta, "as-one")
                item.deadline = text("span", "", "badge due")

    def _side(self, alert: AlertView) -> None:
        words = self.words
        state = words.of("alert_state", alert.state)
        if alert.state != "raised" or not self.actor.may(Right.ANSWER_ALERTS, alert.county):
            badge = fixed("span", state, "badge ok" if alert.state != "raised" else "badge")
            here = anchor(path("alerts", alert.id), words("alerts.open_here"), "button plain big")
            Fixed("div", [badge, here], "item-side")
            return
        with box("div", "item-side"):
            text("span", state, "badge")
            what = f"{finding_name(alert.rule, words)} · {alert.subject_name}"
            label = f"{words('alerts.acknowledge')}: {what}"
            button = text("button", words("alerts.acknowledge"), "button big", type="button", aria_label=label)
            button.on("click", lambda: self._acknowledge(alert, what), throttle=1.0, trailing_events=False)

    async def _acknowledge(self, alert: AlertView, what: str) -> None:
        desk, words = self.sources.alerts, self.words

        def work() -> AlertView:
            return desk.acknowledge(alert.id, by=self.actor.name, now=self.sources.now(), version=alert.version)

        try:
            await act(self.actor, words, work, right=Right.ANSWER_ALERTS, county=alert.county)
            self.said.tell(words("alerts.acknowledged_now", what=what))
        except Unable as error:
            self.said.tell(str(error), bad=True)
        await self.renew_or_say()


def shown_of(asked: str) -> int:
    """How many alerts an address asks to see; a page of them where it asks for none, or for nonsense."""
    count = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else PAGE
    return min(max(count, PAGE), MOST)
