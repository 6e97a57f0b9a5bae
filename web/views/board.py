"""How the counties stand this month: the board and, one level down, a county's outlets."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from emissions.register import Division, Outlet, Register
from emissions.transmission import Rate, tally_of
from web.views.names import enterprise_name


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItems:
    """What waits for somebody, by county."""

    alerts: Mapping[str, int]
    severe: Mapping[str, int]
    cases: Mapping[str, int]
    outlet_alerts: Mapping[str, int]
    """Open alerts by outlet."""


NOTHING_OPEN = OpenItems(alerts={}, severe={}, cases={}, outlet_alerts={})


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyRow:
    """One county on the board."""

    code: str
    name: str
    city: str
    outlets: int
    in_time: Rate | None
    completed: Rate | None
    exceeded_hours: int | None
    """Hours × pollutants; None while they are still being counted."""
    exceeding_enterprises: int | None
    alerts: int
    severe: int
    cases: int
    below: bool
    """The in-time effective rate is under the threshold, compared as integers (R14)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CityTotal:
    """A city above its counties."""

    code: str
    name: str
    in_time: Rate | None
    completed: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything that the board shows, at one moment."""

    period: str
    cities: Sequence[CityTotal]
    rows: Sequence[CountyRow]


def is_below(rate: Rate | None, threshold_pct: int) -> bool:
    """Whether a rate is under the threshold; no rate is not."""
    return rate is not None and tally_of(rate).below(threshold_pct)


def by_track(rates: Iterable[Rate]) -> dict[tuple[str, str], Rate]:
    """Rates by (id, track)."""
    return {(rate.id, rate.track): rate for rate in rates}


def counties_of(register: Register, day: date) -> list[Division]:
    """Divisions in force that answer for enterprises: those with a division above them."""
    return [
        division
        for division in register.divisions.values()
        if division.parent
        and (division.valid_from is None or division.valid_from <= day)
        and (division.valid_to is None or day <= division.valid_to)
    ]


def build_board(
    register: Register,
    *,
    day: date,
    period: str,
    county_rates: Iterable[Rate],
    city_rates: Iterable[Rate],
    exceeded: Mapping[str, int] | None,
    exceeding: Mapping[str, set[str]] | None,
    open_items: OpenItems,
    threshold_pct: int,
) -> Board:
    """Put the board together: one row for every county of the register, also one without outlets."""
    rates, above = by_track(county_rates), by_track(city_rates)
    counties = counties_of(register, day)
    outlets: dict[str, int] = {}
    for outlet in register.outlets.values():
        outlets[outlet.county] = outlets.get(outlet.county, 0) + outlet.must_monitor
    rows = [
        CountyRow(
            code=county.code,
            name=county.name,
            city=county.parent,
            outlets=outlets.get(county.code, 0),
            in_time=rates.get((county.code, "in_time")),
            completed=rates.get((county.code, "completed")),
            exceeded_hours=None if exceeded is None else exceeded.get(county.code, 0),
            exceeding_enterprises=None if exceeding is None else len(exceeding.get(county.code, ())),
            alerts=open_items.alerts.get(county.code, 0),
            severe=open_items.severe.get(county.code, 0),
            cases=open_items.cases.get(county.code, 0),
            below=is_below(rates.get((county.code, "in_time")), threshold_pct),
        )
        for county in counties
    ]
    cities = [
        CityTotal(
            code=code,
            name=register.divisions[code].name if code in register.divisions else code,
            in_time=above.get((code, "in_time")),
            completed=above.get((code, "completed")),
        )
        for code in dict.fromkeys(county.parent for county in counties)
    ]
    return Board(period=period, cities=cities, rows=rows)


def _rate_key(row: "CountyRow | OutletRow") -> tuple[bool, float]:
    """Lowest first; no rate last."""
    value = row.in_time.effective_pct if row.in_time is not None else None
    return (value is None, value or 0.0)


def _rank_key(row: CountyRow) -> tuple[bool, float]:
    missing, value = _rate_key(row)
    return (missing, -value)


ORDERS: dict[str, Callable[[CountyRow], tuple[object, ...]]] = {
    "rate": lambda row: (*_rate_key(row), row.code),
    "rank": lambda row: (*_rank_key(row), row.code),
    "exceeded": lambda row: (-(row.exceeded_hours or 0), row.code),
    "alerts": lambda row: (-row.alerts, row.code),
    "name": lambda row: (row.code,),
}
"""The board's orders by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletRow:
    """One outlet on its county's page."""

    outlet: Outlet
    enterprise: str
    in_time: Rate | None
    completed: Rate | None
    exceeded_hours: int | None
    last_received: datetime | None
    alerts: int
    below: bool


def build_outlets(
    register: Register,
    county: str,
    *,
    rates: Iterable[Rate],
    exceeded: Mapping[str, int] | None,
    last_received: Callable[[str], datetime | None],
    open_items: OpenItems,
    threshold_pct: int,
) -> list[OutletRow]:
    """A county's outlets, the lowest in-time rate first."""
    known = by_track(rates)
    rows = [
        OutletRow(
            outlet=outlet,
            enterprise=enterprise_name(register, outlet),
            in_time=known.get((outlet.id, "in_time")),
            completed=known.get((outlet.id, "completed")),
            exceeded_hours=None if exceeded is None else exceeded.get(outlet.id, 0),
            last_received=last_received(outlet.id),
            alerts=open_items.outlet_alerts.get(outlet.id, 0),
            below=is_below(known.get((outlet.id, "in_time")), threshold_pct),
        )
        for outlet in register.outlets.values()
        if outlet.county == county
    ]
    return sorted(rows, key=lambda row: (*_rate_key(row), row.outlet.id))
