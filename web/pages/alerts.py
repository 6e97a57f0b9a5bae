"""Alerts: what is open, what the data say, and the button that takes one."""

import asyncio

from fastapi import Request
from nicegui import ui
from nicegui.element import Element

from alerts.views import AlertView, EventView
from people.roles import Right
from web import figures
from web.pages.acting import Actor, attempt
from web.pages.frame import Notice, frame, language_of
from web.pages.markup import box, link, path, say, text
from web.pages.ticker import SYMBOLS
from web.pages.timeline import timeline
from web.said import evidence_lines, finding_name, term
from web.sources import Sources
from web.views.board import counties_of
from web.wording import Wording, wording

MOST = 50
RENEW_SECONDS = 2.0


async def alerts_page(sources: Sources, request: Request) -> None:
    """Build the page and keep it up to date."""
    words = wording(language_of(request))
    query = request.query_params
    with frame(sources, request, "alerts", words("alerts.title")):
        view = _View(
            sources,
            words,
            request,
            county=query.get("county") or None,
            state=None if query.get("state") == "all" else "open",
            unfolded=query.get("id"),
        )
        await view.renew_or_say()
        ui.timer(RENEW_SECONDS, view.renew_or_say)


class _View:
    def __init__(
        self,
        sources: Sources,
        words: Wording,
        request: Request,
        *,
        county: str | None,
        state: str | None,
        unfolded: str | None,
    ) -> None:
        self.sources = sources
        self.words = words
        self.county = county
        self.state = state
        self.unfolded = unfolded
        self.items: dict[str, tuple[tuple[int, bool], Element]] = {}
        self.order: list[str] = []
        text("h1", words("alerts.title"), "page-head")
        self.notice = Notice(words)
        self.actor = Actor(request)
        with box("div", "toolbar"):
            self._states()
            self._counties()
        with box("section", "panel"):
            self.list = box("ul", "list", aria_label=words("alerts.title"))
            self.hint = text("p", words("state.loading"), "hint")

    def _states(self) -> None:
        with box("div", "segments", role="group"):
            for name, key in (("open", "open_only"), ("all", "all")):
                here = {"aria_current": "true"} if (self.state or "all") == name else {}
                state = name if name == "all" else None
                link(path("alerts", state=state, county=self.county), self.words(f"alerts.{key}"), **here)

    def _counties(self) -> None:
        """A plain list that goes to the chosen county's address."""
        words = self.words
        with box("label", "field"):
            text("span", words("alerts.county"))
            chosen = box("select", "text")
            with chosen:
                text("option", words("alerts.all_counties"), value="")
                for division in counties_of(self.sources.register, self.sources.now().date()):
                    here = {"selected": "selected"} if division.code == self.county else {}
                    text("option", division.name, value=division.code, **here)
        state = "all" if self.state is None else None
        chosen.on(
            "change",
            lambda event: ui.navigate.to(path("alerts", state=state, county=str(event.args) or None)),
            js_handler="(event) => emit(event.target.value)",
        )

    async def renew_or_say(self) -> None:
        """Renew, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    async def renew(self) -> None:
        """Show the alerts as they stand; only those that have changed are built anew."""
        found = await asyncio.to_thread(self.sources.alerts.alerts, county=self.county, state=self.state, limit=MOST)
        if self.unfolded is not None and self.unfolded not in {alert.id for alert in found}:
            self.unfolded = None
        events: list[EventView] = []
        if self.unfolded is not None:
            events = await asyncio.to_thread(self.sources.alerts.timeline, self.unfolded)
        order = [alert.id for alert in found]
        for gone in set(self.items) - set(order):
            self.items.pop(gone)[1].delete()
        for alert in found:
            self._put(alert, events)
        if order != self.order:
            for index, id_ in enumerate(order):
                self.items[id_][1].move(self.list, target_index=index)
            self.order = order
        empty = self.words("alerts.empty_open" if self.state == "open" else "alerts.empty")
        say(self.hint, self.words("alerts.more", count=MOST) if len(found) == MOST else "" if found else empty)
        self.hint.set_visibility(not found or len(found) == MOST)

    def _put(self, alert: AlertView, events: list[EventView]) -> None:
        overdue = alert.deadline is not None and alert.deadline < self.sources.now()
        face = (alert.version, overdue)
        known = self.items.get(alert.id)
        if known is not None and known[0] == face:
            return
        if known is not None:
            item = known[1]
            item.clear()
        else:
            with self.list:
                item = box("li", f"item {alert.severity}")
        self.items[alert.id] = (face, item)
        with item:
            text("span", SYMBOLS.get(alert.severity, "●"), f"mark {alert.severity}")
            self._body(alert, events if alert.id == self.unfolded else [], overdue=overdue)
            self._side(alert)

    def _body(self, alert: AlertView, events: list[EventView], *, overdue: bool) -> None:
        words = self.words
        with box("div", "item-body"):
            with box("div", "item-title"):
                state = "all" if self.state is None else None
                link(
                    path("alerts", state=state, county=self.county, id=alert.id),
                    finding_name(alert.rule, words),
                )
                if (outlet := alert.subject.get("outlet")) is not None:
                    link(path("outlets", str(outlet)), alert.subject_name)
                else:
                    link(path("counties", alert.county), alert.subject_name)
                text("span", term("severity", alert.severity, words), f"badge {alert.severity}")
            if lines := evidence_lines(alert.rule, alert.evidence, words, self.sources.name_of):
                text("div", " · ".join(lines))
            with box("div", "item-meta figures"):
                county = self.sources.register.divisions.get(alert.county)
                text("span", county.name if county is not None else alert.county)
                text("span", f"{words('alerts.raised')} {figures.day_time(alert.raised_at)}")
                text("span", term("level", alert.level, words))
                ended = alert.ended_by_data
                text(
                    "span",
                    f"{words('alerts.data_ended')} {figures.day_time(ended)}" if ended else words("alerts.data_lasts"),
                )
                if alert.deadline is not None:
                    said = f"{words('alerts.deadline')} {figures.day_time(alert.deadline)}"
                    text(
                        "span",
                        f"{said} {words('alerts.overdue')}" if overdue else said,
                        "badge overdue" if overdue else "",
                    )
            if events:
                timeline(words, events)

    def _side(self, alert: AlertView) -> None:
        words = self.words
        with box("div", "item-side"):
            text("span", words.of("alert_state", alert.state), "badge ok" if alert.state != "raised" else "badge")
            if by := alert.state_detail.get("by"):
                text("span", str(by), "note")
            if alert.state != "raised" or not self.actor.may(Right.ANSWER_ALERTS, alert.county):
                return
            button = text("button", words("alerts.acknowledge"), "button", type="button")
            failed = text("span", "", "note bad", role="alert")

            async def acknowledge() -> None:
                def act() -> AlertView:
                    return self.sources.alerts.acknowledge(
                        alert.id, by=self.actor.name, now=self.sources.now(), version=alert.version
                    )

                why = await attempt(self.actor, words, act, right=Right.ANSWER_ALERTS, county=alert.county)
                if why is not None:
                    say(failed, why)
                await self.renew_or_say()

            button.on("click", acknowledge)
