"""Steps of the enterprise ladder: proposed by the software, each taken or declined by a person with a reason (R18)."""

import asyncio
from collections.abc import Mapping

from fastapi import Request
from nicegui import ui

from alerts.desk_views import ProposalView
from alerts.wording import STEPS
from people.roles import Right
from web import figures
from web.pages.acting import Actor
from web.pages.desk import CASE_TABS, act, due_line, tabs
from web.pages.form import Form, Said, Unable, Values
from web.pages.frame import Notice, frame, language_of
from web.pages.markup import box, link, path, say, text
from web.said import short_name, term
from web.sources import Sources
from web.views.names import outlet_name
from web.wording import Wording, wording

MOST = 100
RENEW_SECONDS = 3.0
STATES = ("proposed", "confirmed", "declined")


async def proposals_page(sources: Sources, request: Request) -> None:
    """Build the page and keep it up to date."""
    words = wording(language_of(request))
    with frame(sources, request, "cases", words("proposals.title")):
        view = _View(sources, words, request)
        await view.renew_or_say()
        ui.timer(RENEW_SECONDS, view.renew_or_say)


class _View:
    def __init__(self, sources: Sources, words: Wording, request: Request) -> None:
        self.sources = sources
        self.words = words
        self.actor = Actor(request)
        asked = request.query_params.get("state", "proposed")
        self.state = asked if asked in STATES else None
        self.shown: list[tuple[str, int]] | None = None
        tabs(words, "proposals", *CASE_TABS)
        with box("div", "page-head"):
            text("h1", words("proposals.title"))
            text("p", words("proposals.hint"), "subtitle")
        self.notice = Notice(words)
        with box("div", "toolbar"), box("div", "segments", role="group", aria_label=words("proposals.title")):
            for state in (*STATES, "all"):
                here = {"aria_current": "true"} if state == (self.state or "all") else {}
                href = path("proposals", state=None if state == "proposed" else state)
                link(href, words(f"proposals.state_{state}"), **here)
        self.said = Said()
        self.list = box("div", "case-list")
        self.hint = text("p", words("state.loading"), "empty")

    async def renew_or_say(self) -> None:
        """Renew, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    async def renew(self) -> None:
        """Show the proposals as they stand; nothing moves while nothing has changed."""
        found = await asyncio.to_thread(self.sources.alerts.proposals.all, state=self.state, limit=MOST)
        say(self.hint, self.words("proposals.empty"))
        self.hint.set_visibility(not found)
        faces = [(one.id, one.version) for one in found]
        if faces == self.shown:
            return
        self.shown = faces
        self.list.clear()
        with self.list:
            for one in found:
                self._panel(one)

    def _panel(self, one: ProposalView) -> None:
        words = self.words
        step = STEPS.get(one.step, (one.step, one.step))[0 if words.language == "zh" else 1]
        with box("section", "panel case"):
            with box("div", "panel-head"):
                with box("h2", "item-title"):
                    text("span", one.enterprise_name)
                    text("span", step, "badge warning")
                    if one.livelihood:
                        text("span", words("proposals.livelihood"), "badge")
                with box("div", "item-meta figures"):
                    text("span", f"{words('proposals.proposed')} {figures.minute(one.proposed_at)}")
                    text("span", f"{words('desk.answers')}: {term('level', one.level, words)}")
                    if one.deadline is not None:
                        said, over = due_line(words, one.deadline, self.sources.now())
                        text("span", said, "badge overdue" if over else "badge due")
            with box("div", "panel-body two"):
                self._grounds(one.grounds)
                self._decision(one, step)

    def _grounds(self, grounds: Mapping[str, Mapping[str, object]]) -> None:
        words = self.words
        with box("div"):
            text("h3", words("proposals.grounds"))
            with box("ul", "plain"):
                for alert_id, ground in grounds.items():
                    with box("li"):
                        name = outlet_name(self.sources.register, str(ground.get("outlet", "")))
                        pollutant = short_name(str(ground.get("pollutant", "")), words)
                        said = words("proposals.ground", hours=ground.get("hours", figures.NONE), pollutant=pollutant)
                        link(path("alerts", alert_id), f"{name} · {said}")

    def _decision(self, one: ProposalView, step: str) -> None:
        words = self.words
        with box("div"):
            if one.state != "proposed":
                detail = one.state_detail
                text("p", f"{words(f'proposals.state_{one.state}')} · {detail.get('by', '')}")
                text("p", str(detail.get("reason", "")), "note")
                return
            if not self.actor.may(Right.LEAD, one.county):
                text("p", words("proposals.waits_head"), "note")
                return

            async def decided(values: Values) -> str:
                return await self._decide(one, values, step)

            form = Form(words, decided, said=self.said)
            form.area("reason", words("desk.reason"), required=True)
            form.button(words("proposals.confirm", step=step), "confirm")
            form.button(words("proposals.decline"), "decline", plain=True)

    async def _decide(self, one: ProposalView, values: Values, step: str) -> str:
        desk, words, reason = self.sources.alerts.proposals, self.words, values.get("reason", "")
        verbs = {"confirm": desk.confirm, "decline": desk.decline}
        if (verb := verbs.get(values.get("button", ""))) is None:
            raise Unable(words("proposals.which"))
        now = self.sources.now()

        def work() -> ProposalView:
            return verb(one.id, by=self.actor.name, reason=reason, now=now, version=one.version)

        try:
            decided = await act(self.actor, words, work, right=Right.LEAD, county=one.county)
        finally:
            await self.renew_or_say()
        return words(f"proposals.done_{decided.state}", step=step, enterprise=one.enterprise_name)
