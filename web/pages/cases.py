"""Supervision cases: where each stands, why it was opened, what was done, and what comes next."""

import asyncio
from functools import partial

from fastapi import Request
from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from alerts.cases import STATES
from alerts.views import CaseView, EventView
from web import figures
from web.access.asking import right_to_move
from web.pages.acting import Actor, attempt
from web.pages.frame import Notice, frame, language_of
from web.pages.markup import box, link, path, say, text
from web.pages.timeline import timeline
from web.said import evidence_lines, term
from web.sources import Sources
from web.wording import Wording, wording

MOST = 50
RENEW_SECONDS = 3.0
_EVIDENCE_RULE = {"rate": "rate_below_90", "exceeding": "several_exceeding"}


async def cases_page(sources: Sources, request: Request) -> None:
    """Build the page and keep it up to date."""
    words = wording(language_of(request))
    state = None if request.query_params.get("state") == "all" else "open"
    with frame(sources, request, "cases", words("cases.title")):
        view = _View(sources, words, request, state)
        await view.renew_or_say()
        ui.timer(RENEW_SECONDS, view.renew_or_say)


class _View:
    def __init__(self, sources: Sources, words: Wording, request: Request, state: str | None) -> None:
        self.sources = sources
        self.words = words
        self.state = state
        self.panels: dict[str, tuple[int, Element]] = {}
        self.notes: dict[str, str] = {}
        text("h1", words("cases.title"), "page-head")
        self.notice = Notice(words)
        self.actor = Actor(request)
        with box("div", "toolbar"), box("div", "segments", role="group"):
            for name, key in (("open", "open_only"), ("all", "all")):
                here = {"aria_current": "true"} if (state or "all") == name else {}
                link(path("cases", state="all" if name == "all" else None), words(f"cases.{key}"), **here)
        self.list = box("div")
        self.hint = text("p", words("state.loading"), "empty")

    async def renew_or_say(self) -> None:
        """Renew, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    async def renew(self) -> None:
        """Show the cases as they stand; only those that have changed are built anew."""
        found = await asyncio.to_thread(self.sources.alerts.cases, state=self.state, limit=MOST)
        for gone in set(self.panels) - {case.id for case in found}:
            self.panels.pop(gone)[1].delete()
        for case in found:
            known = self.panels.get(case.id)
            if known is not None and known[0] == case.version:
                continue
            events = await asyncio.to_thread(self.sources.alerts.case_timeline, case.id)
            self._put(case, events)
        say(self.hint, self.words("cases.empty"))
        self.hint.set_visibility(not found)

    def _put(self, case: CaseView, events: list[EventView]) -> None:
        known = self.panels.get(case.id)
        if known is not None:
            panel = known[1]
            panel.clear()
        else:
            with self.list:
                panel = box("section", "panel case")
        self.panels[case.id] = (case.version, panel)
        words = self.words
        with panel:
            with box("div", "panel-head"):
                with box("h2", "item-title"):
                    link(path("counties", case.county), case.county_name)
                    text("span", term("trigger", case.trigger, words))
                with box("div", "item-meta figures"):
                    text("span", f"{words('cases.opened')} {figures.minute(case.opened_at)}")
                    if case.measure != "none":
                        text("span", term("measure", case.measure, words), "badge warning")
                    self._deadline(case)
            with box("div", "panel-body"):
                with box("div"):
                    self._steps(case)
                    self._evidence(case)
                    timeline(words, events)
                self._act(case)

    def _deadline(self, case: CaseView) -> None:
        if case.deadline is None:
            return
        overdue = case.deadline < self.sources.now()
        said = f"{self.words('cases.deadline')} {figures.minute(case.deadline)}"
        text("span", f"{said} {self.words('alerts.overdue')}" if overdue else said, "badge overdue" if overdue else "")

    def _steps(self, case: CaseView) -> None:
        names = list(STATES)
        here = names.index(case.state) if case.state in names else -1
        with box("ol", "steps", aria_label=self.words("cases.steps")):
            for index, name in enumerate(names):
                current = {"aria_current": "step"} if index == here else {}
                with box("li", "past" if index < here else "here" if index == here else "", **current):
                    text("span", self.words.of("case_state", name))

    def _evidence(self, case: CaseView) -> None:
        words = self.words
        rule = _EVIDENCE_RULE.get(case.trigger, "")
        with box("dl", "facts"):
            for period, evidence in case.evidence.items():
                with box("dt"):
                    track = "completed" if case.trigger == "rate" else "in_time"
                    link(path("explain", level="county", id=case.county, period=period, track=track), period)
                with box("dd"):
                    for line in evidence_lines(rule, evidence, words, self.sources.name_of) or [
                        words("cases.evidence")
                    ]:
                        text("div", line)

    def _act(self, case: CaseView) -> None:
        """The note and the steps that the state allows."""
        words = self.words
        with box("div", "act"):
            if case.state == "cleared":
                text("p", f"{words('cases.done')} · {case.state_detail.get('by', '')}", "note")
                text("p", str(case.state_detail.get("reason", "")))
                return
            if not self.actor.may(right_to_move(case.state), case.county):
                return
            with box("label", "field"):
                text("span", words("cases.note"))
                note = box("textarea", "text", rows="3", maxlength="4000")
                note.props["value"] = self.notes.get(case.id, "")
            note.on(
                "input",
                lambda event: self._noted(case.id, event),
                throttle=0.3,
                js_handler="(event) => emit(event.target.value)",
            )
            with box("div", "buttons"):
                failed: list[TextElement] = []
                if case.state == "verifying":
                    self._button(case, "clear", words("cases.clear"), failed)
                    self._button(case, "return", words("cases.return"), failed, plain=True)
                else:
                    self._button(case, "advance", words.of("case_advance", case.state), failed)
            failed.append(text("p", "", "failed", role="alert"))

    def _noted(self, case_id: str, event: GenericEventArguments) -> None:
        self.notes[case_id] = str(event.args)[:4000]

    def _button(self, case: CaseView, verb: str, label: str, failed: list[TextElement], *, plain: bool = False) -> None:
        button = text("button", label, "button plain" if plain else "button", type="button")

        async def pressed() -> None:
            right = right_to_move(case.state)
            act = partial(self._do, case, verb)
            why = await attempt(self.actor, self.words, act, right=right, county=case.county)
            if why is None:
                self.notes.pop(case.id, None)
            else:
                say(failed[0], why)
            await self.renew_or_say()

        button.on("click", pressed)

    def _do(self, case: CaseView, verb: str) -> CaseView:
        desk, by, note = self.sources.alerts, self.actor.name, self.notes.get(case.id, "")
        now, version = self.sources.now(), case.version
        if verb == "clear":
            return desk.clear_case(case.id, by=by, reason=note, now=now, version=version)
        if verb == "return":
            return desk.return_case(case.id, by=by, reason=note, now=now, version=version)
        return desk.advance_case(case.id, by=by, note=note, now=now, version=version)
