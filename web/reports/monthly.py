"""A month's report as plain values: rates, ranking, exceedances, reasons, cases. Pure; every renderer shows this."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from alerts.work_orders import OrderRates
from emissions.register import Division, Outlet, Register
from emissions.tally import NOTHING, percent
from emissions.transmission import Rate, tally_of
from web.daybook import DayCounts, ExceededHour
from web.reports.desk import NO_ORDERS, AlertCounts, CaseLine, Desk, cleared_in, opened_by
from web.reports.provenance import LimitLine, Provenance
from web.views.board import by_track, is_below

WORST = 20
"""Outlets that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Both tracks of one subject, and what they were when the month was settled."""

    completed: Rate | None
    in_time: Rate | None
    settled: Rate | None
    """The completed rate at the settlement; None before it."""

    @property
    def ranked(self) -> Rate | None:
        """What the ranking goes by: the settlement's figure, before it the completed one to date."""
        return self.settled if self.settled is not None else self.completed


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceeded:
    """What was over the limit."""

    hours: int = 0
    """Hours × pollutants."""
    outlets: int = 0
    enterprises: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyLine:
    """One county of the ranking."""

    rank: int | None
    """Counties with the same rate share a rank; None: nothing was expected, so there is no rate."""
    code: str
    name: str
    city: str
    outlets: int
    figures: Figures
    below: bool
    """The ranked rate is under the threshold, compared as integers (R14)."""
    exceeded: Exceeded
    alerts: AlertCounts
    cases_opened: int
    cases_cleared: int
    orders: OrderRates
    """Work orders that fell due in the month."""
    changed_hours: int
    """Hours × pollutants whose newest revision became known after the settlement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonLine:
    """Hours that were lost for one reason, on the completed track."""

    state: str
    """``missing`` or ``invalid``."""
    reason: str
    count: int
    cumulative_pct: float | None
    """Share of this reason and all more frequent ones in what was lost. [%]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletLine:
    """One outlet with what it lost."""

    id: str
    name: str
    enterprise: str
    county: str
    figures: Figures
    below: bool
    lost: int
    """Expected less valid, as counted from the hours."""
    reasons: Sequence[ReasonLine]
    """The most frequent first."""
    exceeded_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceedanceLine:
    """What one outlet exceeded with one pollutant."""

    outlet: str
    name: str
    enterprise: str
    county: str
    pollutant: str
    hours: int
    peak_mg_m3: float
    peak_at: datetime
    limit_mg_m3: float
    """At the peak."""
    multiple: float
    """Peak over limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CityLine:
    """All counties of a city together."""

    code: str
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    """The whole report."""

    period: str
    start: datetime
    end: datetime
    county: str | None
    """The county that it is confined to; None: all."""
    settles_at: datetime
    settled: bool
    threshold_pct: int
    cities: Sequence[CityLine]
    counties: Sequence[CountyLine]
    """By rank, those without a rate last. Of a confined report only its own; its rank is that among all."""
    ranked: int
    """Counties that have a rank."""
    exceeded: Exceeded
    exceedances: Sequence[ExceedanceLine]
    """The most hours first."""
    alerts: AlertCounts
    cases: Sequence[CaseLine]
    reasons: Sequence[ReasonLine]
    worst: Sequence[OutletLine]
    """Outlets under the threshold, and of the others those that lost most."""
    limits: Sequence[LimitLine]
    """Limits that outlets of the report were judged by."""
    provenance: Provenance


def ranks(figures: Mapping[str, Rate | None]) -> dict[str, int | None]:
    """Rank by effective rate, highest first, compared as fractions; equals share a rank and the next one is left out.

    A subject of which nothing was expected has none.
    """
    shares = {
        id_: Fraction(rate.valid, rate.expected)
        for id_, rate in figures.items()
        if rate is not None and rate.expected > 0
    }
    return {
        id_: None if id_ not in shares else 1 + sum(other > shares[id_] for other in shares.values()) for id_ in figures
    }


def places_of(counties: Sequence[Division], rates: Iterable[Rate], settled: Iterable[Rate]) -> dict[str, int | None]:
    """Rank of each county within its city: by the settlement's completed rate, before it by the one to date."""
    now = {rate.id: rate for rate in rates if rate.level == "county" and rate.track == "completed"}
    then = {rate.id: rate for rate in settled if rate.level == "county" and rate.track == "completed"}
    places: dict[str, int | None] = {}
    for city in {county.parent for county in counties}:
        codes = [county.code for county in counties if county.parent == city]
        places |= ranks({code: then.get(code, now.get(code)) for code in codes})
    return places


