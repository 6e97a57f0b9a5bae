"""Coverage audit: who must have a monitor and has none, or has one that has never sent (R23)."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from fastapi import Request

from emissions.coverage import Gap, missing
from web import figures
from web.pages.frame import Notice, frame, language_of
from web.pages.markup import box, link, path, text
from web.sources import Sources
from web.views.coverage import coverage
from web.views.names import enterprise_name
from web.wording import Wording, wording

STATUSES = ("no_monitor", "never_sent", "exempted")


async def coverage_page(sources: Sources, request: Request) -> None:
    """Build the page for one moment: ``?status=`` shows only outlets of that status."""
    words = wording(language_of(request))
    asked = request.query_params.get("status")
    status = asked if asked in STATUSES else None
    with frame(sources, request, "coverage", words("coverage.title")):
        with box("div", "page-head"):
            text("h1", words("coverage.title"))
            text("p", words("coverage.hint", height=f"{sources.coverage.height_m:g}"), "subtitle")
        notice = Notice(words)
        body = box("div")

        async def fill() -> None:
            gaps = await asyncio.to_thread(
                coverage,
                sources.store,
                sources.register,
                sources.coverage,
                sources.live.last_received,
                now=sources.now(),
            )
            with body:
                _show(sources, words, gaps, status)

        await notice.guard(fill)


def _show(sources: Sources, words: Wording, gaps: Sequence[Gap], status: str | None) -> None:
    outlets = sources.register.outlets.values()
    required = sum(outlet.must_monitor for outlet in outlets)
    counts = Counter(gap.status for gap in gaps)
    absent = len(missing(gaps))
    with box("section", "stats four", aria_label=words("coverage.title")):
        for key, value, bad in (
            ("required", required, False),
            ("covered", required - absent, False),
            ("no_monitor", counts["no_monitor"], counts["no_monitor"] > 0),
            ("never_sent", counts["never_sent"], counts["never_sent"] > 0),
        ):
            with box("div", "stat"):
                text("div", words(f"coverage.{key}"), "stat-title")
                text("div", figures.count(value), "stat-value bad" if bad else "stat-value")
    with box("section", "panel"):
        with box("div", "panel-head"):
            text("h2", words("coverage.list"))
            with box("div", "segments", role="group", aria_label=words("coverage.list")):
                for name in (None, *STATUSES):
                    here = {"aria_current": "true"} if name == status else {}
                    link(path("coverage", status=name), words(f"coverage.{name or 'all'}"), **here)
        chosen = [gap for gap in gaps if status in {None, gap.status}]
        if not chosen:
            text("p", words("coverage.none"), "hint")
            return
        with box("table", "grid cards plain-cards", aria_label=words("coverage.list")):
            with box("thead"), box("tr"):
                for key in (
                    "level.county",
                    "county.enterprise",
                    "county.outlet",
                    "coverage.status",
                    "coverage.grounds",
                ):
                    text("th", words(key), scope="col")
                text("th", words("outlet.height"), "num", scope="col")
            with box("tbody"):
                for gap in chosen:
                    _row(sources, words, gap)


def _row(sources: Sources, words: Wording, gap: Gap) -> None:
    outlet = gap.outlet
    county = sources.register.divisions.get(outlet.county)
    with box("tr"):
        with box("td", data_label=words("level.county")):
            link(path("counties", outlet.county), county.name if county is not None else outlet.county)
        text("td", enterprise_name(sources.register, outlet), data_label=words("county.enterprise"))
        with box("th", "subject", scope="row"):
            link(path("outlets", outlet.id), outlet.name)
            text("span", f"{outlet.id} {outlet.mn}".strip(), "note")
        with box("td", data_label=words("coverage.status")):
            shown = {"no_monitor": "exceeded", "never_sent": "invalid"}.get(gap.status, "")
            text("span", words(f"coverage.{gap.status}"), f"badge {shown}")
        said = "、" if words.language == "zh" else ", "
        text("td", said.join(words.of("ground", name) for name in gap.grounds), data_label=words("coverage.grounds"))
        height = figures.NONE if outlet.height_m is None else f"{figures.number(outlet.height_m)}{figures.THIN}m"
        text("td", height, "num", data_label=words("outlet.height"))
