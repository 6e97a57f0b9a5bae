"""What a case rests on: whose hours, of which months, and the figures that must come out again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from alerts.views import CaseView
from emissions.hourly import Hour
from emissions.periods import settles_at
from emissions.register import Outlet, Register
from emissions.rules import Parameters
from emissions.transmission import Rate
from stores.port import SeriesStore
from web.daybook import day_spans
from web.periods import bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The feed up to a moment, and the county's figures that it gives."""

    name: str
    """``settlement`` or ``now``."""
    until: datetime
    """Lines received later play no part; the roll is called up to here."""
    rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthScope:
    """One month of the case."""

    period: str
    start: datetime
    end: datetime
    evidence: Mapping[str, Any]
    outlets: Sequence[Outlet]
    hours: Sequence[Hour]
    """Judged hours of these outlets."""
    cuts: Sequence[Cut]
    """In order of time; none where no rate has been published."""

    @property
    def until(self) -> datetime:
        """Up to where the feed is needed."""
        return self.cuts[-1].until if self.cuts else self.end


def scope_of(case: CaseView, register: Register, store: SeriesStore, parameters: Parameters) -> list[MonthScope]:
    """The months of a case, oldest first. All outlets of the county: its figures are those of all. Blocks."""
    outlets = sorted((o for o in register.outlets.values() if o.county == case.county), key=lambda o: o.id)
    months = []
    for period, evidence in sorted(case.evidence.items()):
        start, end = bounds("month", period)
        hours = _hours(store, case.county, outlets, start, end)
        months.append(
            MonthScope(
                period=period,
                start=start,
                end=end,
                evidence=evidence,
                outlets=outlets,
                hours=hours,
                cuts=_cuts(case.county, period, hours, store, parameters),
            )
        )
    return months


def _hours(store: SeriesStore, county: str, outlets: Sequence[Outlet], start: datetime, end: datetime) -> list[Hour]:
    ids = {outlet.id for outlet in outlets}
    days = day_spans(start, end)
    return [h for first, after in days for h in store.hours(start=first, end=after, county=county) if h.outlet in ids]


def _cuts(county: str, period: str, hours: Sequence[Hour], store: SeriesStore, parameters: Parameters) -> list[Cut]:
    settles = settles_at("month", period, settled_day=parameters.settled_day)
    settled = [r for r in store.settled_rates(period=period, level="county") if r.id == county]
    now = store.rates(level="county", window="month", period=period, id=county)
    cuts = [Cut(name="settlement", until=settles, rate=r) for r in settled if r.track == "completed"]
    # A rate that late data have changed is published at once, with the roll call before them.
    newest = max((hour.known_at for hour in hours), default=settles)
    cuts += [Cut(name="now", until=max(r.as_of, newest), rate=r) for r in now if r.track == "completed"]
    return [cut for at, cut in enumerate(cuts) if at == 0 or cut.until > cuts[0].until]


def register_files(months: Sequence[MonthScope], register: Register) -> dict[str, list[list[str]]]:
    """The register of these outlets as rows of its CSV files, heads first.

    ``connected_from`` is never earlier than the first month, so that a replay calls no roll before it.
    """
    first = months[0].start if months else None
    outlets = {outlet.id: outlet for month in months for outlet in month.outlets}
    enterprises = {id_: register.enterprises[id_] for id_ in sorted({o.enterprise for o in outlets.values()})}
    counties = sorted({o.county for o in outlets.values()} | {e.county for e in enterprises.values()})
    divisions: list[list[str]] = []
    for code in dict.fromkeys(
        [*(register.divisions[c].parent for c in counties if c in register.divisions), *counties]
    ):
        if not code:
            continue
        known = register.divisions.get(code)
        parent = known.parent if known is not None else ""
        name = known.name if known is not None else code
        valid = (known.valid_from, known.valid_to) if known is not None else (None, None)
        divisions.append([code, name, parent, *(_day(day) for day in valid)])
    return {
        "divisions.csv": [["code", "name", "parent", "valid_from", "valid_to"], *divisions],
        "enterprises.csv": [
            ["id", "name", "county", "industry", "livelihood"],
            *([e.id, e.name, e.county, e.industry, str(e.livelihood).lower()] for e in enterprises.values()),
        ],
        "outlets.csv": [OUTLET_COLUMNS, *(_outlet_row(outlet, first) for outlet in outlets.values())],
    }


OUTLET_COLUMNS = [
    "id",
    "enterprise",
    "name",
    "mn",
    "category",
    "height_m",
    "standard",
    "reference_o2_pct",
    "pollutants",
    "permit_pm",
    "permit_so2",
    "permit_nox",
    "span_pm",
    "span_so2",
    "span_nox",
    "minute_interval",
    "connected_from",
    "must_monitor",
]
_GASES = ("a34013", "a21026", "a21002")


def _outlet_row(outlet: Outlet, first: datetime | None) -> list[str]:
    connected = outlet.connected_from
    if connected is not None and first is not None:
        connected = max(connected, first)
    return [
        outlet.id,
        outlet.enterprise,
        outlet.name,
        outlet.mn,
        outlet.category,
        _number(outlet.height_m),
        outlet.standard,
        _number(outlet.reference_o2_pct),
        " ".join(outlet.pollutants),
        *(_number(outlet.permits_mg_m3.get(gas)) for gas in _GASES),
        *(_number(outlet.spans.get(gas)) for gas in _GASES),
        str(outlet.minute_interval),
        "" if connected is None else connected.isoformat(),
        str(outlet.must_monitor).lower(),
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _day(value: date | None) -> str:
    return "" if value is None else value.isoformat()
