"""What a mark changes: hour by hour, with the other marks of the outlet taken into account (R8)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from emissions.event import Mark
from emissions.marks import HourMarks, hours_of, marks_of_hour
from emissions.rules import Parameters

MOST_HOURS = 31 * 24
"""Hours that are looked at for one mark; a longer one says the same of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one mark makes of one hour."""

    hour: datetime
    completed: str
    """``excluded``, ``invalid``, ``not_judged``, or ``none``: covered too little, or no more than others already do."""
    in_time: str
    """The same on the in-time track, which knows no late marks."""


def effects(mark: Mark, others: Collection[Mark], parameters: Parameters) -> list[Effect]:
    """The hours that a mark touches, with what it changes on each track.

    Args:
        mark: The mark, as if it stood.
        others: All other marks of the outlet.
        parameters: The rulebook's numbers.
    """
    near = [
        other
        for other in others
        if other.id != mark.id
        and ("accident" in {mark.mark, other.mark} or (other.to > mark.from_ - _HOUR and other.from_ < mark.to + _HOUR))
    ]
    found: list[Effect] = []
    for hour in hours_of(mark):
        if len(found) == MOST_HOURS:
            break
        completed, in_time = (
            _change(mark, near, hour, in_time=track, parameters=parameters) for track in (False, True)
        )
        found.append(Effect(hour=hour, completed=completed, in_time=in_time))
    return found


def changed(found: Collection[Effect]) -> int:
    """How many hours change on the completed track."""
    return sum(effect.completed != "none" for effect in found)


_HOUR = timedelta(hours=1)


def _change(mark: Mark, others: Collection[Mark], hour: datetime, *, in_time: bool, parameters: Parameters) -> str:
    before = _meaning(marks_of_hour(hour, others, in_time=in_time, parameters=parameters))
    after = _meaning(marks_of_hour(hour, [*others, mark], in_time=in_time, parameters=parameters))
    return after if after != before else "none"


def _meaning(marks: HourMarks) -> str:
    """What the first of R7's and R9's cases makes of an hour with these marks."""
    if marks.stopped is not None:
        return "excluded"
    if marks.device is not None:
        return "invalid"
    return "not_judged" if marks.operating is not None else "none"
