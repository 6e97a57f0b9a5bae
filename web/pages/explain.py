"""A rate explained: from the percentage to its counts, to the hours, to the reason, the rule and the packet."""

import asyncio

from fastapi import Request
from nicegui import ui

from emissions.beijing import HOUR
from emissions.reading import Reading
from emissions.transmission import TRACKS, WINDOWS
from web import figures
from web.pages.explain_asked import Asked, asked_of
from web.pages.explain_parts import counts_panel, grids, parts_panel, reasons_panel
from web.pages.frame import AWAY, Notice, frame, language_of
from web.pages.hour_detail import hour_detail
from web.pages.markup import box, link, path, text
from web.periods import bounds, period_at
from web.problems import Problem
from web.said import short_name
from web.sources import Sources
from web.views.explain import Counted, Explanation, TooMany, explain, received_at, subject_known
from web.views.names import subject_name
from web.wording import Wording, wording

PAGE = 100


async def explain_page(sources: Sources, request: Request) -> None:
    """Build the page. It shows one moment and is not renewed by itself."""
    words = wording(language_of(request))
    city = next((d.code for d in sources.register.divisions.values() if not d.parent), "")
    asked = asked_of(request.query_params, city=city, now=sources.now())
    with frame(sources, request, "explain", words("explain.title")):
        name = subject_name(sources.register, asked.level, asked.id)
        _crumbs(sources, words, asked)
        with box("div", "page-head"):
            text("h1", f"{words('explain.title')}: {name}")
            text("p", f"{words(f'level.{asked.level}')} · {asked.id}", "subtitle")
        notice = Notice(words)
        _form(sources, words, asked)
        try:
            subject_known(sources.register, asked.level, asked.id)
            explanation = await asyncio.to_thread(
                explain,
                sources.store,
                sources.register,
                sources.parameters,
                level=asked.level,
                id=asked.id,
                window=asked.window,
                period=asked.period,
                track=asked.track,
                now=sources.now(),
            )
            chosen, packet = await _chosen_hour(sources, explanation, asked)
        except Problem:
            ui.status_code(404)
            text("p", words("state.not_found_detail", what=asked.id), "empty")
        except TooMany as error:
            message = words("explain.too_many", count=figures.count(error.count), limit=figures.count(error.limit))
            text("p", message, "empty")
        except AWAY:
            notice.show(words("state.unavailable"))
        else:
            _show(sources, words, asked, explanation, chosen, packet)


async def _chosen_hour(
    sources: Sources, explanation: Explanation, asked: Asked
) -> tuple[Counted | None, Reading | None]:
    """The hour that the address points at, and the packet behind it."""
    if asked.hour is None:
        return None, None
    for one in explanation.hours:
        if f"{one.hour.hour:%Y-%m-%dT%H}" == asked.hour and asked.pollutant in {None, one.hour.pollutant}:
            start = one.hour.hour
            found = await asyncio.to_thread(
                sources.store.readings, one.hour.outlet, cn="2061", start=start, end=start + HOUR
            )
            return one, found[0] if found else None
    return None, None


def _crumbs(sources: Sources, words: Wording, asked: Asked) -> None:
    """The levels above the subject, each a link to its own explanation."""
    register = sources.register
    chain: list[tuple[str, str]] = [(asked.level, asked.id)]
    if asked.level == "outlet" and (outlet := register.outlets.get(asked.id)) is not None:
        chain = [("enterprise", outlet.enterprise), *chain]
    if chain[0][0] == "enterprise" and (enterprise := register.enterprises.get(chain[0][1])) is not None:
        chain = [("county", enterprise.county), *chain]
    if chain[0][0] == "county" and (county := register.divisions.get(chain[0][1])) is not None and county.parent:
        chain = [("city", county.parent), *chain]
    kept = {"window": asked.window, "period": asked.period, "track": asked.track}
    with box("nav", "crumbs", aria_label="breadcrumb"):
        for index, (level, id_) in enumerate(chain):
            if index:
                text("span", "›")
            if index < len(chain) - 1:
                link(path("explain", level=level, id=id_, **kept), subject_name(sources.register, level, id_))
            else:
                text("span", subject_name(sources.register, level, id_))
        if asked.level == "outlet":
            text("span", "·")
            link(path("outlets", asked.id), words("level.outlet"))
        if asked.level == "county":
            text("span", "·")
            link(path("counties", asked.id), words("level.county"))


def _form(sources: Sources, words: Wording, asked: Asked) -> None:
    """Choose window and track by links; the period by its neighbours."""
    now = sources.now()
    plain: dict[str, str | int | None] = {
        "state": None,
        "reason": None,
        "offset": None,
        "hour": None,
        "pollutant": None,
    }
    with box("div", "toolbar"):
        with box("div", "segments", role="group", aria_label=words("explain.window")):
            for window in WINDOWS:
                here = {"aria_current": "true"} if window == asked.window else {}
                href = asked.address(window=window, period=period_at(now, window), **plain)
                link(href, words(f"window.{window}"), **here)
        with box("div", "segments", role="group", aria_label=words("explain.track")):
            for track in TRACKS:
                here = {"aria_current": "true"} if track == asked.track else {}
                link(asked.address(track=track, **plain), words(f"track.{track}_long"), **here)
        start, end = bounds(asked.window, asked.period)
        with box("div", "segments", role="group", aria_label=words("explain.period")):
            link(asked.address(period=period_at(start - HOUR, asked.window), **plain), "‹", aria_label="‹")
            link(asked.address(**plain), asked.period, aria_current="true")
            if end <= now:
                link(asked.address(period=period_at(end, asked.window), **plain), "›", aria_label="›")


