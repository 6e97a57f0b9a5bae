"""Silence 失联: nothing has come from an outlet for too long (R21).

The clock is the feed itself: whatever is received on the same shard, and the roll call, says how late it is.
"""

from datetime import datetime, timedelta

from emissions.beijing import BEIJING, HOUR
from emissions.finding import Finding, finding_id
from emissions.memory import Head
from emissions.register import Outlet
from emissions.rules import Parameters

RULE = "silence"

OFTEN = frozenset({"2011", "2051"})
"""Commands that come more often than once an hour: an outlet that sends them has its minute interval."""

_DAY = timedelta(days=1)


def heard(
    head: Head, outlet: Outlet, received_at: datetime, cn: str | None, *, parameters: Parameters
) -> Finding | None:
    """Something has come from the outlet: note it, and end the silence that lasts.

    Args:
        head: Changed in place.
        outlet: Whose logger was heard.
        received_at: When.
        cn: Its command; None for a sign of life that is no data.
        parameters: The rulebook's numbers.
    """
    at = received_at.timestamp()
    if cn in OFTEN:
        head.last_often = max(at, head.last_often or at)
    ended = None
    if head.silent_from is not None and at > head.silent_from:
        ended = _finding(head.silent_from, outlet, to=at, known_at=received_at, parameters=parameters, head=head)
        head.silent_from = None
    head.last_received = max(at, head.last_received or at)
    return ended


def quiet_from(
    last_received: float | None, last_often: float | None, outlet: Outlet, *, parameters: Parameters
) -> float | None:
    """When the outlet counts as silent if nothing comes, as Unix time; None where nobody waits for it."""
    if last_received is None or not outlet.must_monitor:
        return None
    return last_received + _span(last_received, last_often, outlet, parameters).total_seconds()


def on_time(head: Head, outlet: Outlet, now: float, *, parameters: Parameters) -> Finding | None:
    """It is that late by the feed: the silence that begins, if one does."""
    due = quiet_from(head.last_received, head.last_often, outlet, parameters=parameters)
    if due is None or head.silent_from is not None or now <= due or head.last_received is None:
        return None
    head.silent_from = head.last_received
    moment = datetime.fromtimestamp(due, BEIJING)
    return _finding(head.silent_from, outlet, to=None, known_at=moment, parameters=parameters, head=head)


def _span(last_received: float, last_often: float | None, outlet: Outlet, parameters: Parameters) -> timedelta:
    """An outlet that sent nothing but hours in the day before its last packet has an interval of an hour."""
    often = last_often is not None and last_received - last_often <= _DAY.total_seconds()
    interval = timedelta(minutes=outlet.minute_interval) if often else HOUR
    return max(parameters.silence_after, parameters.silence_intervals * interval)


def _finding(
    since: float, outlet: Outlet, *, to: float | None, known_at: datetime, parameters: Parameters, head: Head
) -> Finding:
    start = datetime.fromtimestamp(since, BEIJING)
    allowed = _span(since, head.last_often, outlet, parameters)
    return Finding(
        id=finding_id(RULE, outlet.id, start.isoformat()),
        rule=RULE,
        subject={"outlet": outlet.id},
        from_=start,
        to=None if to is None else datetime.fromtimestamp(to, BEIJING),
        severity="warning",
        county=outlet.county,
        known_at=known_at.astimezone(BEIJING),
        evidence={
            "rule": "R21",
            "mn": outlet.mn,
            "enterprise": outlet.enterprise,
            "allowed_minutes": allowed.total_seconds() / 60,
        },
    )
