"""Findings about one outlet: what a person should know of its hours (R5, R6, R8, R9, R18)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median

from emissions import episodes
from emissions.beijing import BEIJING, HOUR, hour_of
from emissions.finding import Finding, finding_id
from emissions.marks import HourMarks
from emissions.memory import Head, HourMemory, OutletMemory, Published
from emissions.number import number
from emissions.oxygen import differs
from emissions.register import Outlet
from emissions.rules import Parameters
from emissions.trace import trace_of
from emissions.validity import FLOW, Assessment
from emissions.verdict import Verdict

_FLOW_DAYS = 30
"""The outlet's usual flow is the median over the hours of so many days."""

_SEARCH = timedelta(days=2)
"""How far ahead a backfilled exceeded hour looks for the episode that it belongs before."""


def of_hour(
    memory: OutletMemory,
    outlet: Outlet,
    pollutant: str,
    hour: datetime,
    *,
    assessment: Assessment,
    verdict: Verdict,
    last: Published | None,
    marks: HourMarks,
    known_at: datetime,
    parameters: Parameters,
) -> Iterator[Finding]:
    """All that one new judgement of an hour gives cause to say."""
    yield from _exceedance(memory, outlet, pollutant, hour, assessment, verdict, last, known_at)
    if assessment.state == "valid":
        yield from _conversion(outlet, pollutant, hour, assessment, known_at, parameters)
        if verdict.reason == "no_limit":
            yield from _no_limit(memory.head, outlet, pollutant, hour, known_at)
    if marks.stopped is not None:
        yield from _stopped_but_running(
            memory, outlet, pollutant, hour, assessment, verdict, marks, known_at, parameters
        )


def not_connected(head: Head, outlet: Outlet, *, known_at: datetime) -> Finding:
    """The outlet was called and nothing had ever come from it; ends with the first thing that comes."""
    assert head.not_connected_from is not None
    start = datetime.fromtimestamp(head.not_connected_from, BEIJING)
    first = None if head.first_received is None else datetime.fromtimestamp(head.first_received, BEIJING)
    return Finding(
        id=finding_id("not_connected", outlet.id),
        rule="not_connected",
        subject={"outlet": outlet.id},
        from_=start,
        to=None if first is None else max(first, start),
        severity="warning",
        county=outlet.county,
        known_at=known_at,
        evidence={"rule": "R7.2", "mn": outlet.mn, "enterprise": outlet.enterprise},
    )


def revised(memory: HourMemory, outlet: Outlet, hour: datetime, factor: str, *, known_at: datetime) -> Finding:
    """A value changed after its hour had been judged; lists every change."""
    changes = [
        {
            "key": key,
            "old": old,
            "new": new,
            "received_at": datetime.fromtimestamp(at, BEIJING).isoformat(timespec="milliseconds"),
        }
        for key, old, new, at in memory.revisions
        if key.rpartition("-")[0] == factor
    ]
    return Finding(
        id=finding_id("revised_after_judgement", outlet.id, factor, hour.isoformat()),
        rule="revised_after_judgement",
        subject={"outlet": outlet.id},
        from_=hour,
        to=hour + HOUR,
        severity="info",
        county=outlet.county,
        known_at=known_at,
        evidence={"rule": "R5", "factor": factor, "revision": len(changes), "changes": changes},
    )


def _exceedance(
    memory: OutletMemory,
    outlet: Outlet,
    pollutant: str,
    hour: datetime,
    assessment: Assessment,
    verdict: Verdict,
    last: Published | None,
    known_at: datetime,
) -> Iterator[Finding]:
    known = memory.head.episodes.get(pollutant, [])
    changed = []
    if verdict.verdict == "exceeded":
        known = memory.head.episodes.setdefault(pollutant, [])
        converted, limit = assessment.converted_mg_m3, verdict.limit_mg_m3
        assert converted is not None
        assert limit is not None
        changed = [
            episodes.on_exceeded(
                known,
                hour,
                outlet=outlet.id,
                pollutant=pollutant,
                converted=converted,
                limit=limit,
                later=_later_verdicts(memory, pollutant, hour),
            )
        ]
    elif verdict.verdict == "within":
        changed = episodes.on_within(known, hour)
    elif last is not None and last.verdict == "exceeded":
        changed = episodes.on_corrected(known, hour)
    for episode in changed:
        first = memory.hour(datetime.fromtimestamp(episode.first, BEIJING))
        cell = None if first is None else first.values.get(f"{pollutant}-Avg")
        trace = None if cell is None else trace_of(outlet.mn or outlet.id, cell.qn, cell.received)
        yield episodes.finding_of(episode, outlet, pollutant, known_at=known_at, trace=trace)


