"""One hour in full: what was decided, by which rule, from which packet."""

import json

from emissions.reading import Reading
from web import figures
from web.pages.explain_asked import Asked
from web.pages.markup import box, link, text
from web.said import factor_name, factor_unit, flag_name
from web.views.explain import Counted, received_at
from web.wording import Wording

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
    with box("section", "panel", id="hour"):
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
