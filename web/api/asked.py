"""What a caller asks for in the address: moments and spans of time, with one clear error each."""

import re
from datetime import datetime, timedelta

from emissions.beijing import BEIJING, to_beijing
from web.problems import refused

_LOST_PLUS = re.compile(r" (?=\d{2}:?\d{2}$)")
"""A plus sign in an address that was not percent-encoded arrives as a space."""

_EVERY = re.compile(r"(\d{1,5})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def moment(text: str, pointer: str) -> datetime:
    """A moment in ISO 8601; without an offset it is Beijing time (R1)."""
    try:
        parsed = datetime.fromisoformat(_LOST_PLUS.sub("+", text.strip()))
        return to_beijing(parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=BEIJING))
    except (ValueError, OverflowError):
        raise refused(pointer, f"{text!r} is not a moment; one is written like 2026-11-24T08:00:00+08:00") from None


def span(
    from_: str | None, to: str | None, *, now: datetime, default: timedelta, longest: timedelta
) -> tuple[datetime, datetime]:
    """The span [from, to): ``to`` is now where it is left out, ``from`` then ``default`` before it."""
    try:
        end = to_beijing(now) if to is None else moment(to, "query/to")
        start = end - default if from_ is None else moment(from_, "query/from")
    except OverflowError:
        raise refused("query/to", f"{to!r} is outside the calendar") from None
    if start >= end:
        raise refused("query/from", f"from ({start.isoformat()}) is not before to ({end.isoformat()})")
    if end - start > longest:
        raise refused("query/from", f"from {start.isoformat()} to {end.isoformat()} is longer than {longest.days} days")
    return start, end


def every(text: str | None) -> timedelta | None:
    """A step such as ``30s``, ``10m``, ``1h`` or ``1d``; None where none is asked for."""
    if text is None:
        return None
    match = _EVERY.fullmatch(text)
    step = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta(0)
    if step <= timedelta(0):
        raise refused("query/every", f"{text!r} is not a step; one is written like 30s, 10m, 1h or 1d")
    return step
