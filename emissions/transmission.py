"""Effective transmission rate 有效传输率: counts first, percentages last (R11 to R14)."""

from dataclasses import dataclass
from datetime import datetime

from emissions.tally import Tally, percent

WINDOWS = ("day", "month", "quarter", "year")
TRACKS = ("in_time", "completed")
LEVELS = ("outlet", "enterprise", "county", "city")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Counts and percentages of one (level, id, window, period, track). The last one published is the truth now.

    ``due = excluded + expected`` and ``expected = missing + received``; percentages have two decimals, rounded half
    to even, and are None where nothing was expected or received.
    """

    kind: str = "rate"
    level: str
    id: str
    window: str
    period: str
    """``2026-11-24``, ``2026-11``, ``2026-Q4`` or ``2026``."""
    track: str
    due: int
    excluded: int
    expected: int
    received: int
    valid: int
    transmission_pct: float | None
    validity_pct: float | None
    effective_pct: float | None
    as_of: datetime
    """Roll call up to which the counts go."""
    settled: bool
    """The period is over and its time for late data has passed."""
    county: str
    """County of the subject; empty for a city."""
    city: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """The roll call of one outlet for one hour has been judged, and its rates have been published before this."""

    kind: str = "called"
    outlet: str
    enterprise: str
    county: str
    city: str
    hour: datetime


def rate_of(
    tally: Tally,
    *,
    level: str,
    id: str,  # noqa: A002 - the field's own name
    window: str,
    period: str,
    track: str,
    as_of: datetime,
    settled: bool,
    county: str,
    city: str,
) -> Rate:
    """The rate that the counts give: ``effective = valid / expected`` and its two factors."""
    return Rate(
        level=level,
        id=id,
        window=window,
        period=period,
        track=track,
        due=tally.due,
        excluded=tally.excluded,
        expected=tally.expected,
        received=tally.received,
        valid=tally.valid,
        transmission_pct=percent(tally.received, tally.expected),
        validity_pct=percent(tally.valid, tally.received),
        effective_pct=percent(tally.valid, tally.expected),
        as_of=as_of,
        settled=settled,
        county=county,
        city=city,
    )


def tally_of(rate: Rate) -> Tally:
    """The counts of a rate, to be added to others."""
    return Tally(due=rate.due, excluded=rate.excluded, received=rate.received, valid=rate.valid)
