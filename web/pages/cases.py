"""Supervision cases: which stand where, and who must do what by when."""

import asyncio

from fastapi import Request
from nicegui import ui

from alerts.cases import STATES
from alerts.views import CaseView
from web import figures
from web.pages.desk import CASE_TABS, due_line, tabs
from web.pages.frame import Notice, frame, language_of
from web.pages.markup import box, link, path, say, text
from web.pages.steps import steps
from web.said import term
from web.sources import Sources
from web.wording import Wording, wording

MOST = 100
RENEW_SECONDS = 3.0


async def cases_page(sources: Sources, request: Request) -> None:
    """Build the page and keep it up to date."""
    words = wording(language_of(request))
    with frame(sources, request, "cases", words("cases.title")):
        view = _View(sources, words, request)
        await view.renew_or_say()
        ui.timer(RENEW_SECONDS, view.renew_or_say)


class _View:
    def __init__(self, sources: Sources, words: Wording, request: Request) -> None:
        self.sources = sources
        self.words = words
        self.state = None if request.query_params.get("state") == "all" else "open"
        self.county = request.query_params.get("county") or None
        self.shown: list[tuple[str, int, bool]] | None = None
        tabs(words, "cases", *CASE_TABS)
        text("h1", words("cases.title"), "page-head")
        self.notice = Notice(words)
        with box("div", "toolbar"), box("div", "segments", role="group", aria_label=words("cases.title")):
            for name, key in (("open", "open_only"), ("all", "all")):
                here = {"aria_current": "true"} if (self.state or "all") == name else {}
                link(
                    path("cases", state="all" if name == "all" else None, county=self.county),
                    words(f"cases.{key}"),
                    **here,
                )
        self.list = box("div", "case-list")
        self.hint = text("p", words("state.loading"), "empty")

    async def renew_or_say(self) -> None:
        """Renew, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    async def renew(self) -> None:
        """Show the cases as they stand."""
        found = await asyncio.to_thread(self.sources.alerts.cases, county=self.county, state=self.state, limit=MOST)
        now = self.sources.now()
        faces = [(one.id, one.version, one.deadline is not None and one.deadline < now) for one in found]
        say(self.hint, self.words("cases.empty"))
        self.hint.set_visibility(not found)
        if faces == self.shown:
            return
        self.shown = faces
        self.list.clear()
        with self.list:
            for one in found:
                self._panel(one)

    def _panel(self, case: CaseView) -> None:
        words = self.words
        with box("section", "panel case"):
            with box("div", "panel-head"):
                with box("h2", "item-title"):
                    link(path("cases", case.id), f"{case.county_name} · {term('trigger', case.trigger, words)}")
                with box("div", "item-meta figures"):
                    text("span", f"{words('cases.opened')} {figures.minute(case.opened_at)}")
                    if case.measure != "none":
                        text("span", term("measure", case.measure, words), "badge warning")
                    if case.deadline is not None:
                        said, over = due_line(words, case.deadline, self.sources.now())
                        text("span", said, "badge overdue" if over else "badge due")
            with box("div", "panel-line"):
                steps(words, case.county_name, [(name, words.of("case_state", name)) for name in STATES], case.state)
                link(path("cases", case.id), words("alerts.open_here"), "button plain")
