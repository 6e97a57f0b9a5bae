"""Parts of the page that explains a rate: the sum, the reasons, the level below, and the grid of days and hours."""

from collections.abc import Sequence

from emissions.beijing import to_beijing
from web import figures
from web.pages.explain_asked import Asked
from web.pages.markup import box, link, path, place, text
from web.said import factor_name
from web.sources import Sources
from web.views.explain import Counted, Explanation
from web.views.names import subject_name
from web.wording import Wording

_STATES = ("valid", "invalid", "missing", "excluded")


def counts_panel(words: Wording, explanation: Explanation) -> None:
    """The percentage as a sum of counts, and whether the hours agree with what was published."""
    tally, rate = explanation.tally, explanation.rate
    shown = rate.effective_pct if rate is not None else None
    with box("section", "panel block"):
        with box("div", "sum figures"):
            with box("div"):
                text("div", words("board.rate"), "stat-title")
                text("div", figures.percent(shown) if shown is not None else words("state.no_rate"), "stat-value")
            with box("div", "terms"):
                for key, value in (("valid", tally.valid), (None, None), ("expected", tally.expected)):
                    if key is None:
                        text("span", "÷", "op")
                    else:
                        with box("span"):
                            text("strong", figures.count(value))
                            text("span", words(f"explain.{key}"), "note")
            with box("div", "terms"):
                _equation(words, explanation)
            if rate is not None:
                settled = words("explain.settled" if rate.settled else "explain.running")
                text("span", f"{words('explain.as_of')} {figures.minute(rate.as_of)} · {settled}", "note")
        counts = dict(zip(_STATES, _counts(explanation), strict=True))
        total = sum(counts.values())
        with box(
            "div",
            "bar",
            role="img",
            aria_label=", ".join(f"{words.of('hour_state', s)} {n}" for s, n in counts.items()),
        ):
            for state, count in counts.items():
                if count:
                    place(box("span", f"s-{state}"), f"width:{100 * count / total:.3f}%")
        with box("div", "bar-legend figures"):
            for state, count in counts.items():
                with box("span"):
                    text("span", "", f"swatch s-{state}")
                    text("span", f"{words.of('hour_state', state)} {figures.count(count)}")
        _agreement(words, explanation)


def _counts(explanation: Explanation) -> tuple[int, int, int, int]:
    tally = explanation.tally
    return tally.valid, tally.received - tally.valid, tally.expected - tally.received, tally.excluded


def _equation(words: Wording, explanation: Explanation) -> None:
    tally = explanation.tally
    for sign, key, value in (
        ("", "due", tally.due),
        ("−", "excluded", tally.excluded),
        ("=", "expected", tally.expected),
        ("−", "missing", tally.expected - tally.received),
        ("−", "invalid", tally.received - tally.valid),
        ("=", "valid", tally.valid),
    ):
        if sign:
            text("span", sign, "op")
        with box("span"):
            text("span", figures.count(value))
            text("span", words(f"explain.{key}"), "note")


def _agreement(words: Wording, explanation: Explanation) -> None:
    rate, tally = explanation.rate, explanation.tally
    if rate is None:
        text("p", words("explain.no_rate"), "agree")
    elif explanation.adds_up:
        text("p", words("explain.adds_up"), "agree yes")
    else:
        published = figures.ratio(rate.valid, rate.expected)
        said = words("explain.differs", published=published, counted=figures.ratio(tally.valid, tally.expected))
        if explanation.changed_since:
            said = f"{said} {words('explain.changed', count=figures.count(explanation.changed_since))}"
        text("p", said, "agree no")


def reasons_panel(words: Wording, asked: Asked, explanation: Explanation) -> None:
    """How many hours of each reason; each leads to its hours."""
    due = explanation.tally.due
    with box("section", "panel"):
        text("h2", words("explain.reasons"))
        shares = explanation.shares()
        if not shares:
            text("p", words("state.empty"), "hint")
            return
        with box("table", "grid"):
            with box("thead"), box("tr"):
                text("th", words("explain.track_state"), scope="col")
                text("th", words("outlet.reason"), scope="col")
                text("th", words("explain.count"), "num", scope="col")
                text("th", words("explain.share"), "num", scope="col")
            with box("tbody"):
                for share in shares:
                    with box("tr", "chosen" if share.reason == asked.reason else ""):
                        with box("td"):
                            text("span", words.of("hour_state", share.state), f"badge {share.state}")
                        with box("th", "", scope="row"):
                            href = asked.address(state=share.state, reason=share.reason, offset=None)
                            link(href, words.of("reason", share.reason))
                        text("td", figures.count(share.count), "num")
                        text("td", figures.percent(100 * share.count / due), "num quiet")


