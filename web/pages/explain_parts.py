"""Parts of the page that explains a rate: the sum, the reasons, and the level below."""

from collections.abc import Sequence

from emissions.tally import Tally
from emissions.transmission import Rate
from web import figures
from web.pages.explain_asked import Asked
from web.pages.markup import box, link, path, place, text
from web.sources import Sources
from web.views.explain import Explanation, Part
from web.views.names import subject_name
from web.wording import Wording

STATES = ("valid", "invalid", "missing", "excluded")


def counts_panel(words: Wording, rate: Rate | None, tally: Tally) -> None:
    """The percentage as a sum of counts."""
    shown = rate.effective_pct if rate is not None else None
    with box("div", "sum figures"):
        with box("div"):
            text("div", words("board.rate"), "stat-title")
            text("div", figures.percent(shown) if shown is not None else words("state.no_rate"), "stat-value")
        with box("div", "terms"):
            _term(words, "valid", tally.valid, "strong")
            text("span", "÷", "op")
            _term(words, "expected", tally.expected, "strong")
        with box("div", "terms"):
            _equation(words, tally)
        if rate is not None:
            settled = words("explain.settled" if rate.settled else "explain.running")
            text("span", f"{words('explain.as_of')} {figures.minute(rate.as_of)} · {settled}", "note")
    counts = dict(zip(STATES, _counts(tally), strict=True))
    total = sum(counts.values())
    said = ", ".join(f"{words.of('hour_state', state)} {count}" for state, count in counts.items())
    with box("div", "bar", role="img", aria_label=said):
        for state, count in counts.items():
            if count:
                place(box("span", f"s-{state}"), f"width:{100 * count / total:.3f}%")
    with box("div", "bar-legend figures"):
        for state, count in counts.items():
            with box("span"):
                text("span", "", f"swatch s-{state}")
                text("span", f"{words.of('hour_state', state)} {figures.count(count)}")


def _term(words: Wording, key: str, value: int, tag: str = "span") -> None:
    with box("span"):
        text(tag, figures.count(value))
        text("span", words(f"explain.{key}"), "note")


def _counts(tally: Tally) -> tuple[int, int, int, int]:
    return tally.valid, tally.received - tally.valid, tally.expected - tally.received, tally.excluded


def _equation(words: Wording, tally: Tally) -> None:
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
        _term(words, key, value)


def agreement(words: Wording, explanation: Explanation) -> None:
    """Whether the hours give the counts that were published."""
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
    text("h2", words("explain.reasons"))
    shares = explanation.shares
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


def parts_panel(sources: Sources, words: Wording, asked: Asked, parts: Sequence[Part]) -> None:
    """The level below, the lowest rate first."""
    text("h2", f"{words('explain.parts')}: {words(f'level.{parts[0].level}')}")
    with box("div", "scroll", tabindex="0"), box("table", "grid"):
        with box("thead"), box("tr"):
            text("th", words(f"level.{parts[0].level}"), scope="col")
            text("th", words("board.rate"), "num", scope="col")
            text("th", words("board.counts"), "num", scope="col")
        with box("tbody"):
            for part in parts:
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
