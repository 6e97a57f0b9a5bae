"""Marks 标记: which of them count for an hour (R8)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from emissions.beijing import HOUR, hour_of, midnight, to_beijing
from emissions.event import Mark
from emissions.rules import Parameters

DEVICE_KINDS = frozenset({"calibration", "maintenance", "fault", "out_of_control"})
"""The device does not measure what comes out of the stack: the hour is invalid."""

OPERATING_KINDS = frozenset({"starting", "stopping", "accident"})
"""The plant does not run normally: the hour is valid and not judged."""

KINDS = DEVICE_KINDS | OPERATING_KINDS | {"stopped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HourMarks:
    """What the marks say about one hour on one track."""

    stopped: Mark | None = None
    device: Mark | None = None
    """The device mark entered first among those of the kinds that count."""
    operating: Mark | None = None
    """The operating mark entered first among those that excuse the hour."""


NO_MARKS = HourMarks()


def deadline(hour: datetime, parameters: Parameters) -> datetime:
    """Noon of the day after the hour: a mark entered later counts only in the completed track."""
    return midnight(to_beijing(hour).date() + timedelta(days=1)) + parameters.mark_deadline


def marks_of_hour(hour: datetime, marks: Collection[Mark], *, in_time: bool, parameters: Parameters) -> HourMarks:
    """The marks that count for the hour on the track.

    Args:
        hour: Start of the hour.
        marks: All marks of the outlet, the revoked ones included.
        in_time: The in-time track, which knows no late marks.
        parameters: The rulebook's numbers.
    """
    touching = _touching(hour, marks, in_time=in_time, parameters=parameters)
    if not touching:
        return NO_MARKS
    counting = {
        kind
        for kind in {m.mark for m in touching}
        if _covered(hour, touching, kind) > _minutes(parameters.mark_minutes)
    }
    return HourMarks(
        stopped=_first(touching, counting & {"stopped"}),
        device=_first(touching, counting & DEVICE_KINDS),
        operating=_first(touching, _excusing(hour, marks, counting, in_time=in_time, parameters=parameters)),
    )


def hours_of(mark: Mark) -> Iterator[datetime]:
    """Every hour that the mark touches, in order."""
    hour = hour_of(mark.from_)
    while hour < mark.to:
        yield hour
        hour += HOUR


def put(marks: dict[str, Mark], mark: Mark) -> Mark | None:
    """Enter a mark, or a newer word on it, into the outlet's marks; give back what stood there.

    Once revoked a mark stays revoked. Of two that differ the one entered later counts, whatever the order of arrival.
    """
    old = marks.get(mark.id)
    newest = mark if old is None or mark.entered_at >= old.entered_at else old
    if old is not None and mark.revoked:
        newest = old  # the span that is withdrawn is the one that was declared
    revoked = mark.revoked or (old is not None and old.revoked)
    marks[mark.id] = replace(newest, revoked=revoked)
    return old


def _touching(hour: datetime, marks: Collection[Mark], *, in_time: bool, parameters: Parameters) -> list[Mark]:
    end = hour + HOUR
    touching = [m for m in marks if not m.revoked and m.from_ < end and m.to > hour]
    if in_time and touching:
        last = deadline(hour, parameters)
        touching = [m for m in touching if m.entered_at <= last]
    return touching


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def _covered(hour: datetime, marks: Collection[Mark], kind: str) -> timedelta:
    """How much of the hour the marks of one kind cover together."""
    covered, reached = timedelta(0), hour
    for mark in sorted((m for m in marks if m.mark == kind), key=lambda m: m.from_):
        start, end = max(mark.from_, reached), min(mark.to, hour + HOUR)
        if end > start:
            covered += end - start
            reached = end
    return covered


def _first(marks: Collection[Mark], kinds: set[str]) -> Mark | None:
    return min((m for m in marks if m.mark in kinds), key=lambda m: (m.entered_at, m.id), default=None)


def _excusing(
    hour: datetime, marks: Collection[Mark], counting: set[str], *, in_time: bool, parameters: Parameters
) -> set[str]:
    """Operating kinds that excuse the hour; ``accident`` only while the year's hours for it last."""
    excusing = counting & OPERATING_KINDS
    if "accident" in excusing:
        before = _accident_hours_before(hour, marks, in_time=in_time, parameters=parameters)
        if before >= parameters.accident_hours_per_year:
            excusing -= {"accident"}
    return excusing


def _accident_hours_before(hour: datetime, marks: Collection[Mark], *, in_time: bool, parameters: Parameters) -> int:
    accidents = [m for m in marks if m.mark == "accident" and not m.revoked]
    year = to_beijing(hour).year
    earlier = {h for m in accidents for h in hours_of(m) if h < hour and h.year == year}
    need = _minutes(parameters.mark_minutes)
    return sum(
        _covered(h, _touching(h, accidents, in_time=in_time, parameters=parameters), "accident") > need for h in earlier
    )
