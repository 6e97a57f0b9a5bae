"""Which hours of which outlets are due (R11, R13)."""

from collections.abc import Iterator
from datetime import datetime

from emissions.beijing import HOUR, hour_of
from emissions.event import Due
from emissions.register import Outlet


def is_due(outlet: Outlet, hour: datetime) -> bool:
    """Whether the outlet is called for the hour: it must be monitored, and was connected when the hour began."""
    return outlet.must_monitor and outlet.connected_from is not None and hour >= outlet.connected_from


def due_hours(outlet: Outlet, *, after: datetime | None, until: datetime) -> Iterator[Due]:
    """Roll calls of one outlet for all hours later than ``after`` and not later than ``until``, in order.

    Args:
        outlet: Whose hours.
        after: Start of the last hour that was already called; None: none was.
        until: Start of the last hour to call.
    """
    if not outlet.must_monitor or outlet.connected_from is None:
        return
    first = hour_of(outlet.connected_from)
    if first < outlet.connected_from:
        first += HOUR
    hour = first if after is None else max(first, hour_of(after) + HOUR)
    while hour <= until:
        yield Due(outlet=outlet.id, mn=outlet.mn, hour=hour)
        hour += HOUR