def _later_verdicts(memory: OutletMemory, pollutant: str, hour: datetime) -> Iterator[tuple[datetime, str]]:
    until = memory.head.called_until
    latest = hour + _SEARCH if until is None else min(hour + _SEARCH, datetime.fromtimestamp(until, BEIJING) + 2 * HOUR)
    later = hour + HOUR
    while later <= latest:
        known = memory.hour(later)
        if known is not None and pollutant in known.published:
            yield later, known.published[pollutant].verdict
        later += HOUR


def _conversion(
    outlet: Outlet,
    pollutant: str,
    hour: datetime,
    assessment: Assessment,
    known_at: datetime,
    parameters: Parameters,
) -> Iterator[Finding]:
    sent, computed = assessment.sent_mg_m3, assessment.computed_mg_m3
    if sent is None or computed is None:
        return
    if not differs(sent, computed, tolerance=parameters.conversion_tolerance):
        return
    yield Finding(
        id=finding_id("conversion_mismatch", outlet.id, pollutant, hour.isoformat()),
        rule="conversion_mismatch",
        subject={"outlet": outlet.id},
        from_=hour,
        to=hour + HOUR,
        severity="info",
        county=outlet.county,
        known_at=known_at,
        evidence={
            "rule": "R6",
            "pollutant": pollutant,
            "sent_mg_m3": sent,
            "computed_mg_m3": computed,
            "raw_mg_m3": assessment.raw_mg_m3,
            "o2_pct": assessment.o2_pct,
            "reference_o2_pct": assessment.reference_o2_pct,
        },
    )


def _no_limit(head: Head, outlet: Outlet, pollutant: str, hour: datetime, known_at: datetime) -> Iterator[Finding]:
    name = finding_id("no_limit", outlet.id, pollutant)
    if name in head.told:
        return
    head.told.append(name)
    yield Finding(
        id=name,
        rule="no_limit",
        subject={"outlet": outlet.id},
        from_=hour,
        to=None,
        severity="info",
        county=outlet.county,
        known_at=known_at,
        evidence={
            "rule": "R9",
            "pollutant": pollutant,
            "standard": outlet.standard,
            "category": outlet.category,
        },
    )


def _stopped_but_running(
    memory: OutletMemory,
    outlet: Outlet,
    pollutant: str,
    hour: datetime,
    assessment: Assessment,
    verdict: Verdict,
    marks: HourMarks,
    known_at: datetime,
    parameters: Parameters,
) -> Iterator[Finding]:
    """A stop mark that the data contradict; the exclusion stays until a person decides (R8)."""
    mark = marks.stopped
    assert mark is not None
    here = memory.hour(hour)
    cell = None if here is None else here.values.get(f"{FLOW}-Avg")
    flow = number(cell.text) if cell is not None else None
    usual = _usual_flow(memory, hour)
    flowing = flow is not None and usual is not None and flow > parameters.running_flow_share * usual
    burning = assessment.o2_pct is not None and assessment.o2_pct < parameters.running_o2_pct
    value, limit = assessment.converted_mg_m3, verdict.limit_mg_m3
    emitting = value is not None and limit is not None and value > parameters.running_limit_share * limit
    if not (emitting or (burning and flowing)):
        return
    hours = memory.head.contradicted.setdefault(mark.id, {})
    numbers = {"o2_pct": assessment.o2_pct, "flow": flow, "usual_flow": usual, f"{pollutant}_mg_m3": value}
    hours[hour.isoformat()] = {**hours.get(hour.isoformat(), {}), **numbers}
    yield Finding(
        id=finding_id("stopped_but_running", outlet.id, mark.id),
        rule="stopped_but_running",
        subject={"outlet": outlet.id},
        from_=datetime.fromisoformat(min(hours)),
        to=datetime.fromisoformat(max(hours)) + HOUR,
        severity="warning",
        county=outlet.county,
        known_at=known_at,
        evidence={"rule": "R8", "mark": mark.id, "by": mark.by, "hours": dict(sorted(hours.items()))},
    )


def _usual_flow(memory: OutletMemory, hour: datetime) -> float | None:
    """Median of the hourly flows of the days before: what the outlet usually blows."""
    flows = [
        flow
        for _, known in memory.back_from(hour_of(hour), days=_FLOW_DAYS)
        if (cell := known.values.get(f"{FLOW}-Avg")) is not None and (flow := number(cell.text)) is not None
    ]
    return median(flows) if flows else None