def pareto(counts: Mapping[tuple[str, str], int]) -> list[ReasonLine]:
    """Lost hours by reason, the most frequent first, with the running share."""
    lost = {key: n for key, n in counts.items() if key[0] in {"missing", "invalid"} and n}
    total, so_far, lines = sum(lost.values()), 0, []
    for (state, reason), count in sorted(lost.items(), key=lambda item: (-item[1], item[0])):
        so_far += count
        lines.append(ReasonLine(state=state, reason=reason, count=count, cumulative_pct=percent(so_far, total)))
    return lines


def exceedance_lines(hours: Iterable[ExceededHour], register: Register) -> list[ExceedanceLine]:
    """Exceeded hours by outlet and pollutant, the most hours first."""
    groups: dict[tuple[str, str], list[ExceededHour]] = {}
    for hour in hours:
        groups.setdefault((hour.outlet, hour.pollutant), []).append(hour)
    lines = []
    for (outlet, pollutant), group in groups.items():
        peak = max(group, key=lambda hour: (hour.converted_mg_m3, -hour.hour.timestamp()))
        known = register.outlets.get(outlet)
        lines.append(
            ExceedanceLine(
                outlet=outlet,
                name=known.name if known is not None else outlet,
                enterprise=known.enterprise if known is not None else "",
                county=known.county if known is not None else "",
                pollutant=pollutant,
                hours=len(group),
                peak_mg_m3=peak.converted_mg_m3,
                peak_at=peak.hour,
                limit_mg_m3=peak.limit_mg_m3,
                multiple=round(peak.converted_mg_m3 / peak.limit_mg_m3, 2),
            )
        )
    return sorted(lines, key=lambda line: (-line.hours, line.outlet, line.pollutant))


