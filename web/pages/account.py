"""Conservation account 守恒账: where every frame got to, by outlet, and down to the hour and the numbers of a hole."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from fastapi import Request

from emissions.account import COLUMNS, AccountHour, add_up
from emissions.beijing import HOUR, hour_of
from web import figures
from web.pages.frame import Notice, frame, language_of
from web.pages.markup import box, link, path, text
from web.sources import Sources
from web.views.account import OutletSum, by_outlet
from web.wording import Wording, wording

SPANS = {"24": timedelta(hours=24), "72": timedelta(hours=72), "168": timedelta(days=7)}
"""Hours that a reader may choose."""

SHOWN = ("published", "quarantined", "relayed", "judged", "stored", "missing")
APART = ("heartbeats", "without_values", "refused")
"""What was judged and need not be stored."""
LISTED = ("published", "quarantined", "relayed", "judged", "stored", "apart", "missing")


async def account_page(sources: Sources, request: Request) -> None:
    """Build the page for one moment: ``?hours=`` so far back, ``?outlet=`` hour by hour for one outlet."""
    words = wording(language_of(request))
    hours = request.query_params.get("hours", "24")
    hours = hours if hours in SPANS else "24"
    asked = request.query_params.get("outlet")
    outlet = asked if asked in sources.register.outlets else None
    with frame(sources, request, "account", words("account.title")):
        with box("div", "page-head"):
            text("h1", words("account.title"))
            text("p", words("account.hint"), "subtitle")
        notice = Notice(words)
        body = box("div")

        async def fill() -> None:
            end = hour_of(sources.now()) + HOUR
            lines = await asyncio.to_thread(sources.store.accounts, start=end - SPANS[hours], end=end, outlet=outlet)
            with body:
                _show(sources, words, lines, hours, outlet)

        await notice.guard(fill)


def _show(sources: Sources, words: Wording, lines: Sequence[AccountHour], hours: str, outlet: str | None) -> None:
    total = add_up(lines)
    with box("section", "stats six", aria_label=words("account.title")):
        for name in SHOWN:
            with box("div", "stat"):
                text("div", words(f"account.{name}"), "stat-title")
                text("div", figures.count(total[name]), _bad("stat-value", name, total[name]))
    with box("section", "panel"):
        with box("div", "panel-head"):
            with box("h2"):
                if outlet is None:
                    text("span", words("account.by_outlet"))
                else:
                    link(path("account", hours=hours), words("account.all_outlets"))
                    text("span", f" / {sources.name_of(outlet)}")
            with box("div", "segments", role="group", aria_label=words("account.span")):
                for span in SPANS:
                    here = {"aria_current": "true"} if span == hours else {}
                    days = words("account.hours_back", hours=span)
                    link(path("account", hours=span, outlet=outlet), days, **here)
        if not lines:
            text("p", words("account.none"), "hint")
        elif outlet is None:
            _outlets(sources, words, by_outlet(lines), hours)
        else:
            _hours(words, sorted(lines, key=lambda line: line.hour, reverse=True))


def _outlets(sources: Sources, words: Wording, sums: Sequence[OutletSum], hours: str) -> None:
    with box("table", "grid cards plain-cards", aria_label=words("account.by_outlet")):
        _head(words, words("county.outlet"), LISTED)
        with box("tbody"):
            for one in sums:
                with box("tr"):
                    with box("th", "subject", scope="row"):
                        link(path("account", hours=hours, outlet=one.outlet), sources.name_of(one.outlet))
                        text("span", one.outlet, "note")
                    apart = sum(one.total[name] for name in APART)
                    _cells(words, LISTED, {**one.total, "apart": apart})


def _hours(words: Wording, lines: Sequence[AccountHour]) -> None:
    with box("table", "grid cards plain-cards", aria_label=words("account.by_hour")):
        _head(words, words("account.hour"), COLUMNS)
        with box("tbody"):
            for line in lines:
                with box("tr"):
                    with box("th", "subject", scope="row"):
                        text("span", f"{figures.day_time(line.hour)} ")
                        if line.stored is None:
                            text("span", words("account.open"), "badge")
                        for gap in line.gaps:
                            text("span", _gap(words, gap), "badge exceeded")
                    _cells(words, COLUMNS, {name: getattr(line, name) for name in COLUMNS})


def _head(words: Wording, first: str, names: Sequence[str]) -> None:
    with box("thead"), box("tr"):
        text("th", first, scope="col")
        for name in names:
            text("th", words(f"account.{name}"), "num", scope="col", title=words(f"account.{name}_hint"))


def _cells(words: Wording, names: Sequence[str], counts: Mapping[str, int | None]) -> None:
    for name in names:
        count = counts[name]
        text("td", figures.count(count), _bad("num", name, count), data_label=words(f"account.{name}"))


def _gap(words: Wording, gap: Mapping[str, object]) -> str:
    first, last = gap["first"], gap["last"]
    numbers = f"{first}" if first == last else f"{first}–{last}"
    return words("account.gap", stage=words(f"account.stage_{gap['stage']}"), series=gap["series"], numbers=numbers)


def _bad(classes: str, name: str, count: int | None) -> str:
    return f"{classes} bad" if name == "missing" and count else classes