def _show(
    sources: Sources,
    words: Wording,
    asked: Asked,
    explanation: Explanation,
    chosen: Counted | None,
    packet: Reading | None,
) -> None:
    counts_panel(words, explanation)
    with box("div", "columns"):
        reasons_panel(words, asked, explanation)
        if explanation.parts:
            parts_panel(sources, words, asked, explanation)
        if chosen is not None:
            hour_detail(words, asked, chosen, packet)
    if asked.level == "outlet":
        grids(words, asked, explanation, sources.register.outlets[asked.id].pollutants)
    _hours(sources, words, asked, explanation)


def _hours(sources: Sources, words: Wording, asked: Asked, explanation: Explanation) -> None:
    """The hours themselves, newest first, a page of them."""
    found = list(reversed(explanation.chosen(state=asked.state, reason=asked.reason)))
    page = found[asked.offset : asked.offset + PAGE]
    with box("section", "panel block"):
        with box("div", "panel-head"):
            text("h2", words("explain.hours"))
            _filter(words, asked)
        if not found:
            text("p", words("state.empty"), "hint")
            return
        with box("div", "scroll"), box("table", "grid"):
            with box("thead"), box("tr"):
                text("th", words("outlet.time"), scope="col")
                if asked.level != "outlet":
                    text("th", words("level.outlet"), scope="col")
                text("th", words("outlet.factor"), scope="col")
                text("th", words("explain.track_state"), scope="col")
                text("th", words("outlet.reason"), scope="col")
                text("th", words("outlet.rule"), scope="col")
                text("th", f"{words('outlet.converted')} mg/m³", "num", scope="col")
                text("th", f"{words('outlet.limit')} mg/m³", "num", scope="col")
                text("th", words("explain.received_at"), "num", scope="col")
            with box("tbody"):
                for one in page:
                    _hour(sources, words, asked, one)
        _pager(words, asked, len(found), len(page))


def _filter(words: Wording, asked: Asked) -> None:
    with box("div", "segments", role="group", aria_label=words("explain.filter")):
        for state in (None, "valid", "invalid", "missing", "excluded"):
            here = {"aria_current": "true"} if state == asked.state else {}
            name = words("explain.all") if state is None else words(f"hour_state.{state}")
            link(asked.address(state=state, reason=None, offset=None), name, **here)
        if asked.reason is not None:
            link(asked.address(reason=None), f"{words.of('reason', asked.reason)} ×", aria_current="true")


def _hour(sources: Sources, words: Wording, asked: Asked, one: Counted) -> None:
    hour = one.hour
    key = f"{hour.hour:%Y-%m-%dT%H}"
    here = key == asked.hour and hour.pollutant == asked.pollutant
    if asked.level == "outlet":
        href = asked.address(hour=key, pollutant=hour.pollutant)
    else:
        href = path(
            "explain",
            level="outlet",
            id=hour.outlet,
            window="day",
            period=period_at(hour.hour, "day"),
            track=asked.track,
            hour=key,
            pollutant=hour.pollutant,
        )
    with box("tr", "chosen" if here else ""):
        with box("th", "", scope="row"):
            link(href, figures.minute(hour.hour))
        if asked.level != "outlet":
            with box("td"):
                link(path("outlets", hour.outlet), subject_name(sources.register, "outlet", hour.outlet))
        text("td", short_name(hour.pollutant, words))
        with box("td"):
            text("span", words.of("hour_state", one.state), f"badge {one.state}")
        text("td", words.of("reason", one.reason))
        text("td", str(hour.evidence.get("rule", figures.NONE)), "quiet")
        text("td", figures.mg(hour.converted_mg_m3), "num bad" if hour.verdict == "exceeded" else "num")
        text("td", figures.mg(hour.limit_mg_m3), "num quiet")
        text("td", figures.full(received_at(hour)), "num quiet")


def _pager(words: Wording, asked: Asked, total: int, shown: int) -> None:
    first = asked.offset + 1 if shown else 0
    numbers = {"first": first, "last": asked.offset + shown, "total": figures.count(total)}
    with box("div", "pager"):
        text("span", words("explain.of_total", **numbers), "note")
        with box("span", "pages"):
            if asked.offset:
                link(asked.address(offset=max(0, asked.offset - PAGE) or None), words("explain.previous"))
            if asked.offset + PAGE < total:
                link(asked.address(offset=asked.offset + PAGE), words("explain.next"))
