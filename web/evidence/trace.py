"""How each hour came to its verdict: what was received, how it was converted, which limit, what followed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emissions.hourly import Hour
from emissions.oxygen import AMBIENT_O2_PCT, to_reference_oxygen
from emissions.register import Outlet
from emissions.rules import Rules
from web.evidence.frames import MonthFeed

FORMULA = "raw_mg_m3 × (21 − reference_o2_pct) / (21 − o2_pct)"


def hour_trace(hour: Hour, outlet: Outlet, rules: Rules, feed: MonthFeed) -> dict[str, Any]:
    """One line of the trace. Everything in it is from the judged hour, its limit row, or the bundle's frames."""
    evidence = hour.evidence
    o2, reference = evidence.get("o2_pct"), evidence.get("reference_o2_pct")
    row = rules.limit_row(standard=outlet.standard, category=outlet.category, pollutant=hour.pollutant, hour=hour.hour)
    return {
        "outlet": hour.outlet,
        "pollutant": hour.pollutant,
        "hour": hour.hour.isoformat(),
        "inputs": {
            "qn": evidence.get("qn"),
            "received_at": evidence.get("received_at"),
            "frame": _place(outlet, evidence, feed),
            "raw_mg_m3": hour.raw_mg_m3,
            "o2_pct": o2,
        },
        "state": {
            "completed": hour.state,
            "reason": hour.reason,
            "rule": evidence.get("rule"),
            "in_time": hour.in_time_state,
            "in_time_reason": hour.in_time_reason,
        },
        "conversion": {
            "reference_o2_pct": reference,
            "formula": FORMULA,
            "calculated_mg_m3": _calculated(hour.raw_mg_m3, o2, reference),
            "converted_mg_m3": hour.converted_mg_m3,
        },
        "limit": {
            "limit_mg_m3": hour.limit_mg_m3,
            "source": evidence.get("limit_source"),
            "verified": row.verified if row is not None and evidence.get("limit_source") != "permit" else None,
            "rulebook": evidence.get("rulebook") or rules.version,
        },
        "verdict": {"verdict": hour.verdict, "reason": evidence.get("verdict_reason")},
        "revision": hour.revision,
        "cause": hour.cause,
        "known_at": hour.known_at.isoformat(),
    }


def _calculated(raw: float | None, o2: Any, reference: Any) -> float | None:
    if raw is None or not isinstance(o2, int | float) or not isinstance(reference, int | float):
        return None
    if o2 >= AMBIENT_O2_PCT:
        return None
    return to_reference_oxygen(raw, measured_o2_pct=o2, reference_o2_pct=reference)


def _place(outlet: Outlet, evidence: Mapping[str, Any], feed: MonthFeed) -> dict[str, Any] | None:
    try:
        received = datetime.fromisoformat(str(evidence["received_at"]))
    except (KeyError, ValueError):
        return None
    place = feed.places.get((outlet.mn or outlet.id, received, str(evidence.get("qn") or "")))
    return None if place is None else {"file": place.file, "line": place.line}
