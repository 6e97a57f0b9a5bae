"""Conservation account 守恒账: what became of everything that came from each outlet, hour by hour.

Two counts stand side by side. Frames by the hour of their receipt, from the stages' own counters
(``emissions.account``); and what became of the outlet's hours themselves, from the series store.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emissions.account import COLUMNS, AccountHour, add_up
from emissions.hourly import Hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What became of one hour's values, pollutant by pollutant."""

    judged: int = 0
    """Pollutants whose hour has been judged and stored."""
    received: int = 0
    """Those of them for which a value came."""
    missing: int = 0
    excluded: int = 0
    revised: int = 0
    """Those that were published more than once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One outlet and hour."""

    outlet: str
    mn: str
    hour: datetime
    published: int | None = None
    """Frames that the gateway took over in this hour; None: the hour has not been called yet."""
    relayed: int | None = None
    """Lines that it put into the feed."""
    quarantined: int | None = None
    """Lines that it put into quarantine."""
    judged: int | None = None
    """Lines of the feed that were judged."""
    heartbeats: int | None = None
    without_values: int | None = None
    refused: int | None = None
    """Judged lines that a later stage put into quarantine."""
    stored: int | None = None
    """Lines whose values the series store has; None: storing is not past the hour's roll call yet."""
    missing: int | None = None
    """Lines that never came through a stage."""
    closed: bool = False
    """All stages are past the hour's roll call."""
    gaps: Sequence[Mapping[str, Any]] = ()
    """What is missing: stage, series, first and last number."""
    hours: Judgement = field(default_factory=Judgement)


def account(lines: Iterable[AccountHour], hours: Iterable[Hour], mns: Mapping[str, str]) -> list[Line]:
    """Both counts together, by hour and outlet."""
    counted = {(line.hour, line.outlet): line for line in lines}
    groups: dict[tuple[datetime, str], list[Hour]] = {}
    for hour in hours:
        groups.setdefault((hour.hour, hour.outlet), []).append(hour)
    return [
        _line(at, outlet, mns.get(outlet, ""), counted.get((at, outlet)), groups.get((at, outlet), []))
        for at, outlet in sorted(counted.keys() | groups.keys())
    ]


def _line(at: datetime, outlet: str, mn: str, line: AccountHour | None, hours: Sequence[Hour]) -> Line:
    known = {} if line is None else {name: getattr(line, name) for name in (*COLUMNS, "gaps")}
    return Line(
        outlet=outlet,
        mn=mn,
        hour=at,
        closed=line is not None and line.stored is not None,
        hours=Judgement(
            judged=len(hours),
            received=sum(hour.state in {"valid", "invalid"} for hour in hours),
            missing=sum(hour.state == "missing" for hour in hours),
            excluded=sum(hour.state == "excluded" for hour in hours),
            revised=sum(hour.revision > 0 for hour in hours),
        ),
        **known,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletSum:
    """The lines of one outlet, added up."""

    outlet: str
    total: Mapping[str, int]
    open: int
    """Hours that not all stages are past."""


def by_outlet(lines: Iterable[AccountHour]) -> list[OutletSum]:
    """One sum for each outlet, those with holes first."""
    groups: dict[str, list[AccountHour]] = {}
    for line in lines:
        groups.setdefault(line.outlet, []).append(line)
    sums = [
        OutletSum(outlet=outlet, total=add_up(group), open=sum(line.stored is None for line in group))
        for outlet, group in groups.items()
    ]
    return sorted(sums, key=lambda one: (-one.total["missing"], one.outlet))
