"""One hour in full: its state and the rule, how the legal figure came about, its limit and verdict, and its packet."""

import json
from typing import Any

from emissions.oxygen import AMBIENT_O2_PCT, DilutedSample, to_reference_oxygen
from emissions.rules import Parameters
from web import figures
from web.pages.explain_asked import Asked
from web.pages.markup import box, link, path, text
from web.pages.packets import packet_path
from web.said import factor_name, flag_name
from web.views.explain import Counted, received_at
from web.wording import Wording

_SAID_ELSEWHERE = frozenset(
    {"rule", "qn", "received_at", "o2_pct", "reference_o2_pct", "limit_source", "verdict_reason", "rulebook"}
)


def hour_detail(
    words: Wording, asked: Asked, one: Counted, *, sent_mg_m3: float | None, parameters: Parameters
) -> None:
    """A panel with all that the decision on an hour rests on.

    Args:
        words: The reader's language.
        asked: Where the page stands.
        one: The hour.
        sent_mg_m3: The converted value that the packet brought; None if it brought none. [mg/m³]
        parameters: The rulebook's numbers.
    """
    hour, evidence = one.hour, one.hour.evidence
    rule = str(evidence.get("rule", figures.NONE))
    with box("div", "panel-head"):
        text("h2", words("explain.detail"))
        link(asked.address(hour=None, pollutant=None), words("explain.close"), "button plain")
    with box("ol", "chain"):
        with box("li"):
            text("h3", f"{figures.minute(hour.hour)} · {factor_name(hour.pollutant, words)}")
            with box("p"):
                for track, state, reason in (
                    ("in_time", hour.in_time_state, hour.in_time_reason),
                    ("completed", hour.state, hour.reason),
                ):
                    text("span", f"{words(f'track.{track}')} ", "note")
                    text("span", words.of("hour_state", state), f"badge {state}")
                    text("span", f" {words.of('reason', reason)}  ")
        with box("li"):
            text("h3", words("explain.why"))
            text("p", f"{rule} · {words.of('rule', rule)}")
            for line in _grounds(words, evidence, parameters):
                text("p", line, "note")
            if "mark" in evidence:
                link(path("marks", id=str(evidence["mark"])), words("explain.mark_link"))
        with box("li"):
            text("h3", words("explain.figure"))
            for line in _figure(words, one, sent_mg_m3):
                text("p", line)
        with box("li"):
            text("h3", words("explain.against"))
            limit = figures.NONE if hour.limit_mg_m3 is None else _mg(hour.limit_mg_m3)
            source = str(evidence.get("limit_source") or "")
            source = words("outlet.permit") if source == "permit" else source
            text("p", f"{words('outlet.limit')} {limit}" + (f" · {source}" if source else ""))
            with box("p"):
                if hour.verdict != "not_judged" and hour.limit_mg_m3 is not None:
                    sign = ">" if hour.verdict == "exceeded" else "≤"
                    text("span", f"{figures.mg(hour.converted_mg_m3)} {sign} {figures.mg(hour.limit_mg_m3)} ")
                text("span", words.of("verdict", hour.verdict), f"badge {hour.verdict}")
                because = str(evidence.get("verdict_reason", ""))
                if hour.verdict == "not_judged" and because:
                    text("span", f" {words.of('verdict_reason', because)}", "note")
        with box("li"):
            text("h3", words("explain.packet"))
            came = received_at(hour)
            if came is None:
                text("p", words("explain.no_packet"))
            else:
                qn = str(evidence.get("qn", figures.NONE))
                text("p", f"{words('outlet.received')} {figures.full(came)} · QN {qn}")
                link(packet_path(hour.outlet, "2061", hour.hour), words("explain.to_packet"))
            if hour.revision:
                cause = words.of("cause", hour.cause or "")
                text(
                    "p", f"{words('outlet.revision')} {hour.revision} · {cause} · {figures.full(hour.known_at)}", "note"
                )
            if version := evidence.get("rulebook"):
                text("p", f"{words('explain.rulebook')} {version}", "note")


def _grounds(words: Wording, evidence: Any, parameters: Parameters) -> list[str]:
    """What the rule looked at, in words; what nobody has words for as it stands."""
    lines = []
    for name, value in evidence.items():
        if name in _SAID_ELSEWHERE or name == "mark":
            continue
        if name == "valid_minutes":
            lines.append(words("explain.minutes_of", count=value, needed=parameters.valid_minutes))
        elif name == "flag":
            lines.append(f"{words('outlet.flag')} {value} {flag_name(str(value), words)}")
        elif name == "span":
            lines.append(f"{words('explain.span')} {figures.NONE if value is None else _mg(float(value))}")
        elif name == "sent":
            lines.append(words("explain.sent_text", value=value if value is not None else figures.NONE))
        else:
            lines.append(f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
    return lines


def _figure(words: Wording, one: Counted, sent: float | None) -> list[str]:
    """The legal figure, with the formula and its numbers (R6)."""
    hour, evidence = one.hour, one.hour.evidence
    measured = hour.raw_mg_m3
    if measured is None:
        return [words("explain.no_value")]
    lines = [f"{words('outlet.measured')} {_mg(measured)}"]
    oxygen, reference = evidence.get("o2_pct"), evidence.get("reference_o2_pct")
    if reference is None:
        return [*lines, words("explain.not_converted", value=_mg(hour.converted_mg_m3))]
    if isinstance(oxygen, int | float):
        try:
            computed = to_reference_oxygen(measured, measured_o2_pct=oxygen, reference_o2_pct=reference)
        except DilutedSample:
            lines.append(words("explain.diluted", oxygen=figures.number(oxygen, 2)))
        else:
            ambient, at, ref = (figures.number(n, 2) for n in (AMBIENT_O2_PCT, oxygen, reference))
            lines.append(
                words(
                    "explain.formula_numbers", measured=figures.mg(measured), ambient=ambient, oxygen=at, reference=ref
                )
                + f" = {_mg(computed)}"
            )
            if sent is not None and computed:
                off = figures.number(100 * (sent - computed) / computed, 1)
                lines.append(words("explain.sent_value", value=_mg(sent), off=off))
    legal = _mg(hour.converted_mg_m3) if hour.converted_mg_m3 is not None else figures.NONE
    lines.append(words("explain.legal_sent" if sent is not None else "explain.legal_computed", value=legal))
    return lines


def _mg(value: float | None) -> str:
    return figures.NONE if value is None else f"{figures.mg(value)}{figures.THIN}mg/m³"
