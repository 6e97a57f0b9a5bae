"""The roll call 点名 (R13): which hours of which outlets are to be called now. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from emissions.beijing import HOUR, hour_of
from emissions.event import Due
from emissions.register import Outlet, Register
from emissions.rollcall import due_hours, is_due


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the roll call has come."""

    called_to: datetime | None = None
    """Start of the last hour that has been called; None: none was."""
    since: Mapping[str, datetime] = field(default_factory=dict)
    """By outlet that takes part in it: its ``connected_from`` when it joined."""


def last_due(now: datetime, in_time: timedelta) -> datetime:
    """Start of the last hour whose roll call has come: ``in_time`` after its start, to the instant (R12, R13)."""
    return hour_of(now - in_time)


def due_lines(register: Register, *, after: datetime | None, until: datetime) -> list[Due]:
    """The roll call of all outlets for the hours later than ``after`` and not later than ``until``.

    Args:
        register: Who is called.
        after: Start of the last hour that was called; None: none was.
        until: Start of the last hour to call.
    """
    return [line for _, lines in calls(register, Progress(after, _joined(register)), until=until) for line in lines]


def calls(
    register: Register, progress: Progress, *, until: datetime, since: datetime | None = None
) -> Iterator[tuple[datetime, list[Due]]]:
    """Hour by hour, oldest first, whom to call. An outlet that has joined, or joined earlier than known, is caught up.

    Args:
        register: Who is called.
        progress: What has been called already.
        until: Start of the last hour to call.
        since: No hour that starts before this one; None: from the outlets' ``connected_from`` on.
    """
    after = {outlet.id: _after(outlet, progress, since) for outlet in register.outlets.values()}
    firsts = (_first(outlet, after[outlet.id], until) for outlet in register.outlets.values())
    hour = min((first for first in firsts if first is not None), default=None)
    while hour is not None and hour <= until:
        lines = [
            Due(outlet=outlet.id, mn=outlet.mn, hour=hour)
            for outlet in register.outlets.values()
            if is_due(outlet, hour) and ((done := after[outlet.id]) is None or hour > done)
        ]
        if lines:
            yield hour, lines
        hour += HOUR


def joined(register: Register, progress: Progress) -> dict[str, datetime]:
    """Outlets that take part now and did not before, with their ``connected_from``."""
    return {id_: moment for id_, moment in _joined(register).items() if progress.since.get(id_) != moment}


def _joined(register: Register) -> dict[str, datetime]:
    return {
        outlet.id: outlet.connected_from
        for outlet in register.outlets.values()
        if outlet.must_monitor and outlet.connected_from is not None
    }


def _after(outlet: Outlet, progress: Progress, since: datetime | None) -> datetime | None:
    """Start of the last hour that need not be called."""
    known = progress.since.get(outlet.id)
    caught_up = known is not None and outlet.connected_from is not None and known <= outlet.connected_from
    done = progress.called_to if caught_up else None
    if since is None:
        return done
    bound = hour_of(since - timedelta(microseconds=1))
    return bound if done is None else max(done, bound)


def _first(outlet: Outlet, after: datetime | None, until: datetime) -> datetime | None:
    return next((due.hour for due in due_hours(outlet, after=after, until=until)), None)
