"""Early warning 预警: the running hour is about to exceed (R20).

Samples are taken in the order of their time. One that comes late, or after its hour is over, warns of nothing any more;
the hour itself is judged from its own packet, whatever was warned of here.
"""

from collections.abc import Iterator
from datetime import datetime

from emissions.beijing import BEIJING, HOUR, hour_of
from emissions.event import Packet
from emissions.finding import Finding, finding_id
from emissions.marks import marks_of_hour
from emissions.memory import Head, RunningHour
from emissions.number import number
from emissions.register import Outlet
from emissions.rules import Rules
from emissions.sample import sample_mg_m3
from emissions.trace import trace_of
from emissions.validity import OXYGEN
from emissions.verdict import limit_of

RULE = "early_warning"

_HOUR_S = HOUR.total_seconds()

SAMPLES = {"2011": ("Rtd", "ZsRtd"), "2051": ("Avg", "ZsAvg")}
"""Commands that carry samples of the running hour: suffixes of the measured and of the converted value."""


def on_sample(head: Head, packet: Packet, *, outlet: Outlet, rules: Rules) -> Iterator[Finding]:
    """Take in the samples of a 2011 or 2051 packet; one warning for each pollutant and hour.

    Args:
        head: What is known of the outlet; its running hours are changed in place.
        packet: Another command, and a packet without DataTime, is left alone.
        outlet, rules: Limits, reference oxygen, parameters.
    """
    suffixes = SAMPLES.get(packet.cn)
    if suffixes is None or packet.data_time is None:
        return
    hour = hour_of(packet.data_time)
    if packet.received_at >= hour + HOUR:
        return
    parameters = rules.parameters
    if head.marks:
        marks = marks_of_hour(hour, head.marks.values(), in_time=False, parameters=parameters)
        if marks.stopped or marks.device or marks.operating:
            return
    oxygen = number(packet.values.get(OXYGEN, {}).get(suffixes[0]))
    at, start = packet.data_time.timestamp(), hour.timestamp()
    until = min(at + 60.0 * outlet.minute_interval, start + _HOUR_S) if packet.cn == "2051" else at
    long_enough = parameters.early_running.total_seconds()
    for pollutant in outlet.pollutants:
        values = packet.values.get(pollutant)
        if values is None:
            continue
        row = rules.limit_row(standard=outlet.standard, category=outlet.category, pollutant=pollutant, hour=hour)
        limit, source = limit_of(outlet, pollutant, hour, row)
        if limit is None:
            continue
        value = sample_mg_m3(
            pollutant,
            measured=number(values.get(suffixes[0])),
            sent=number(values.get(suffixes[1])),
            oxygen=oxygen,
            flag=values.get("Flag"),
            outlet=outlet,
            row=row,
            parameters=parameters,
        )
        if value is None:
            continue
        key = f"{pollutant}|{packet.cn}"
        known = head.running.get(key)
        if known is not None and at <= known.last:
            continue
        running = _with(known, start, at, until, value, over=value > limit, gap=long_enough)
        head.running[key] = running
        because = _because(running, limit, long_enough)
        if because is None or head.warned.get(pollutant, 0.0) >= start:
            continue
        head.warned[pollutant] = start
        yield _warning(running, because, packet, pollutant, hour, outlet, limit=limit, source=source)


def forecast(running: RunningHour) -> float:
    """Mean of the hour, from its first sample on, if the rest of it holds the last value. [mg/m³]"""
    end = running.hour + _HOUR_S
    return (running.area + running.value * (end - running.last)) / (end - running.first)


def _warning(
    running: RunningHour,
    because: str,
    packet: Packet,
    pollutant: str,
    hour: datetime,
    outlet: Outlet,
    *,
    limit: float,
    source: str | None,
) -> Finding:
    since = running.over_from if because == "running" and running.over_from is not None else running.first
    return Finding(
        id=finding_id(RULE, outlet.id, pollutant, hour.isoformat()),
        rule=RULE,
        subject={"outlet": outlet.id},
        from_=datetime.fromtimestamp(since, BEIJING),
        to=hour + HOUR,
        severity="warning",
        county=outlet.county,
        known_at=packet.received_at.astimezone(BEIJING),
        evidence={
            "rule": "R20",
            "because": because,
            "pollutant": pollutant,
            "hour": hour.isoformat(),
            "cn": packet.cn,
            "qn": packet.qn,
            "trace": trace_of(outlet.mn or outlet.id, packet.qn, packet.received_at),
            "at": None if packet.data_time is None else packet.data_time.isoformat(),
            "last_mg_m3": running.value,
            "forecast_mg_m3": round(forecast(running), 3),
            "limit_mg_m3": limit,
            "limit_source": source,
        },
    )


def _because(running: RunningHour, limit: float, long_enough: float) -> str | None:
    if running.over_from is not None and running.until - running.over_from >= long_enough:
        return "running"
    # A single sample holds for the rest of the hour only on paper: as much of the hour must be known as of a run.
    if running.until - running.first >= long_enough and forecast(running) > limit:
        return "mean"
    return None


def _with(
    known: RunningHour | None, hour: float, at: float, until: float, value: float, *, over: bool, gap: float
) -> RunningHour:
    """The running hour with one more sample. A gap longer than ``gap`` ends a run: nobody knows what was in it."""
    over_from = at if over else None
    if over and known is not None and known.over_from is not None and at - known.until <= gap:
        over_from = known.over_from
    first, area = at, 0.0
    if known is not None and known.hour == hour:
        first, area = known.first, known.area + known.value * (at - known.last)
    return RunningHour(hour=hour, first=first, last=at, until=until, value=value, area=area, over_from=over_from)