def parts_panel(sources: Sources, words: Wording, asked: Asked, explanation: Explanation) -> None:
    """The level below, the lowest rate first."""
    with box("section", "panel"):
        text("h2", f"{words('explain.parts')}: {words(f'level.{explanation.parts[0].level}')}")
        with box("div", "scroll"), box("table", "grid"):
            with box("thead"), box("tr"):
                text("th", words(f"level.{explanation.parts[0].level}"), scope="col")
                text("th", words("board.rate"), "num", scope="col")
                text("th", words("board.counts"), "num", scope="col")
            with box("tbody"):
                for part in explanation.parts:
                    below = part.tally.below(sources.parameters.rate_threshold_pct)
                    with box("tr", "below" if below else ""):
                        with box("th", "", scope="row"):
                            href = path(
                                "explain",
                                level=part.level,
                                id=part.id,
                                window=asked.window,
                                period=asked.period,
                                track=asked.track,
                            )
                            link(href, subject_name(sources.register, part.level, part.id))
                        value = figures.percent(part.effective_pct) if part.tally.expected else words("state.no_rate")
                        text("td", value, "num rate bad" if below else "num rate")
                        text("td", figures.ratio(part.tally.valid, part.tally.expected), "num quiet")


def grids(words: Wording, asked: Asked, explanation: Explanation, pollutants: Sequence[str]) -> None:
    """Of an outlet: every hour a cell, every day a row; the newest month of a longer window."""
    by_pollutant: dict[str, list[Counted]] = {pollutant: [] for pollutant in pollutants}
    for one in explanation.hours:
        by_pollutant.setdefault(one.hour.pollutant, []).append(one)
    with box("section", "panel block"):
        text("h2", words("explain.grid"))
        with box("div", "bar-legend grid-legend"):
            for state in (*_STATES, "exceeded"):
                with box("span"):
                    text("span", "", f"swatch s-{state}")
                    text("span", words("verdict.exceeded") if state == "exceeded" else words.of("hour_state", state))
            text("span", words("explain.grid_hint"), "note")
        with box("div", "heats"):
            for pollutant, hours in by_pollutant.items():
                with box("div"):
                    text("h3", factor_name(pollutant, words))
                    _grid(words, asked, hours)


_MOST_DAYS = 31


def _grid(words: Wording, asked: Asked, hours: list[Counted]) -> None:
    days: dict[str, dict[int, Counted]] = {}
    for one in hours:
        local = to_beijing(one.hour.hour)
        days.setdefault(f"{local:%m-%d}", {})[local.hour] = one
    with box("table", "heat"):
        with box("thead"), box("tr"):
            text("th", "", scope="row")
            for hour in range(24):
                text("th", str(hour) if hour % 6 == 0 else "", scope="col")
        with box("tbody"):
            for day, cells in list(days.items())[-_MOST_DAYS:]:
                with box("tr"):
                    text("th", day, scope="row")
                    for hour in range(24):
                        _grid_cell(words, asked, cells.get(hour))


def _grid_cell(words: Wording, asked: Asked, one: Counted | None) -> None:
    if one is None:
        text("td", "", "s-none")
        return
    exceeded = one.state == "valid" and one.hour.verdict == "exceeded"
    kind = "exceeded" if exceeded else one.state
    said = f"{figures.day_time(one.hour.hour)} {words.of('hour_state', one.state)} {words.of('reason', one.reason)}"
    with box("td", f"s-{kind}"):
        # Not in the tab order: the list below leads to the same hours by keyboard.
        href = asked.address(hour=f"{one.hour.hour:%Y-%m-%dT%H}", pollutant=one.hour.pollutant)
        link(href, "", title=said, aria_label=said, tabindex="-1")
