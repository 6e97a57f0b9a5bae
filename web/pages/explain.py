"""A rate explained: from the percentage to its counts, to the hours, to the reason, the rule and the packet.

Counts and the level below come from the published rates at once. The hours are counted again behind that; for a
county or a city only when the browser is connected, since it may take seconds.
"""

import asyncio

from fastapi import Request
from nicegui import ui

from emissions.beijing import BEIJING, HOUR
from emissions.transmission import TRACKS, WINDOWS, tally_of
from web import figures
from web.pages.explain_asked import Asked, asked_of
from web.pages.explain_detail import hour_detail
from web.pages.explain_hours import hours_panel
from web.pages.explain_parts import agreement, counts_panel, parts_panel, reasons_panel
from web.pages.frame import Notice, frame, language_of
from web.pages.hour_grid import grids
from web.pages.markup import box, link, path, text
from web.pages.packets import show_frames
from web.periods import bounds, period_at
from web.problems import Problem
from web.sources import Sources
from web.views.explain import (
    Explanation,
    Question,
    TooMany,
    count_hours,
    explain,
    parts_of,
    rate_of_question,
    subject_known,
)
from web.views.names import subject_name
from web.wording import Wording, wording

PAGE = 50


async def explain_page(sources: Sources, request: Request) -> None:
    """Build the page. It shows one moment and is not renewed by itself."""
    words = wording(language_of(request))
    city = next((d.code for d in sources.register.divisions.values() if not d.parent), "")
    home = ("city", city) if sources.county is None else ("county", sources.county)
    asked = asked_of(request.query_params, home=home, now=sources.now())
    with frame(sources, request, "explain", words("explain.title")):
        _crumbs(sources, words, asked)
        with box("div", "page-head"):
            text("h1", f"{words('explain.title')}: {subject_name(sources.register, asked.level, asked.id)}")
            text("p", f"{words(f'level.{asked.level}')} · {asked.id}", "subtitle")
        try:
            subject_known(sources.register, asked.level, asked.id)
        except Problem:
            ui.status_code(404)
            text("p", words("state.not_found_detail", what=asked.id), "empty")
            return
        view = _View(sources, words, asked)
        await view.fill_rates()
        if asked.level == "outlet":
            await view.fill_hours()
            return
        ui.timer(0, view.fill_hours, once=True)


class _View:
    def __init__(self, sources: Sources, words: Wording, asked: Asked) -> None:
        self.sources = sources
        self.words = words
        self.asked = asked
        self.question = Question(
            level=asked.level,
            id=asked.id,
            window=asked.window,
            period=asked.period,
            track=asked.track,
            state=asked.state,
            reason=asked.reason,
            offset=asked.offset,
            limit=PAGE,
            newest_first=True,
        )
        self.notice = Notice(words)
        _form(sources, words, asked)
        self.counts = box("section", "panel block")
        with box("div", "columns"):
            self.reasons = box("section", "panel")
            self.parts = box("section", "panel")
        self.packet = box("div")
        self.grid = box("div")
        self.hours = box("section", "panel block")
        for container in (self.counts, self.reasons, self.hours):
            with container:
                text("p", words("state.loading"), "hint", role="status")

    async def fill_rates(self) -> None:
        """Show the published rate and the level below."""

        async def renew() -> None:
            store, register = self.sources.store, self.sources.register
            rate = await asyncio.to_thread(rate_of_question, store, self.question)
            parts = await asyncio.to_thread(parts_of, store, register, self.question)
            if rate is not None:
                self.counts.clear()
                with self.counts:
                    counts_panel(self.words, rate, tally_of(rate))
                    text("p", self.words("explain.counting"), "agree")
            with self.parts:
                if parts:
                    parts_panel(self.sources, self.words, self.asked, parts)
                elif not self.asked.hour:
                    self.parts.set_visibility(False)

        await self.notice.guard(renew)

    async def fill_hours(self) -> None:
        """Count the hours again and show them."""

        async def renew() -> None:
            sources = self.sources
            try:
                explanation = await asyncio.to_thread(
                    explain, sources.store, sources.register, sources.parameters, self.question, now=sources.now()
                )
            except TooMany as error:
                said = {"count": figures.count(error.count), "limit": figures.count(error.limit)}
                for container in (self.reasons, self.hours):
                    container.clear()
                with self.hours:
                    text("p", self.words("explain.too_many", **said), "hint")
                return
            self._show(explanation)
            if self.asked.level == "outlet":
                await self._show_outlet(explanation)

        await self.notice.guard(renew)

    def _show(self, explanation: Explanation) -> None:
        for container in (self.counts, self.reasons, self.hours):
            container.clear()
        with self.counts:
            rate = explanation.rate
            counts_panel(self.words, rate, tally_of(rate) if rate is not None else explanation.tally)
            agreement(self.words, explanation)
        with self.reasons:
            reasons_panel(self.words, self.asked, explanation)
        with self.hours:
            hours_panel(self.sources, self.words, self.asked, explanation, page=PAGE)

    async def _show_outlet(self, explanation: Explanation) -> None:
        """Of an outlet: the grid of days and hours, and the hour that was chosen with its packet."""
        sources, asked = self.sources, self.asked
        start, end = bounds(asked.window, asked.period)
        as_of = explanation.rate.as_of if explanation.rate is not None else sources.now()
        end = min(end, as_of)
        start = max(start, end - 31 * 24 * HOUR)
        hours = await asyncio.to_thread(sources.store.hours, start=start, end=end, outlet=asked.id)
        counted = count_hours(hours, track=asked.track, as_of=as_of, parameters=sources.parameters)
        with self.grid:
            grids(self.words, asked, counted, sources.register.outlets[asked.id].pollutants)
        for one in counted:
            if (
                f"{one.hour.hour.astimezone(BEIJING):%Y-%m-%dT%H}" == asked.hour
                and one.hour.pollutant == asked.pollutant
            ):
                at = one.hour.hour
                found = await asyncio.to_thread(sources.store.readings, asked.id, cn="2061", start=at, end=at + HOUR)
                sent = found[0].numbers.get(f"{one.hour.pollutant}-ZsAvg") if found else None
                with self.parts:
                    hour_detail(self.words, asked, one, sent_mg_m3=sent, parameters=sources.parameters)
                if found:
                    outlet = sources.register.outlets[asked.id]
                    await show_frames(sources, self.words, outlet, found[0], self.packet)
                return
        self.parts.set_visibility(False)


