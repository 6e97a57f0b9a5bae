"""Counts behind the effective transmission rate 有效传输率 (R11, R12, R14): integers are compared."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from emissions.memory import Day


class Tally(NamedTuple):
    """Counts of hours × pollutants on one track. They add up: counts are summed, percentages never averaged (R14)."""

    due: int = 0
    excluded: int = 0
    received: int = 0
    valid: int = 0

    @property
    def expected(self) -> int:
        """Hours due less those excluded."""
        return self.due - self.excluded

    def plus(self, other: "Tally") -> "Tally":
        """The sum, count by count."""
        return Tally(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def minus(self, other: "Tally") -> "Tally":
        """What is left when the other is taken out."""
        return Tally(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))

    def below(self, threshold_pct: int) -> bool:
        """Whether the effective rate is under the threshold: ``valid × 100 < threshold × expected``. 0 of 0 is not."""
        return self.valid * 100 < threshold_pct * self.expected


NOTHING = Tally()


def add_up(tallies: Iterable[Tally]) -> Tally:
    """Sum of counts."""
    total = NOTHING
    for tally in tallies:
        total = total.plus(tally)
    return total


def percent(part: int, whole: int) -> float | None:
    """Share in percent with two decimals, rounded half to even; None where there is no whole."""
    if whole == 0:
        return None
    return float((Decimal(100 * part) / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_EVEN))


def count_day(day: Day, pollutants: tuple[str, ...]) -> tuple[Tally, Tally]:
    """Counts of one outlet's called hours of one day, on the in-time and on the completed track."""
    in_time, completed = [0, 0, 0, 0], [0, 0, 0, 0]
    for hour in day.hours.values():
        if not hour.called:
            continue
        for pollutant in pollutants:
            published = hour.published[pollutant]
            _count(in_time, published.in_time_state)
            _count(completed, published.state)
    return Tally(*in_time), Tally(*completed)


def _count(counts: list[int], state: str) -> None:
    counts[0] += 1
    if state == "excluded":
        counts[1] += 1
    elif state != "missing":
        counts[2] += 1
        counts[3] += state == "valid"
