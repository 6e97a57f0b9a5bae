"""The hour that is running at an outlet: its mean so far and what it would become, against the limit (R6, R9, R20)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from emissions.beijing import HOUR, hour_of
from emissions.forecast import Forecast, Sample, forecast, held
from emissions.reading import Reading
from emissions.register import Outlet
from emissions.rules import LimitRow, Rules
from emissions.sample import sample_mg_m3
from emissions.validity import OXYGEN
from emissions.verdict import limit_of
from stores.port import SeriesStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One pollutant in the running hour."""

    pollutant: str
    limit_mg_m3: float | None
    forecast: Forecast | None
    """None where nothing usable has come in this hour."""


def running_hour(store: SeriesStore, outlet: Outlet, rules: Rules, *, now: datetime) -> list[Running]:
    """All assessed pollutants of an outlet. Blocks."""
    hour = hour_of(now)
    minutes = store.readings(outlet.id, cn="2051", start=hour, end=hour + HOUR)
    moments = store.readings(outlet.id, cn="2011", start=hour, end=hour + HOUR)
    return [one_pollutant(outlet, rules, pollutant, minutes, moments, now=now) for pollutant in outlet.pollutants]


def one_pollutant(
    outlet: Outlet,
    rules: Rules,
    pollutant: str,
    minutes: Iterable[Reading],
    moments: Iterable[Reading],
    *,
    now: datetime,
) -> Running:
    """Minute means stand for their minutes; momentary values for what no minute mean covers yet."""
    hour = hour_of(now)
    row = rules.limit_row(standard=outlet.standard, category=outlet.category, pollutant=pollutant, hour=hour)
    limit, _ = limit_of(outlet, pollutant, hour, row)
    span = timedelta(minutes=outlet.minute_interval)
    means = [
        Sample(start=at, end=at + span, mg_m3=value)
        for at, value in _values(minutes, pollutant, "Avg", outlet, row, rules)
    ]
    covered = max((sample.end for sample in means), default=hour)
    behind = [(at, value) for at, value in _values(moments, pollutant, "Rtd", outlet, row, rules) if at >= covered]
    samples = [*means, *held(behind, until=max(now, covered))]
    found = forecast(samples, hour=hour, now=now, limit_mg_m3=limit)
    return Running(pollutant=pollutant, limit_mg_m3=limit, forecast=found)


def _values(
    readings: Iterable[Reading], pollutant: str, suffix: str, outlet: Outlet, row: LimitRow | None, rules: Rules
) -> Iterator[tuple[datetime, float]]:
    """Converted values that count: flagged N or not at all, and of a flame that burns."""
    for reading in readings:
        value = sample_mg_m3(
            pollutant,
            measured=reading.numbers.get(f"{pollutant}-{suffix}"),
            sent=reading.numbers.get(f"{pollutant}-Zs{suffix}"),
            oxygen=reading.numbers.get(f"{OXYGEN}-{suffix}"),
            flag=reading.flags.get(f"{pollutant}-Flag"),
            outlet=outlet,
            row=row,
            parameters=rules.parameters,
        )
        if value is not None:
            yield reading.at, value
