"""Readings of one outlet: thinned out for charts, and the latest of each command for a table."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from emissions.beijing import BEIJING
from emissions.reading import Reading
from stores.port import SeriesStore
from web.live import Listened

COMMANDS = ("2011", "2051", "2061")
"""Real-time, minute and hour data."""

_LOOK_BACK = {"2011": timedelta(hours=1), "2051": timedelta(hours=6), "2061": timedelta(hours=48)}
_AHEAD = timedelta(minutes=15)
"""A logger's clock may be ahead by 10 minutes (R3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinned:
    """Mean of each number over one step."""

    at: datetime
    """Start of the step."""
    readings: int
    numbers: dict[str, float]
    flags: dict[str, str]
    """Flags that were not N in the step, each letter once."""


def thin(readings: Iterable[Reading], step: timedelta) -> list[Thinned]:
    """Means over steps that are counted from midnight, Beijing time; a step without readings is left out."""
    groups: dict[datetime, list[Reading]] = {}
    zero = datetime(1970, 1, 1, tzinfo=BEIJING)
    for reading in readings:
        groups.setdefault(zero + (reading.at - zero) // step * step, []).append(reading)
    thinned = []
    for at, group in sorted(groups.items()):
        sums: dict[str, list[float]] = {}
        flags: dict[str, set[str]] = {}
        for reading in group:
            for key, value in reading.numbers.items():
                sums.setdefault(key, []).append(value)
            for key, flag in reading.flags.items():
                if flag != "N":
                    flags.setdefault(key, set()).add(flag)
        thinned.append(
            Thinned(
                at=at,
                readings=len(group),
                numbers={key: sum(values) / len(values) for key, values in sums.items()},
                flags={key: "".join(sorted(letters)) for key, letters in flags.items()},
            )
        )
    return thinned


def latest(store: SeriesStore, live: Listened, outlet: str, *, now: datetime) -> dict[str, Reading]:
    """The newest reading of each command: from the topics while they are followed, else from the store."""
    found: dict[str, Reading] = {}
    for cn in COMMANDS:
        heard = live.reading(outlet, cn)
        if heard is None or not live.following:
            stored = store.readings(outlet, cn=cn, start=now - _LOOK_BACK[cn], end=now + _AHEAD)
            heard = max((r for r in (*stored[-1:], heard) if r is not None), key=lambda r: r.at, default=None)
        if heard is not None:
            found[cn] = heard
    return found