def _crumbs(sources: Sources, words: Wording, asked: Asked) -> None:
    """The levels above the subject, each a link to its own explanation."""
    register = sources.register
    chain: list[tuple[str, str]] = [(asked.level, asked.id)]
    if asked.level == "outlet" and (outlet := register.outlets.get(asked.id)) is not None:
        chain = [("enterprise", outlet.enterprise), *chain]
    if chain[0][0] == "enterprise" and (enterprise := register.enterprises.get(chain[0][1])) is not None:
        chain = [("county", enterprise.county), *chain]
    if chain[0][0] == "county" and (county := register.divisions.get(chain[0][1])) is not None:
        # Whoever sees one county is not led to the city's.
        chain = [("city", county.parent), *chain] if county.parent in register.divisions else chain
    kept = {"window": asked.window, "period": asked.period, "track": asked.track}
    with box("nav", "crumbs", aria_label="breadcrumb"):
        for index, (level, id_) in enumerate(chain):
            if index:
                text("span", "›")
            if index < len(chain) - 1:
                link(path("explain", level=level, id=id_, **kept), subject_name(register, level, id_))
            else:
                text("span", subject_name(register, level, id_))
        if asked.level in {"outlet", "county"}:
            text("span", "·")
            where = "outlets" if asked.level == "outlet" else "counties"
            link(path(where, asked.id), words(f"level.{asked.level}"))


def _form(sources: Sources, words: Wording, asked: Asked) -> None:
    """Choose window and track by links; the period by its neighbours."""
    now = sources.now()
    plain: dict[str, str | int | None] = dict.fromkeys(("state", "reason", "offset", "hour", "pollutant"))
    with box("div", "toolbar"):
        with box("div", "segments", role="group", aria_label=words("explain.window")):
            for window in WINDOWS:
                here = {"aria_current": "true"} if window == asked.window else {}
                href = asked.address(**(plain | {"window": window, "period": period_at(now, window)}))
                link(href, words(f"window.{window}"), **here)
        with box("div", "segments", role="group", aria_label=words("explain.track")):
            for track in TRACKS:
                here = {"aria_current": "true"} if track == asked.track else {}
                link(asked.address(**(plain | {"track": track})), words(f"track.{track}_long"), **here)
        start, end = bounds(asked.window, asked.period)
        with box("div", "segments", role="group", aria_label=words("explain.period")):
            before = period_at(start - HOUR, asked.window)
            link(asked.address(**(plain | {"period": before})), "‹", aria_label=before)
            link(asked.address(**plain), asked.period, aria_current="true")
            if end <= now:
                after = period_at(end, asked.window)
                link(asked.address(**(plain | {"period": after})), "›", aria_label=after)
