"""Suspected twin curves (R22): two outlets of a county whose hourly means have been equal for a day."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from emissions.beijing import BEIJING, HOUR
from emissions.finding import Finding, finding_id
from emissions.hourly import Hour

RULE = "suspected_twin_curves"

_AHEAD = 24
"""Some outlets may be called so many hours ahead of the county's slowest one."""

_HOUR_S = HOUR.total_seconds()


@dataclass(slots=True)
class Curve:
    """The latest valid hours on end of one pollutant at one outlet."""

    until: float
    """The last hour, as Unix time."""
    means: list[float]


@dataclass(slots=True)
class Twins:
    """Outlets with the same curve, and since when. Times are Unix times."""

    since: float
    until: float


@dataclass(slots=True)
class Curves:
    """What is known of a county's hours, as far as twins need it."""

    uncalled: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    """By outlet, hour (Unix time as text, for packing) and pollutant: means of hours not called yet."""
    called: dict[str, dict[str, Curve]] = field(default_factory=dict)
    """By pollutant and outlet."""
    told: dict[str, Twins] = field(default_factory=dict)
    """What lasts, by pollutant and outlets."""


def take(curves: Curves, hour: Hour) -> None:
    """Note an hour; it counts as it is known when its outlet is called."""
    hours = curves.uncalled.setdefault(hour.outlet, {})
    means = hours.setdefault(str(hour.hour.timestamp()), {})
    if hour.state == "valid" and hour.raw_mg_m3 is not None:
        means[hour.pollutant] = hour.raw_mg_m3
    else:
        means.pop(hour.pollutant, None)


def call(curves: Curves, outlet: str, hour: datetime, *, need: int) -> None:
    """The outlet is called for the hour: its curves grow by what is known of it, or end."""
    at = hour.timestamp()
    for pollutant, mean in curves.uncalled.get(outlet, {}).pop(str(at), {}).items():
        of = curves.called.setdefault(pollutant, {})
        known = of.get(outlet)
        if known is None or at > known.until + _HOUR_S:
            of[outlet] = Curve(until=at, means=[mean])
        elif at > known.until:
            of[outlet] = Curve(until=at, means=[*known.means, mean][-(need + _AHEAD) :])


def look(
    curves: Curves,
    hour: datetime,
    *,
    county: str,
    known_at: datetime,
    need: int,
) -> Iterator[Finding]:
    """Who shows one curve at this hour, told when it begins and when it ends.

    Args:
        curves: As ``take`` and ``call`` have kept them; what lasts is noted in them.
        hour: The hour that all outlets have been called for.
        county: Whose outlets they are.
        known_at: When that was.
        need: So many equal hours on end.
    """
    at, told = hour.timestamp(), curves.told
    for hours in curves.uncalled.values():
        for name in [name for name in hours if float(name) <= at]:
            del hours[name]
    now: dict[str, tuple[str, list[str], list[float]]] = {}
    for pollutant, of in sorted(curves.called.items()):
        groups: dict[tuple[float, ...], list[str]] = {}
        for outlet, curve in of.items():
            means = _until(curve, at, need)
            # A flat curve is suspected by itself; two stacks that stand still are no twins.
            if means is not None and len(set(means)) > 1:
                groups.setdefault(means, []).append(outlet)
        for shown, outlets in groups.items():
            if len(outlets) > 1:
                outlets.sort()
                now["|".join((pollutant, *outlets))] = (pollutant, outlets, list(shown))
    for key in [key for key in told if key not in now]:
        twins = told.pop(key)
        pollutant, *outlets = key.split("|")
        yield _finding(pollutant, outlets, twins, county=county, known_at=known_at, ended=True, means=None)
    for key, (pollutant, outlets, equal) in now.items():
        if key in told:
            told[key].until = at
            continue
        told[key] = Twins(since=at - (need - 1) * _HOUR_S, until=at)
        yield _finding(pollutant, outlets, told[key], county=county, known_at=known_at, ended=False, means=equal)


def _until(curve: Curve, at: float, need: int) -> tuple[float, ...] | None:
    """The last ``need`` means up to the hour; None where there are not so many."""
    end = len(curve.means) - round((curve.until - at) / _HOUR_S)
    return tuple(curve.means[end - need : end]) if need <= end <= len(curve.means) else None


def _finding(
    pollutant: str,
    outlets: list[str],
    twins: Twins,
    *,
    county: str,
    known_at: datetime,
    ended: bool,
    means: list[float] | None,
) -> Finding:
    first, last = (datetime.fromtimestamp(moment, BEIJING) for moment in (twins.since, twins.until))
    shown = {} if means is None else {"means_mg_m3": means}
    return Finding(
        id=finding_id(RULE, pollutant, *outlets, first.isoformat()),
        rule=RULE,
        subject={"county": county},
        from_=first,
        to=last + HOUR if ended else None,
        severity="warning",
        county=county,
        known_at=known_at,
        evidence={
            "rule": "R22",
            "pollutant": pollutant,
            "outlets": outlets,
            "hours": round((last - first) / HOUR) + 1,
            **shown,
        },
    )
