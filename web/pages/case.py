"""One supervision case: why it stands, what was done, who must do what by when, and the next step."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from fastapi import Request
from nicegui import ui

from alerts.cases import STATES
from alerts.repository import NotFound
from alerts.views import CaseView
from people.roles import Right
from web import figures
from web.letters.letter import letter_name
from web.pages.acting import Actor
from web.pages.desk import act, due_line
from web.pages.files import FilesPanel
from web.pages.form import Form, Said, Unable, Values
from web.pages.frame import Notice, frame, language_of, not_found
from web.pages.markup import box, link, path, text
from web.pages.steps import steps
from web.pages.timeline import timeline
from web.said import evidence_lines, term
from web.sources import Sources
from web.wording import Wording, wording

RENEW_SECONDS = 3.0
_EVIDENCE_RULE = {"rate": "rate_below_90", "exceeding": "several_exceeding"}
_OF_THE_CITY = frozenset({"clearance_requested", "verifying"})


async def case_page(sources: Sources, request: Request, case_id: str) -> None:
    """Build the page and keep it up to date."""
    words = wording(language_of(request))
    try:
        case = await asyncio.to_thread(sources.alerts.case, case_id)
    except NotFound:
        not_found(sources, request, case_id)
        return
    with frame(sources, request, "cases", f"{case.county_name} {term('trigger', case.trigger, words)}"):
        view = _View(sources, words, request, case)
        await view.renew_or_say()
        ui.timer(RENEW_SECONDS, view.renew_or_say)


def right_to_move(case: CaseView) -> Right:
    """What it takes to move a case on from its state: whoever is supervised does not verify."""
    return Right.CLEAR_CASES if case.state in _OF_THE_CITY else Right.HANDLE_CASES


class _View:
    def __init__(self, sources: Sources, words: Wording, request: Request, case: CaseView) -> None:
        self.sources = sources
        self.words = words
        self.actor = Actor(request)
        self.case = case
        self.shown: int | None = None
        self.face: object = None
        self.acting_on: str | None = None
        with box("nav", "crumbs", aria_label=words("app.crumbs")):
            link("/cases", words("cases.title"))
            text("span", "›", aria_hidden="true")
            text("span", case.county_name)
        with box("div", "page-head"):
            text("h1", f"{case.county_name} · {term('trigger', case.trigger, words)}")
            text("p", f"{words('cases.opened')} {figures.minute(case.opened_at)}", "subtitle")
        self.notice = Notice(words)
        self.head = box("section", "panel block desk-head")
        with box("div", "split desk"):
            with box("div"):
                self.said = Said()
                self.act = box("section", "panel block act-panel")
                self.evidence = box("section", "panel block")
                self.history = box("section", "panel block")
            with box("div"):
                with box("section", "panel block"):
                    text("h2", words("desk.related"))
                    with box("div", "panel-body related"):
                        link(path("counties", case.county), case.county_name)
                        link(path("alerts", county=case.county), words("alerts.title"))
                    if self.actor.may(Right.HANDLE_CASES, case.county):
                        with box("div", "panel-body"):
                            self._comment()
                self.files = FilesPanel(
                    sources, words, self.actor, request, "case", case.id, case.county, changed=self.renew_or_say
                )

    async def renew_or_say(self) -> None:
        """Renew, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    async def renew(self) -> None:
        """Show the newest state. What somebody is typing into is built anew only when the state is another."""
        desk, words = self.sources.alerts, self.words
        self.case = case = await asyncio.to_thread(desk.case, self.case.id)
        self._head(case)
        if case.version == self.shown:
            return
        self.shown = case.version
        events = await asyncio.to_thread(desk.case_timeline, case.id)
        self.history.clear()
        with self.history:
            text("h2", words("cases.timeline"))
            with box("div", "panel-body"):
                timeline(words, events)
        self.evidence.clear()
        with self.evidence:
            text("h2", words("cases.evidence"))
            self._evidence(case)
        if case.state != self.acting_on:
            self.acting_on = case.state
            self._actions(case)
        await self.files.renew()

    def _head(self, case: CaseView) -> None:
        words = self.words
        due = due_line(words, case.deadline, self.sources.now()) if case.deadline is not None else None
        if (face := (case.version, due)) == self.face:
            return
        self.face = face
        self.head.clear()
        with self.head:
            steps(words, case.county_name, [(name, words.of("case_state", name)) for name in STATES], case.state)
            with box("p", "who"):
                who = "case_desk.city" if case.state in _OF_THE_CITY else "case_desk.county"
                if case.state != "cleared":
                    text("span", f"{words('desk.answers')}: {words(who)}")
                if due is not None:
                    text("span", due[0], "badge overdue" if due[1] else "badge due")
                if case.measure != "none":
                    text("span", f"{words('cases.measure')}: {term('measure', case.measure, words)}", "badge warning")
                if returned := case.state_detail.get("returned"):
                    text("span", words("case_desk.returned", count=returned), "badge warning")

    def _evidence(self, case: CaseView) -> None:
        words = self.words
        rule = _EVIDENCE_RULE.get(case.trigger, "")
        track = "completed" if case.trigger == "rate" else "in_time"
        with box("dl", "facts"):
            for period, evidence in case.evidence.items():
                with box("dt"):
                    link(path("explain", level="county", id=case.county, period=period, track=track), period)
                with box("dd"):
                    lines = evidence_lines(rule, evidence, words, self.sources.name_of)
                    for line in lines or [words("cases.evidence")]:
                        text("div", line)
        if self.actor.may(Right.EXPORT, case.county):
            self._take_away(case)

    def _take_away(self, case: CaseView) -> None:
        """The letters that the state allows, and the bundle of all evidence."""
        words = self.words
        with box("div", "panel-body buttons", role="group", aria_label=words("letter.write")):
            for kind, template in self.sources.letters.items():
                if case.state in template.states:
                    href = path("api", "v1", "cases", case.id, "letter", kind=kind, format="pdf", lang=words.language)
                    link(href, letter_name(kind, words), "button plain", download="")
            bundle = path("api", "v1", "cases", case.id, "evidence.zip")
            link(bundle, words("letter.bundle"), "button plain", download="")

    # -- what people do -------------------------------------------------------------------------------------------

    def _actions(self, case: CaseView) -> None:
        words = self.words
        self.act.clear()
        with self.act:
            text("h2", words("desk.actions"))
            with box("div", "panel-body"):
                if case.state == "cleared":
                    by, reason = case.state_detail.get("by", ""), case.state_detail.get("reason", "")
                    text("p", f"{words('cases.done')} · {by}")
                    text("p", str(reason), "note")
                elif not self.actor.may(right_to_move(case), case.county):
                    text("p", words("case_desk.waits_city" if case.state in _OF_THE_CITY else "desk.no_right"), "note")
                elif case.state == "verifying":
                    form = Form(words, self._decide, said=self.said)
                    form.area("reason", words("case_desk.finding"), required=True)
                    form.check("signed", words("case_desk.signed", name=self.actor.name))
                    form.button(words("cases.clear"), "clear")
                    form.button(words("cases.return"), "return", plain=True)
                else:
                    needed = case.state == "rectifying"
                    form = Form(words, self._advance, said=self.said)
                    form.area("note", words("case_desk.what_done" if needed else "desk.note"), required=needed)
                    form.button(words.of("case_advance", case.state))

    def _comment(self) -> None:
        form = Form(self.words, self._commented, said=self.said)
        form.area("text", self.words("desk.comment"), required=True, rows=2)
        form.button(self.words("desk.comment_add"), plain=True)

    async def _commented(self, values: Values) -> str:
        desk = self.sources.alerts
        said = values.get("text", "")
        await self._done(
            lambda: desk.comment_case(self.case.id, by=self.actor.name, text=said, now=self._now()),
            Right.HANDLE_CASES,
        )
        return self.words("desk.commented")

    async def _advance(self, values: Values) -> str:
        desk, case = self.sources.alerts, self.case
        note = values.get("note", "")
        moved = await self._done(
            lambda: desk.advance_case(case.id, by=self.actor.name, note=note, now=self._now(), version=case.version),
            right_to_move(case),
        )
        return self.words("case_desk.moved", state=self.words.of("case_state", moved.state))

    async def _decide(self, values: Values) -> str:
        desk, case, words = self.sources.alerts, self.case, self.words
        reason = values.get("reason", "")
        by, now, version = self.actor.name, self._now(), case.version
        if values.get("button") == "return":
            await self._done(
                lambda: desk.return_case(case.id, by=by, reason=reason, now=now, version=version), Right.CLEAR_CASES
            )
            return words("case_desk.returned_now")
        if values.get("button") != "clear" or not values.get("signed"):
            raise Unable(words("case_desk.not_signed"))
        await self._done(
            lambda: desk.clear_case(case.id, by=by, reason=reason, now=now, version=version), Right.CLEAR_CASES
        )
        return words("case_desk.cleared_now")

    def _now(self) -> datetime:
        return self.sources.now()

    async def _done(self, work: Callable[[], CaseView], right: Right) -> CaseView:
        try:
            return await act(self.actor, self.words, work, right=right, county=self.case.county)
        finally:
            await self.renew_or_say()