def exceeded_of(lines: Iterable[ExceedanceLine]) -> Exceeded:
    """Hours, outlets and enterprises of exceedance lines."""
    chosen = list(lines)
    return Exceeded(
        hours=sum(line.hours for line in chosen),
        outlets=len({line.outlet for line in chosen}),
        enterprises=len({line.enterprise for line in chosen}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All that a report is made of."""

    rates: Sequence[Rate]
    """Month rates of the outlets, counties and cities, both tracks."""
    settled: Sequence[Rate]
    """The same as they were at the settlement."""
    days: Sequence[DayCounts]
    """Every day of the month that has been called."""
    desk: Desk


def build_monthly(
    register: Register,
    material: Material,
    *,
    period: str,
    start: datetime,
    end: datetime,
    settles_at: datetime,
    threshold_pct: int,
    counties: Sequence[Division],
    county: str | None,
    places: Mapping[str, int | None],
    limits: Sequence[LimitLine],
    provenance: Provenance,
) -> Monthly:
    """Put the report together.

    Args:
        register: Who is watched.
        material: What was read.
        period: The month.
        start: Its first moment.
        end: The first moment after it.
        settles_at: When it is settled (R15).
        threshold_pct: An effective rate below this is too low (R14).
        counties: Divisions that are ranked.
        county: Confine the report to this one; the ranking still goes by all.
        places: Rank of each county of the city, see ``places_of``; also of those that are not in this report.
        limits: See ``Monthly.limits``.
        provenance: What it was made from, when, and for whom.
    """
    figures = _Book(material)
    chosen = [division for division in counties if county in {None, division.code}]
    codes = {division.code for division in chosen}
    outlets = {o.id: o for o in register.outlets.values() if o.county in codes}
    states, changed = _states(material.days), _changed(material.days, settles_at)
    exceedances = [
        line
        for line in exceedance_lines((hour for day in material.days for hour in day.exceeded), register)
        if line.outlet in outlets
    ]
    opened, cleared = opened_by(material.desk.cases, period), cleared_in(material.desk.cases, start, end)
    lines = [
        CountyLine(
            rank=places.get(division.code),
            code=division.code,
            name=division.name,
            city=division.parent,
            outlets=sum(o.must_monitor for o in outlets.values() if o.county == division.code),
            figures=figures("county", division.code),
            below=is_below(figures("county", division.code).ranked, threshold_pct),
            exceeded=exceeded_of(line for line in exceedances if line.county == division.code),
            alerts=material.desk.alerts.get(division.code, AlertCounts()),
            cases_opened=opened[division.code],
            cases_cleared=cleared[division.code],
            orders=material.desk.orders.get(division.code, NO_ORDERS),
            changed_hours=sum(changed[o.id] for o in outlets.values() if o.county == division.code),
        )
        for division in chosen
    ]
    alerts = AlertCounts()
    for line in lines:
        alerts = alerts.plus(line.alerts)
    return Monthly(
        period=period,
        start=start,
        end=end,
        county=county,
        settles_at=settles_at,
        settled=provenance.as_of is not None and provenance.as_of >= settles_at,
        threshold_pct=threshold_pct,
        cities=[
            CityLine(
                code=code,
                name=register.divisions[code].name if code in register.divisions else code,
                figures=figures("city", code),
            )
            for code in (dict.fromkeys(d.parent for d in counties) if county is None else ())
        ],
        counties=sorted(lines, key=lambda line: (line.city, line.rank is None, line.rank or 0, line.code)),
        ranked=sum(place is not None for place in places.values()),
        exceeded=exceeded_of(exceedances),
        exceedances=exceedances,
        alerts=alerts,
        cases=[case for case in material.desk.cases if case.county in codes],
        reasons=pareto(_sum(states.get(id_, {}) for id_ in outlets)),
        worst=_worst(outlets, figures, states, exceedances, threshold_pct),
        limits=limits,
        provenance=provenance,
    )


class _Book:
    """Rates by level and id."""

    def __init__(self, material: Material) -> None:
        self._rates = {level: by_track(r for r in material.rates if r.level == level) for level in _LEVELS}
        self._settled = {(r.level, r.id): r for r in material.settled if r.track == "completed"}

    def __call__(self, level: str, id_: str) -> Figures:
        return Figures(
            completed=self._rates[level].get((id_, "completed")),
            in_time=self._rates[level].get((id_, "in_time")),
            settled=self._settled.get((level, id_)),
        )


_LEVELS = ("outlet", "county", "city")


def _states(days: Sequence[DayCounts]) -> dict[str, Counter[tuple[str, str]]]:
    """Hours by outlet, and by state and reason on the completed track."""
    states: dict[str, Counter[tuple[str, str]]] = {}
    for day in days:
        for (outlet, _), counts in day.states.items():
            mine = states.setdefault(outlet, Counter())
            for (state, reason, _, _), count in counts.items():
                mine[state, reason] += count
    return states


def _changed(days: Sequence[DayCounts], settles_at: datetime) -> Counter[str]:
    """Hours by outlet whose newest revision became known after the settlement."""
    changed: Counter[str] = Counter()
    for day in days:
        for (outlet, known), count in day.known_at.items():
            if known >= settles_at.date():
                changed[outlet] += count
    return changed


def _sum(counters: Iterable[Mapping[tuple[str, str], int]]) -> Counter[tuple[str, str]]:
    total: Counter[tuple[str, str]] = Counter()
    for counter in counters:
        total.update(counter)
    return total


def _worst(
    outlets: Mapping[str, Outlet],
    figures: _Book,
    states: Mapping[str, Mapping[tuple[str, str], int]],
    exceedances: Sequence[ExceedanceLine],
    threshold_pct: int,
) -> list[OutletLine]:
    exceeded: Counter[str] = Counter()
    for line in exceedances:
        exceeded[line.outlet] += line.hours
    lines = []
    for outlet in outlets.values():
        own = figures("outlet", outlet.id)
        reasons = pareto(states.get(outlet.id, {}))
        lines.append(
            OutletLine(
                id=outlet.id,
                name=outlet.name,
                enterprise=outlet.enterprise,
                county=outlet.county,
                figures=own,
                below=is_below(own.completed, threshold_pct),
                lost=sum(reason.count for reason in reasons),
                reasons=reasons,
                exceeded_hours=exceeded[outlet.id],
            )
        )
    lines = [line for line in lines if line.below or line.lost]
    lines.sort(key=lambda line: (not line.below, _share(line.figures.completed), -line.lost, line.id))
    below = sum(line.below for line in lines)
    return lines[: max(WORST, below)]


def _share(rate: Rate | None) -> Fraction:
    tally = tally_of(rate) if rate is not None else NOTHING
    return Fraction(tally.valid, tally.expected) if tally.expected else Fraction(1)
