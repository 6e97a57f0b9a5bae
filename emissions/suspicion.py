"""Suspected falsification at one outlet (R22): named rules, always *suspected*, always with the numbers."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from emissions.beijing import BEIJING, HOUR, midnight, to_beijing
from emissions.event import Packet
from emissions.finding import Finding, finding_id
from emissions.memory import Head, HourMemory, OutletMemory, Published, Run, Steady
from emissions.number import number
from emissions.oxygen import to_reference_oxygen
from emissions.periods import day_after, first_day, period_of
from emissions.register import Outlet
from emissions.rules import Parameters
from emissions.validity import OXYGEN, flag_of

CONSTANT, HUGGING, DILUTION, MARKED, CONTRADICTION = (
    f"suspected_{name}" for name in ("constant", "limit_hugging", "oxygen_dilution", "mark_at_peak", "min_avg_max")
)

_LOOK_BACK_DAYS = 30
"""How many days back the valid hours are looked for that may hug the limit."""

_EVERY = 24
"""A run that goes on is told again when so many hours have been added."""

_RUNS = 3
"""Runs of one rule and pollutant that are remembered: late data may go on with one of them."""

_HOUR_S = HOUR.total_seconds()


def of_hour(
    memory: OutletMemory,
    outlet: Outlet,
    pollutant: str,
    hour: datetime,
    *,
    known_at: datetime,
    reference_o2_pct: float | None,
    parameters: Parameters,
) -> Iterator[Finding]:
    """What one new judgement of an hour gives cause to suspect.

    Args:
        memory: With the judgement already entered.
        outlet, pollutant, hour: What was judged.
        known_at: When what changed it became known.
        reference_o2_pct: Reference oxygen that converts this hour; None: nothing is converted.
        parameters: The rulebook's numbers.
    """
    told = _Teller(outlet, pollutant, known_at)
    rule = parameters.suspicion
    yield from _runs(memory, told, hour, CONSTANT, rule.constant_hours, lambda known: _mean(known, pollutant))

    def diluted(known: HourMemory) -> str | None:
        return _diluted(known, pollutant, reference_o2_pct, rule.dilution_tolerance)

    yield from _runs(memory, told, hour, DILUTION, rule.dilution_hours, diluted)
    yield from _hugging(memory, told, hour, parameters)
    yield from _at_peak(memory, told, hour, parameters)


def of_sample(head: Head, packet: Packet, outlet: Outlet, parameters: Parameters) -> Iterator[Finding]:
    """Real-time values that do not move; samples in the order of their time, as for early warnings (R20)."""
    if packet.cn != "2011" or packet.data_time is None:
        return
    oxygen = number(packet.values.get(OXYGEN, {}).get("Rtd"))
    if oxygen is not None and oxygen >= parameters.no_combustion_o2_pct:
        return
    at, long_enough = packet.data_time.timestamp(), parameters.suspicion.constant_realtime.total_seconds()
    for pollutant in outlet.pollutants:
        values = packet.values.get(pollutant, {})
        text = values.get("Rtd", "").strip()
        if number(text) is None or flag_of(values.get("Flag")) != "N":
            continue
        run = head.steady.get(pollutant)
        if run is None:
            head.steady[pollutant] = Steady(text=text, first=at, last=at)
            continue
        if at <= run.last:
            continue
        moved, gap = text != run.text, at - run.last > long_enough
        if moved or gap:
            if run.told:
                yield _steady(run, outlet, pollutant, packet.received_at, ended=True)
            head.steady[pollutant] = Steady(text=text, first=at, last=at)
            continue
        run.last = at
        if not run.told and at - run.first >= long_enough:
            run.told = True
            yield _steady(run, outlet, pollutant, packet.received_at, ended=False)


def contradiction(packet: Packet, factor: str, hour: datetime, outlet: Outlet) -> Finding | None:
    """Min, Avg and Max of an hour that cannot all be true."""
    values = packet.values[factor]
    low, mean, high = (number(values.get(name)) for name in ("Min", "Avg", "Max"))
    if mean is None or not ((low is not None and low > mean) or (high is not None and mean > high)):
        return None
    numbers = {"min": low, "avg": mean, "max": high, "qn": packet.qn}
    return _Teller(outlet, factor, packet.received_at).tell(CONTRADICTION, hour, hour, hour + HOUR, **numbers)


class _Teller:
    def __init__(self, outlet: Outlet, pollutant: str, known_at: datetime) -> None:
        self.outlet, self.pollutant, self.known_at = outlet, pollutant, to_beijing(known_at)

    def tell(self, rule: str, name: datetime | str, start: datetime, to: datetime | None, **numbers: Any) -> Finding:
        key = name if isinstance(name, str) else name.isoformat()
        return Finding(
            id=finding_id(rule, self.outlet.id, self.pollutant, key),
            rule=rule,
            subject={"outlet": self.outlet.id},
            from_=start,
            to=to,
            severity="warning",
            county=self.outlet.county,
            known_at=self.known_at,
            evidence={"rule": "R22", "pollutant": self.pollutant, **numbers},
        )


def _steady(run: Steady, outlet: Outlet, pollutant: str, known_at: datetime, *, ended: bool) -> Finding:
    first, last = (datetime.fromtimestamp(moment, BEIJING) for moment in (run.first, run.last))
    teller = _Teller(outlet, pollutant, known_at)
    minutes = round((run.last - run.first) / 60, 1)
    return teller.tell(CONSTANT, f"realtime {first.isoformat()}", first, last if ended else None, cn="2011",
                       value=run.text, minutes=minutes)  # fmt: skip


# -- runs of hours ------------------------------------------------------------------------------------------------


def _runs(
    memory: OutletMemory,
    told: _Teller,
    hour: datetime,
    rule: str,
    least: int,
    sign: Callable[[HourMemory], str | None],
) -> Iterator[Finding]:
    """The run of hours of one sign that the hour makes long enough or goes on, and the one that it ends."""
    here, at = _sign(memory, told.pollutant, hour, sign), hour.timestamp()
    runs = memory.head.runs.get(f"{rule}|{told.pollutant}", [])
    for run in runs:
        if run.last == at - _HOUR_S and run.value != here:
            yield _run(run, told, rule, ended=True)
    if here is None:
        return
    first = _edge(memory, told.pollutant, hour, -HOUR, sign, here, least).timestamp()
    last = _edge(memory, told.pollutant, hour, HOUR, sign, here, least).timestamp()
    beside = (r for r in runs if r.value == here and r.first <= last + _HOUR_S and r.last >= first - _HOUR_S)
    known = next(beside, None)
    if known is not None:
        before = known.first, known.last
        known.first, known.last = min(known.first, first), max(known.last, last)
        over = _is_over(memory, told.pollutant, known)
        if before != (known.first, known.last) and (over or _length(known) % _EVERY == 0):
            yield _run(known, told, rule, ended=over)
    elif round((last - first) / _HOUR_S) + 1 >= least:
        known = Run(name=first, value=here, first=first, last=last)
        memory.head.runs[f"{rule}|{told.pollutant}"] = [*runs, known][-_RUNS:]
        yield _run(known, told, rule, ended=_is_over(memory, told.pollutant, known))


def _is_over(memory: OutletMemory, pollutant: str, run: Run) -> bool:
    """Whether the hour behind the run is known already: data that came late end where other data begin."""
    following = memory.hour(datetime.fromtimestamp(run.last + _HOUR_S, BEIJING))
    return following is not None and pollutant in following.published


def _length(run: Run) -> int:
    return round((run.last - run.first) / _HOUR_S) + 1


def _run(run: Run, told: _Teller, rule: str, *, ended: bool) -> Finding:
    first, last = (datetime.fromtimestamp(moment, BEIJING) for moment in (run.first, run.last))
    name = datetime.fromtimestamp(run.name, BEIJING)
    return told.tell(rule, name, first, last + HOUR if ended else None, hours=_length(run), value=run.value)


def _edge(
    memory: OutletMemory,
    pollutant: str,
    hour: datetime,
    step: timedelta,
    sign: Callable[[HourMemory], str | None],
    value: str,
    most: int,
) -> datetime:
    for _ in range(most):
        if _sign(memory, pollutant, hour + step, sign) != value:
            break
        hour += step
    return hour


def _sign(memory: OutletMemory, pollutant: str, hour: datetime, sign: Callable[[HourMemory], str | None]) -> str | None:
    known = memory.hour(hour)
    published = None if known is None else known.published.get(pollutant)
    # Only hours that were judged: a plant that stands still sends the same all night.
    if known is None or published is None or published.verdict == "not_judged":
        return None
    return sign(known)


def _mean(known: HourMemory, pollutant: str) -> str | None:
    cell = known.values.get(f"{pollutant}-Avg")
    return None if cell is None else cell.text.strip()


def _diluted(known: HourMemory, pollutant: str, reference: float | None, tolerance: float) -> str | None:
    texts = (known.values.get(key) for key in (f"{pollutant}-Avg", f"{pollutant}-ZsAvg", f"{OXYGEN}-Avg"))
    raw, sent, oxygen = (None if cell is None else number(cell.text) for cell in texts)
    if raw is None or sent is None or oxygen is None or reference is None:
        return None
    computed = to_reference_oxygen(raw, measured_o2_pct=oxygen, reference_o2_pct=reference)
    return "lower" if round(computed * (1 - tolerance) - sent, 9) > 0 else None


# -- many hours ---------------------------------------------------------------------------------------------------


def _hugging(memory: OutletMemory, told: _Teller, hour: datetime, parameters: Parameters) -> Iterator[Finding]:
    """Told once a month, when the hour itself lies just under its limit."""
    rule, here = parameters.suspicion, memory.hour(hour)
    assert here is not None

    def close(published: Published) -> bool:
        if published.converted is None or not published.limit:
            return False
        return rule.hugging_from * published.limit <= published.converted <= rule.hugging_to * published.limit

    now = here.published[told.pollutant]
    month = period_of(to_beijing(hour).date(), "month")
    name = finding_id(HUGGING, told.outlet.id, told.pollutant, month)
    if now.state != "valid" or not close(now) or name in memory.head.told:
        return
    looked, under, first = 0, 0, hour
    for at, known in memory.back_from(hour + HOUR, days=_LOOK_BACK_DAYS):
        published = known.published.get(told.pollutant)
        if published is None or published.state != "valid":
            continue
        looked, under, first = looked + 1, under + close(published), at
        if looked == rule.hugging_hours:
            break
    if looked < rule.hugging_hours or under < rule.hugging_share * looked:
        return
    memory.head.told.append(name)
    yield told.tell(HUGGING, month, first, hour + HOUR, valid_hours=looked, just_under=under, limit_mg_m3=now.limit)


def _at_peak(memory: OutletMemory, told: _Teller, hour: datetime, parameters: Parameters) -> Iterator[Finding]:
    """Runs of marked hours with an exceeded hour right before or after them, added up over the month."""
    marks = memory.head.marks
    if not marks or not (
        _marked(memory, told.pollutant, hour) or _exceeded_beside_a_mark(memory, told.pollutant, hour)
    ):
        return
    day = to_beijing(hour).date()
    month = period_of(day, "month")
    at, end = midnight(first_day("month", month)), midnight(day_after("month", month))
    hours: list[datetime] = []
    while at < end:
        run = []
        while at < end and _marked(memory, told.pollutant, at):
            run.append(at)
            at += HOUR
        if run and (_exceeded(memory, told.pollutant, run[0] - HOUR) or _exceeded(memory, told.pollutant, at)):
            hours += run
        at += HOUR
    name = f"{finding_id(MARKED, told.outlet.id, told.pollutant, month)} {len(hours)}"
    if len(hours) < parameters.suspicion.mark_hours or name in memory.head.told:
        return
    memory.head.told.append(name)
    by = sorted({mark.by for mark in marks.values() if not mark.revoked})
    yield told.tell(MARKED, month, hours[0], hours[-1] + HOUR, hours=len(hours), marked=[h.isoformat() for h in hours],
                    by=by)  # fmt: skip


def _exceeded_beside_a_mark(memory: OutletMemory, pollutant: str, hour: datetime) -> bool:
    beside = (hour - HOUR, hour + HOUR)
    return _exceeded(memory, pollutant, hour) and any(_marked(memory, pollutant, other) for other in beside)


def _exceeded(memory: OutletMemory, pollutant: str, hour: datetime) -> bool:
    known = memory.hour(hour)
    published = None if known is None else known.published.get(pollutant)
    return published is not None and published.verdict == "exceeded"


def _marked(memory: OutletMemory, pollutant: str, hour: datetime) -> bool:
    """Whether a mark takes the hour out of the judgement."""
    known = memory.hour(hour)
    published = None if known is None else known.published.get(pollutant)
    if published is None:
        return False
    marked_as_stopped = published.state == "excluded" and any(
        mark.mark == "stopped" and not mark.revoked and mark.from_ < hour + HOUR and mark.to > hour
        for mark in memory.head.marks.values()
    )
    return marked_as_stopped or published.reason.startswith("marked_")
