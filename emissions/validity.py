"""State of one hour of one pollutant, with its reason: R6 and R7 as one ordered list of cases."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emissions.marks import HourMarks
from emissions.number import number
from emissions.oxygen import reference_oxygen, to_reference_oxygen
from emissions.register import Outlet
from emissions.rules import LimitRow, Parameters

OXYGEN = "a19001"
FLOW = "a00000"


def flag_of(text: str | None) -> str:
    """The flag of a value as it counts: no flag at all is N (R7)."""
    return (text or "").strip().upper() or "N"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What one hour of one pollutant is, before any limit."""

    state: str
    reason: str
    rule: str
    raw_mg_m3: float | None = None
    sent_mg_m3: float | None = None
    """ZsAvg as sent. [mg/m³]"""
    computed_mg_m3: float | None = None
    """From Avg and the hour's oxygen; None where either is missing or nothing burns. [mg/m³]"""
    converted_mg_m3: float | None = None
    """The legal figure: the sent one where it exists. [mg/m³]"""
    o2_pct: float | None = None
    reference_o2_pct: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


def assess(
    pollutant: str,
    values: Mapping[str, str],
    *,
    valid_minutes: int | None,
    marks: HourMarks,
    connected: bool,
    outlet: Outlet,
    row: LimitRow | None,
    parameters: Parameters,
) -> Assessment:
    """Decide the state of one hour on one track.

    Args:
        pollutant: HJ 212-2017 code.
        values: 2061 values of the hour by ``factor-Suffix``, text as sent; ``factor-`` says that the factor was named.
        valid_minutes: What the hour's 2051 packets add up to for the pollutant; None: none came.
        marks: The marks that count for the hour.
        connected: Whether anything at all had come from the outlet by H + 2 h.
        outlet: Span and own reference oxygen.
        row: Limit row in force, for its reference oxygen.
        parameters: The rulebook's numbers.

    Source: R6, R7; the order of the cases is the rule.
    """
    raw = number(values.get(f"{pollutant}-Avg"))
    o2 = number(values.get(f"{OXYGEN}-Avg"))
    sent = number(values.get(f"{pollutant}-ZsAvg"))
    reference = reference_oxygen(outlet, row)
    burning = o2 is None or o2 < parameters.no_combustion_o2_pct
    computed = None
    if raw is not None and o2 is not None and reference is not None and burning:
        computed = to_reference_oxygen(raw, measured_o2_pct=o2, reference_o2_pct=reference)
    converted = raw if reference is None else sent if sent is not None else computed

    def found(state: str, reason: str, rule: str, **evidence: Any) -> Assessment:
        return Assessment(
            state=state,
            reason=reason,
            rule=rule,
            raw_mg_m3=raw,
            sent_mg_m3=sent,
            computed_mg_m3=computed,
            converted_mg_m3=converted,
            o2_pct=o2,
            reference_o2_pct=reference,
            evidence=evidence,
        )

    if marks.stopped is not None:
        return found("excluded", "stopped", "R7.1", mark=marks.stopped.id)
    if f"{pollutant}-" not in values:
        return found("missing", "not_received" if connected else "not_connected", "R7.2")
    flag = flag_of(values.get(f"{pollutant}-Flag"))
    if flag == "F" and not burning:
        return found("excluded", "stopped", "R7.3", flag=flag)
    if marks.device is not None:
        return found("invalid", f"marked_{marks.device.mark}", "R7.3", mark=marks.device.id)
    if flag != "N":
        return found("invalid", f"flag_{flag}", "R7.4", flag=flag)
    if raw is None:
        return found("invalid", "no_value", "R7.5", sent=values.get(f"{pollutant}-Avg"))
    span = outlet.spans.get(pollutant)
    if raw < parameters.value_minimum_mg_m3 or (span is not None and raw > span):
        return found("invalid", "out_of_range", "R7.5", span=span)
    if reference is not None and sent is None and o2 is None:
        return found("invalid", "no_oxygen", "R7.6")
    if valid_minutes is not None and valid_minutes < parameters.valid_minutes:
        return found("invalid", "too_few_minutes", "R7.7", valid_minutes=valid_minutes)
    return found("valid", "ok", "R7.8", **({} if valid_minutes is None else {"valid_minutes": valid_minutes}))
