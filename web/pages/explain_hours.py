"""Hours of the page that explains a rate, as a list."""

from markupsafe import Markup

from web import figures
from web.pages.explain_asked import Asked
from web.pages.fixed import Fixed, anchor, fixed
from web.pages.markup import box, link, path, text
from web.periods import period_at
from web.said import short_name
from web.sources import Sources
from web.views.explain import Counted, Explanation, received_at
from web.views.names import subject_name
from web.wording import Wording


def hours_panel(sources: Sources, words: Wording, asked: Asked, explanation: Explanation, *, page: int) -> None:
    """The hours themselves, newest first, a page of them."""
    with box("div", "panel-head"):
        text("h2", words("explain.hours"))
        _filter(words, asked)
    if not explanation.hours:
        text("p", words("state.empty"), "hint")
        return
    with box("div", "scroll", tabindex="0"), box("table", "grid"):
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
        Fixed("tbody", (_hour(sources, words, asked, one) for one in explanation.hours))
    _pager(words, asked, explanation.total, len(explanation.hours), page)


def _filter(words: Wording, asked: Asked) -> None:
    with box("div", "segments", role="group", aria_label=words("explain.filter")):
        for state in (None, "valid", "invalid", "missing", "excluded"):
            here = {"aria_current": "true"} if state == asked.state else {}
            name = words("explain.all") if state is None else words(f"hour_state.{state}")
            link(asked.address(state=state, reason=None, offset=None), name, **here)
        if asked.reason is not None:
            link(asked.address(reason=None), f"{words.of('reason', asked.reason)} ×", aria_current="true")


def _hour(sources: Sources, words: Wording, asked: Asked, one: Counted) -> Markup:
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
    cells = [fixed("th", [anchor(href, figures.minute(hour.hour))], scope="row")]
    if asked.level != "outlet":
        name = subject_name(sources.register, "outlet", hour.outlet)
        cells.append(fixed("td", [anchor(path("outlets", hour.outlet), name)]))
    cells += [
        fixed("td", short_name(hour.pollutant, words)),
        fixed("td", [fixed("span", words.of("hour_state", one.state), f"badge {one.state}")]),
        fixed("td", words.of("reason", one.reason)),
        fixed("td", str(hour.evidence.get("rule", figures.NONE)), "quiet"),
        fixed("td", figures.mg(hour.converted_mg_m3), "num bad" if hour.verdict == "exceeded" else "num"),
        fixed("td", figures.mg(hour.limit_mg_m3), "num quiet"),
        fixed("td", figures.full(received_at(hour)), "num quiet"),
    ]
    return fixed("tr", cells, "chosen" if here else "")


def _pager(words: Wording, asked: Asked, total: int, shown: int, page: int) -> None:
    first = asked.offset + 1 if shown else 0
    numbers = {"first": first, "last": asked.offset + shown, "total": figures.count(total)}
    with box("div", "pager"):
        text("span", words("explain.of_total", **numbers), "note")
        with box("span", "pages"):
            if asked.offset:
                link(asked.address(offset=max(0, asked.offset - page) or None), words("explain.previous"))
            if asked.offset + page < total:
                link(asked.address(offset=asked.offset + page), words("explain.next"))
