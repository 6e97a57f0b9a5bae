"""The fold of one county: rates added up, live warning, grounds for supervision 挂牌督办 (R14 to R17).

The roll call is the barrier: hour H is evaluated when every outlet of the county has been called for it, with the
counts that each had at its own call. So what the county says does not depend on how its outlets' lines interleave.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from emissions import exceeding, twins
from emissions.beijing import BEIJING, hour_of
from emissions.exceeding import ExceededHour
from emissions.finding import Case, Finding, finding_id, give_revisions
from emissions.hourly import Hour
from emissions.periods import day_after, first_day, period_of, settles_at
from emissions.register import Outlet
from emissions.rollcall import is_due
from emissions.rules import Parameters, Rules
from emissions.tally import NOTHING, Tally, add_up, percent
from emissions.transmission import TRACKS, Called, Rate, rate_of, tally_of
from emissions.twins import Curves

Output = Rate | Finding | Case

RATE_RULE = "rate_below_90"


@dataclass(slots=True)
class Snapshot:
    """Counts of one outlet at its call: the month's in-time ones, and the completed ones of the month before."""

    month: Tally
    last_month: Tally


@dataclass(slots=True)
class Settled:
    """A month that was under the line when it was settled."""

    at: float
    counts: Tally
    outlets: dict[str, Tally]


