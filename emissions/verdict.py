"""Verdict on a judged hour against its limit (R9)."""

from dataclasses import dataclass
from datetime import datetime

from emissions.marks import HourMarks
from emissions.register import Outlet
from emissions.rules import LimitRow, Parameters
from emissions.validity import Assessment


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``exceeded``, ``within`` or ``not_judged``, with why and against what."""

    verdict: str
    reason: str
    """``over_limit``, ``within_limit``, ``not_valid``, ``not_combusting``, ``marked_<kind>`` or ``no_limit``."""
    limit_mg_m3: float | None
    limit_source: str | None
    """``permit``, or standard, category and clause of the row."""


def limit_of(outlet: Outlet, pollutant: str, hour: datetime, row: LimitRow | None) -> tuple[float | None, str | None]:
    """The limit of an hour and where it stands: the permit's value, else the rulebook row in force."""
    if (permit := outlet.permits_mg_m3.get(pollutant)) is not None:
        return permit, "permit"
    if row is None or not row.in_force(hour):
        return None, None
    return row.limit_mg_m3, f"{row.standard} {row.category}: {row.clause}"


def judge_hour(
    assessment: Assessment,
    *,
    marks: HourMarks,
    limit_mg_m3: float | None,
    limit_source: str | None,
    parameters: Parameters,
) -> Verdict:
    """Compare the converted value with the limit: strictly over is exceeded, equal is within."""

    def found(verdict: str, reason: str) -> Verdict:
        return Verdict(verdict=verdict, reason=reason, limit_mg_m3=limit_mg_m3, limit_source=limit_source)

    if assessment.state != "valid":
        return found("not_judged", "not_valid")
    if assessment.o2_pct is not None and assessment.o2_pct >= parameters.no_combustion_o2_pct:
        return found("not_judged", "not_combusting")
    if marks.operating is not None:
        return found("not_judged", f"marked_{marks.operating.mark}")
    if limit_mg_m3 is None:
        return found("not_judged", "no_limit")
    converted = assessment.converted_mg_m3
    if converted is not None and converted > limit_mg_m3:
        return found("exceeded", "over_limit")
    return found("within", "within_limit")
