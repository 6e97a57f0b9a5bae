"""Hours of the page that explains a rate: as a list, and one of them in full."""

import json

from emissions.reading import Reading
from web import figures
from web.pages.explain_asked import Asked
from web.pages.markup import box, link, path, text
from web.periods import period_at
from web.said import factor_name, factor_unit, flag_name, short_name
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
            for one in explanation.hours:
                _hour(sources, words, asked, one)
    _pager(words, asked, explanation.total, len(explanation.hours), page)


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


_SAID_ELSEWHERE = frozenset({"rule", "qn", "received_at", "o2_pct"})


def hour_detail(words: Wording, asked: Asked, one: Counted, packet: Reading | None) -> None:
    """A panel with the hour's evidence and the values of its packet."""
    hour = one.hour
    verdict = words.of("verdict", hour.verdict)
    rows = [
        (words("outlet.time"), figures.minute(hour.hour)),
        (words("outlet.factor"), factor_name(hour.pollutant, words)),
        (words("explain.track_state"), f"{words.of('hour_state', one.state)} · {words.of('reason', one.reason)}"),
        (words("track.completed"), f"{words.of('hour_state', hour.state)} · {words.of('reason', hour.reason)}"),
        (words("outlet.rule"), str(hour.evidence.get("rule", figures.NONE))),
        (words("outlet.measured"), _mg(hour.raw_mg_m3)),
        (words("outlet.converted"), _mg(hour.converted_mg_m3)),
        (words("outlet.limit"), f"{_mg(hour.limit_mg_m3)} · {verdict}"),
        (words("explain.o2"), _percent(hour.evidence.get("o2_pct"))),
        (words("explain.qn"), str(hour.evidence.get("qn", figures.NONE))),
        (words("explain.received_at"), figures.full(received_at(hour))),
        (words("outlet.revision"), f"{hour.revision} {words.of('cause', hour.cause or '')}".strip()),
    ]
    rows += [(name, _plain(value)) for name, value in hour.evidence.items() if name not in _SAID_ELSEWHERE]
    with box("div", "panel-head"):
        text("h2", words("explain.detail"))
        link(asked.address(hour=None, pollutant=None), words("explain.close"), "button plain")
    with box("dl", "facts"):
        for name, value in rows:
            text("dt", name)
            text("dd", value)
    text("h3", words("explain.packet_values"), "sub-head")
    if packet is None:
        text("p", words("explain.no_packet"), "hint")
    else:
        _packet(words, packet)


def _packet(words: Wording, packet: Reading) -> None:
    """One row for each value, with its factor's flag; texts that are no flag stand behind."""
    with box("div", "scroll"), box("table", "grid rates-table"):
        with box("thead"), box("tr"):
            for key, classes in (("factor", ""), ("value", "num"), ("unit", ""), ("flag", "")):
                text("th", words(f"outlet.{key}"), classes, scope="col")
        with box("tbody"):
            for key, value in sorted(packet.numbers.items()):
                factor, _, suffix = key.rpartition("-")
                with box("tr"):
                    _key(words, key)
                    text("td", figures.number(value), "num")
                    text("td", factor_unit(factor) if suffix != "Cou" else "", "unit")
                    flag = packet.flags.get(f"{factor}-Flag", "")
                    text("td", flag if flag in {"", "N"} else f"{flag} {flag_name(flag, words)}")
            for key, said in sorted(packet.flags.items()):
                if not key.endswith("-Flag"):
                    with box("tr"):
                        _key(words, key)
                        text("td", said, "num")
                        text("td", "")
                        text("td", "")


def _key(words: Wording, key: str) -> None:
    with box("th", "factor", scope="row"):
        text("span", factor_name(key.rpartition("-")[0], words))
        text("span", key, "note")


def _mg(value: float | None) -> str:
    return figures.NONE if value is None else f"{figures.mg(value)}{figures.THIN}mg/m³"


def _percent(value: object) -> str:
    return f"{figures.number(float(value), 2)}{figures.THIN}%" if isinstance(value, int | float) else figures.NONE


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