@dataclass(slots=True)
class CountyMemory:
    """What is known of one county."""

    tallies: dict[str, dict[str, Tally]] = field(default_factory=dict)
    """By ``window|period|track``: the latest counts of each outlet."""
    as_of: dict[str, float] = field(default_factory=dict)
    """By outlet: roll call that its counts go up to, Unix time."""
    pending: dict[str, dict[str, Snapshot]] = field(default_factory=dict)
    """By hour (Unix time as text, for packing): who has been called."""
    barrier: float | None = None
    """Latest hour for which all were called, Unix time."""
    unsaid: dict[str, dict[str, float]] = field(default_factory=dict)
    """By ``window|period``: enterprises whose counts changed since they were last said, and up to which roll call."""
    hours_called: dict[str, int] = field(default_factory=dict)
    """By month: distinct hours called."""
    warning: Finding | None = None
    """The live warning that lasts."""
    settled: dict[str, Settled | None] = field(default_factory=dict)
    """By month: what the settlement found; None: nothing to object to."""
    exceeded: dict[str, dict[str, dict[str, ExceededHour]]] = field(default_factory=dict)
    """By month and enterprise: exceeded hours."""
    cases: dict[str, Case] = field(default_factory=dict)
    """By trigger."""
    curves: Curves = field(default_factory=Curves)
    """The latest valid hours (R22)."""
    revision: int = 0
    """That of the last finding or case, see ``emissions.finding``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """One county with the outlets it answers for."""

    code: str
    city: str
    outlets: Mapping[str, Outlet]


def fold(memory: CountyMemory, event: Hour | Rate | Called, *, county: County, rules: Rules) -> list[Output]:
    """Take in one line of the county's outlets and say what follows from it.

    Args:
        memory: What is known of the county; changed in place.
        event: An hour, a rate of level ``outlet`` or a called line. Each outlet's lines come in its own order.
        county: The county as registered.
        rules: Parameters.
    """
    work = _Work(memory, county, rules.parameters)
    match event:
        case Hour(known_at=at):
            work.hour(event)
        case Rate(as_of=at):
            work.rate(event)
        case Called():
            at = event.hour + rules.parameters.in_time
            work.called(event)
    give_revisions(work.outputs, memory, at)
    return work.outputs


def flush(memory: CountyMemory, *, county: County, rules: Rules) -> list[Output]:
    """At the end of a recorded feed: evaluate the hours for which only some outlets were called, in order."""
    outputs = []
    for key in sorted(memory.pending, key=float):
        work, hour = _Work(memory, county, rules.parameters), datetime.fromtimestamp(float(key), BEIJING)
        work.evaluate(hour)
        give_revisions(work.outputs, memory, hour + rules.parameters.in_time)
        outputs += work.outputs
    return outputs


class _Work:
    """One step of the fold."""

    def __init__(self, memory: CountyMemory, county: County, parameters: Parameters) -> None:
        self.memory = memory
        self.county = county
        self.parameters = parameters
        self.outputs: list[Output] = []

    # -- events ---------------------------------------------------------------------------------------------------

    def hour(self, hour: Hour) -> None:
        if self.memory.barrier is None or hour.hour.timestamp() > self.memory.barrier:
            twins.take(self.memory.curves, hour)
        month = period_of(hour.hour.astimezone(BEIJING).date(), "month")
        enterprises = self.memory.exceeded.get(month)
        if hour.verdict == "exceeded":
            enterprises = self.memory.exceeded.setdefault(month, {})
            changed = exceeding.on_exceeded(enterprises.setdefault(hour.enterprise, {}), hour)
        else:
            changed = enterprises is not None and exceeding.on_corrected(enterprises.get(hour.enterprise, {}), hour)
        if not changed or enterprises is None or len(enterprises) < self.parameters.exceeding_enterprises:
            return
        finding = exceeding.finding_of(
            enterprises, county=self.county.code, month=month, need=self.parameters.exceeding_enterprises
        )
        self.outputs.append(finding)
        self._join_case("exceeding", finding.known_at, month, finding.evidence)

    def rate(self, rate: Rate) -> None:
        if rate.level != "outlet" or rate.id not in self.county.outlets:
            return
        at = rate.as_of.timestamp()
        if at < self.memory.as_of.get(rate.id, 0.0):
            return  # said again after a restart; what is newer is known
        self.memory.as_of[rate.id] = at
        self.memory.tallies.setdefault(f"{rate.window}|{rate.period}|{rate.track}", {})[rate.id] = tally_of(rate)
        self.outputs.append(rate)
        changed = self.memory.unsaid.setdefault(f"{rate.window}|{rate.period}", {})
        enterprise = self.county.outlets[rate.id].enterprise
        changed[enterprise] = max(at, changed.get(enterprise, at))
        if self.memory.barrier is not None and at <= self.memory.barrier + self.parameters.in_time.total_seconds():
            self._say_rates()  # a late change to hours that all were called for

    def called(self, called: Called) -> None:
        at = called.hour.timestamp()
        if self.memory.barrier is not None and at <= self.memory.barrier:
            return
        hour = hour_of(called.hour)
        waiting = self.memory.pending.setdefault(str(at), {})
        if called.outlet not in waiting:
            waiting[called.outlet] = self._snapshot(called.outlet, hour)
            twins.call(self.memory.curves, called.outlet, hour, need=self.parameters.suspicion.twin_hours)
        if all(outlet.id in waiting for outlet in self.county.outlets.values() if is_due(outlet, hour)):
            self.evaluate(hour)

    # -- the barrier ----------------------------------------------------------------------------------------------

    def evaluate(self, hour: datetime) -> None:
        """All outlets have been called for the hour: say the county's rates, then what they give cause for."""
        snapshots = self.memory.pending.pop(str(hour.timestamp()))
        self.memory.barrier = max(hour.timestamp(), self.memory.barrier or 0.0)
        month = period_of(hour.date(), "month")
        self.memory.hours_called[month] = self.memory.hours_called.get(month, 0) + 1
        self._say_rates()
        self._live_warning(hour, month, {outlet: s.month for outlet, s in snapshots.items()})
        self._settle(hour, {outlet: s.last_month for outlet, s in snapshots.items()})
        self.outputs += twins.look(
            self.memory.curves,
            hour,
            county=self.county.code,
            known_at=hour + self.parameters.in_time,
            need=self.parameters.suspicion.twin_hours,
        )

    def _snapshot(self, outlet: str, hour: datetime) -> Snapshot:
        month = period_of(hour.date(), "month")
        last = period_of((hour + self.parameters.in_time).date().replace(day=1) - timedelta(days=1), "month")
        return Snapshot(
            month=self.memory.tallies.get(f"month|{month}|in_time", {}).get(outlet, NOTHING),
            last_month=self.memory.tallies.get(f"month|{last}|completed", {}).get(outlet, NOTHING),
        )

    def _live_warning(self, hour: datetime, month: str, tallies: Mapping[str, Tally]) -> None:
        """R15: month to date, in time, under the line once enough hours of the month have been called."""
        called_at = hour + self.parameters.in_time
        open_ = self.memory.warning
        if open_ is not None and open_.evidence["period"] != month:
            self._end_warning(open_, at=_month_end(str(open_.evidence["period"])), known_at=called_at, counts=None)
            open_ = None
        counts = add_up(tallies.values())
        below = counts.below(self.parameters.rate_threshold_pct)
        enough = self.memory.hours_called[month] >= self.parameters.warning_hours
        if open_ is None and below and enough:
            self.memory.warning = Finding(
                id=finding_id(RATE_RULE, self.county.code, month, "live", hour.isoformat()),
                rule=RATE_RULE,
                subject={"county": self.county.code},
                from_=hour,
                to=None,
                severity="warning",
                county=self.county.code,
                known_at=called_at,
                evidence={
                    "rule": "R15",
                    "period": month,
                    "track": "in_time",
                    "settled": False,
                    "hours_called": self.memory.hours_called[month],
                    **_counts(counts),
                    "outlets": self._outlets_below(tallies),
                },
            )
            self.outputs.append(self.memory.warning)
        elif open_ is not None and not below:
            self._end_warning(open_, at=hour, known_at=called_at, counts=counts)

    def _end_warning(self, warning: Finding, *, at: datetime, known_at: datetime, counts: Tally | None) -> None:
        self.memory.warning = None
        ended = {} if counts is None else {"at_end": _counts(counts)}
        self.outputs.append(
            Finding(
                id=warning.id,
                rule=warning.rule,
                subject=warning.subject,
                from_=warning.from_,
                to=at,
                severity=warning.severity,
                county=warning.county,
                known_at=known_at,
                evidence={**warning.evidence, **ended},
            )
        )

    def _settle(self, hour: datetime, tallies: Mapping[str, Tally]) -> None:
        """Trigger A: the last month's completed rate at its settlement (R15)."""
        called_at = hour + self.parameters.in_time
        month = period_of(called_at.date().replace(day=1) - timedelta(days=1), "month")
        settles = settles_at("month", month, settled_day=self.parameters.settled_day)
        if month in self.memory.settled or called_at < settles:
            return
        counts = add_up(tallies.values())
        self.memory.settled[month] = None
        if counts.below(self.parameters.rate_threshold_pct):
            below = {o: t for o, t in sorted(tallies.items()) if t.below(self.parameters.rate_threshold_pct)}
            self.memory.settled[month] = Settled(at=settles.timestamp(), counts=counts, outlets=below)
            self._say_settled(month, known_at=settles)

    def _say_settled(self, month: str, *, known_at: datetime) -> None:
        settled = self.memory.settled.get(month)
        if settled is None:
            return
        now = add_up(self.memory.tallies.get(f"month|{month}|completed", {}).values())
        evidence = {
            "rule": "R15",
            "period": month,
            "track": "completed",
            "settled": True,
            **_counts(settled.counts),
            "outlets": {outlet: _counts(tally) for outlet, tally in settled.outlets.items()},
            "now": _counts(now),
            "lifted_by_late_data": not now.below(self.parameters.rate_threshold_pct),
        }
        self.outputs.append(
            Finding(
                id=finding_id(RATE_RULE, self.county.code, month, "settled"),
                rule=RATE_RULE,
                subject={"county": self.county.code},
                from_=datetime.combine(first_day("month", month), datetime.min.time(), BEIJING),
                to=_month_end(month),
                severity="severe",
                county=self.county.code,
                known_at=known_at,
                evidence=evidence,
            )
        )
        self._join_case("rate", datetime.fromtimestamp(settled.at, BEIJING), month, evidence)

    def _join_case(self, trigger: str, opened_at: datetime, month: str, evidence: Mapping[str, Any]) -> None:
        """One open case for each trigger: a further month's evidence joins it, nothing here closes it (R17)."""
        known = self.memory.cases.get(trigger)
        periods = dict(known.evidence["periods"]) if known is not None else {}
        periods[month] = {**evidence, "opened_at": opened_at.isoformat()}
        first = known.period if known is not None else month
        case = Case(
            id=known.id if known is not None else finding_id("case", self.county.code, trigger, month),
            county=self.county.code,
            trigger=trigger,
            opened_at=opened_at if first == month or known is None else known.opened_at,
            period=first,
            evidence={"periods": dict(sorted(periods.items()))},
        )
        if case != known:
            self.memory.cases[trigger] = case
            self.outputs.append(case)

    # -- rates ----------------------------------------------------------------------------------------------------

    def _say_rates(self) -> None:
        """Rates of the enterprises and of the county for all that changed since they were last said."""
        assert self.memory.barrier is not None
        as_of = datetime.fromtimestamp(self.memory.barrier, BEIJING) + self.parameters.in_time
        for key, enterprises in sorted(self.memory.unsaid.items()):
            window, period = key.split("|")
            settled = as_of >= settles_at(window, period, settled_day=self.parameters.settled_day)
            for track in TRACKS:
                tallies = self.memory.tallies.get(f"{key}|{track}", {})
                for enterprise in sorted(enterprises):
                    mine = (t for o, t in tallies.items() if self.county.outlets[o].enterprise == enterprise)
                    self._say(add_up(mine), "enterprise", enterprise, window, period, track, as_of, settled)
                total = add_up(tallies.values())
                self._say(total, "county", self.county.code, window, period, track, as_of, settled)
            if window == "month" and self.memory.settled.get(period) is not None:
                self._say_settled(period, known_at=as_of)
            # What outlets ahead of the barrier have changed is said again when the barrier gets there.
            ahead = {e: at for e, at in enterprises.items() if at > as_of.timestamp()}
            if ahead:
                self.memory.unsaid[key] = ahead
            else:
                del self.memory.unsaid[key]

    def _say(
        self,
        tally: Tally,
        level: str,
        name: str,
        window: str,
        period: str,
        track: str,
        as_of: datetime,
        settled: bool,
    ) -> None:
        self.outputs.append(
            rate_of(
                tally,
                level=level,
                id=name,
                window=window,
                period=period,
                track=track,
                as_of=as_of,
                settled=settled,
                county=self.county.code,
                city=self.county.city,
            )
        )

    def _outlets_below(self, tallies: Mapping[str, Tally]) -> dict[str, dict[str, Any]]:
        threshold = self.parameters.rate_threshold_pct
        return {outlet: _counts(tally) for outlet, tally in sorted(tallies.items()) if tally.below(threshold)}


def add_counties(rates: Iterable[Rate], *, city: str) -> Rate:
    """The city's rate of one period and track from its counties': counts added up, never percentages averaged (R14)."""
    counties = list(rates)
    first = counties[0]
    return rate_of(
        add_up(map(tally_of, counties)),
        level="city",
        id=city,
        window=first.window,
        period=first.period,
        track=first.track,
        as_of=max(rate.as_of for rate in counties),
        settled=all(rate.settled for rate in counties),
        county="",
        city=city,
    )


def _counts(tally: Tally) -> dict[str, Any]:
    return {
        "valid": tally.valid,
        "received": tally.received,
        "expected": tally.expected,
        "effective_pct": percent(tally.valid, tally.expected),
    }


def _month_end(month: str) -> datetime:
    return datetime.combine(day_after("month", month), datetime.min.time(), BEIJING)
