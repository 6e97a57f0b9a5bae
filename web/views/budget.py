"""What a county's month still allows: hours that may be missed, and when the line is crossed at this pace."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from emissions.beijing import HOUR, hour_of, midnight, to_beijing
from emissions.budget import Budget, budget
from emissions.periods import day_after, first_day
from emissions.register import Outlet, Register
from emissions.rollcall import is_due
from emissions.rules import Parameters
from emissions.tally import NOTHING, Tally
from emissions.transmission import TRACKS, Rate, tally_of
from stores.port import SeriesStore
from web.periods import period_at

PACE_DAYS = 3
"""The pace is that of today and the days before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackBudget:
    """The budget on one track."""

    track: str
    rate: Rate
    budget: Budget
    pace: Tally
    """Counts of the days whose pace is taken."""


def county_budgets(
    store: SeriesStore, register: Register, parameters: Parameters, county: str, *, now: datetime
) -> list[TrackBudget]:
    """The current month's budgets of a county, one for each track that has a rate. Blocks."""
    month = period_at(now, "month")
    rates = {rate.track: rate for rate in store.rates(level="county", window="month", period=month, id=county)}
    days = [period_at(now - timedelta(days=back), "day") for back in range(PACE_DAYS)]
    recent = [rate for day in days for rate in store.rates(level="county", window="day", period=day, id=county)]
    outlets = [outlet for outlet in register.outlets.values() if outlet.county == county]
    return [
        track_budget(rates[track], recent, outlets, parameters=parameters, period=month)
        for track in TRACKS
        if track in rates
    ]


def track_budget(
    rate: Rate, recent: Iterable[Rate], outlets: Iterable[Outlet], *, parameters: Parameters, period: str
) -> TrackBudget:
    """The budget behind one month's rate.

    Args:
        rate: The month to date.
        recent: Rates of the days whose pace is taken; those of the other track are passed over.
        outlets: All outlets of the county.
        parameters: The rulebook's numbers.
        period: The month.
    """
    start, end = midnight(first_day("month", period)), midnight(day_after("month", period))
    next_hour = max(start, hour_of(to_beijing(rate.as_of) - parameters.in_time) + HOUR)
    pace = NOTHING
    for day in recent:
        if day.track == rate.track:
            pace = pace.plus(tally_of(day))
    return TrackBudget(
        track=rate.track,
        rate=rate,
        pace=pace,
        budget=budget(
            tally_of(rate),
            next_hour=next_hour,
            end=end,
            remaining=sum(remaining(outlet, next_hour, end) for outlet in outlets),
            recent=pace,
            threshold_pct=parameters.rate_threshold_pct,
        ),
    )


def remaining(outlet: Outlet, start: datetime, end: datetime) -> int:
    """Hours × pollutants of an outlet that will be due in [start, end), both at the beginning of an hour (R11)."""
    if outlet.connected_from is not None and outlet.connected_from > start:
        first = hour_of(outlet.connected_from)
        start = first if first == outlet.connected_from else first + HOUR
    hours = max(0, int((end - start) / HOUR))
    return hours * len(outlet.pollutants) if hours and is_due(outlet, start) else 0
