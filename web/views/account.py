"""Conservation account 守恒账: what became of the hours of each outlet, as far as this process can see it.

The counters of the gateway and of the workers are not kept by hour and outlet; what they would say is left open
(None) here instead of being guessed. What is counted comes from the series store and from the quarantine.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from emissions.beijing import hour_of
from emissions.finding import Rejected
from emissions.hourly import Hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One outlet and hour."""

    outlet: str
    mn: str
    hour: datetime
    published: int | None
    """Frames that the logger sent; known only to the logger."""
    relayed: int | None
    """Lines that the gateway put into the feed; not counted by hour yet."""
    judged: int
    """Pollutants whose hour has been judged and stored."""
    received: int
    """Those of them for which a value came."""
    missing: int
    excluded: int
    revised: int
    """Those that were published more than once."""
    quarantined: int
    """Frames of the logger refused in this hour, by receipt, as far as this process remembers."""


def account(hours: Iterable[Hour], refused: Iterable[Rejected], mns: dict[str, str]) -> Sequence[Line]:
    """The lines, by hour and outlet."""
    groups: dict[tuple[datetime, str], list[Hour]] = {}
    for hour in hours:
        groups.setdefault((hour.hour, hour.outlet), []).append(hour)
    turned_away = Counter((line.mn, hour_of(line.received_at)) for line in refused if line.received_at is not None)
    return [
        Line(
            outlet=outlet,
            mn=mns.get(outlet, ""),
            hour=at,
            published=None,
            relayed=None,
            judged=len(group),
            received=sum(hour.state in {"valid", "invalid"} for hour in group),
            missing=sum(hour.state == "missing" for hour in group),
            excluded=sum(hour.state == "excluded" for hour in group),
            revised=sum(hour.revision > 0 for hour in group),
            quarantined=turned_away[mns.get(outlet, ""), hour_of(at)] if mns.get(outlet) else 0,
        )
        for (at, outlet), group in sorted(groups.items())
    ]
