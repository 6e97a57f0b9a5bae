"""How much of a month's rate is still to lose: hours that may be missed, and when the line is crossed at this pace.

A look ahead for people. Nothing that the rules decide rests on it: those compare what has been counted (R14, R15).
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil, floor

from emissions.beijing import HOUR
from emissions.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a period allows, in hours × pollutants."""

    total: int
    """Expected by the end of the period, if nothing more is excluded."""
    allowed: int
    """How many of them may be missing or invalid in all, with the rate still at the threshold."""
    missed: int
    """How many are so far."""
    falls_at: datetime | None
    """Start of the hour that brings the rate under the threshold at this pace; None: none in this period, or it is
    under it already."""
    recovers_at: datetime | None
    """Start of the hour that brings the rate back to the threshold at this pace; None likewise."""

    @property
    def left(self) -> int:
        """How many more may be missed. Below nought: the threshold is out of reach, by so many."""
        return self.allowed - self.missed


def budget(
    so_far: Tally, *, next_hour: datetime, end: datetime, remaining: int, recent: Tally, threshold_pct: int
) -> Budget:
    """The budget of one period.

    Args:
        so_far: What has been counted.
        next_hour: The first hour that has not been counted yet.
        end: The first moment after the period.
        remaining: Hours × pollutants that will be due from ``next_hour`` on until ``end``.
        recent: Counts of the days whose pace is taken to go on.
        threshold_pct: The line. [%]
    """
    total = so_far.expected + remaining
    hours = max(0, int((end - next_hour) / HOUR))
    ahead = _crossing(so_far, recent, hours=hours, remaining=remaining, threshold_pct=threshold_pct)
    crossing = None if ahead is None else next_hour + (ahead - 1) * HOUR
    below = so_far.below(threshold_pct)
    return Budget(
        total=total,
        allowed=total * (100 - threshold_pct) // 100,
        missed=so_far.expected - so_far.valid,
        falls_at=None if below else crossing,
        recovers_at=crossing if below else None,
    )


def _crossing(so_far: Tally, recent: Tally, *, hours: int, remaining: int, threshold_pct: int) -> int | None:
    """After how many hours the rate changes sides, if it does within ``hours``: exact, no floating point."""
    if not hours or not recent.expected:
        return None
    margin = 100 * so_far.valid - threshold_pct * so_far.expected
    """Not below as long as this is not below nought."""
    gain = Fraction(remaining, hours) * (Fraction(100 * recent.valid, recent.expected) - threshold_pct)
    if margin >= 0 > gain:
        after = floor(margin / -gain) + 1
    elif margin < 0 < gain:
        after = ceil(-margin / gain)
    else:
        return None
    return after if after <= hours else None
