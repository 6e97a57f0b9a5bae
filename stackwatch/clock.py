"""The one injected clock: real, accelerated, or held by another process. All give aware moments in Beijing time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from pathlib import Path

from emissions.beijing import BEIJING, to_beijing
from stackwatch.held_clock import HeldClockReader

Clock = Callable[[], datetime]

HELD = "held://"

FASTEST = 1_000_000.0
"""Beyond this speed a clock's microseconds say nothing any more."""


class ClockTextError(ValueError):
    """The text names no clock; says what was expected."""


@dataclass(frozen=True, slots=True)
class Accelerated:
    """Simulated time that starts at an epoch and runs at a multiple of real time."""

    epoch: datetime
    speed: float
    anchor: datetime | None
    """Real moment at which the clock shows the epoch; None: when it is opened."""


@dataclass(frozen=True, slots=True)
class Held:
    """A clock in a file, moved by another process."""

    path: Path


def parse_clock(text: str) -> Accelerated | Held | None:
    """What kind of clock a text names; None is the real one.

    ``2026-11-01T00:00:00+08:00@600`` runs 600 times as fast as real time from the moment it is opened;
    with ``#2026-11-24T09:00:00+08:00`` behind it from that real moment on, so that all processes agree.
    ``held:///path`` is a clock that another process moves.

    Raises:
        ClockTextError: it is none of these.
    """
    if not text:
        return None
    if text.startswith(HELD):
        path = text.removeprefix(HELD)
        if not path.startswith("/"):
            raise ClockTextError(f"{text!r}: a held clock is {HELD} and an absolute path")
        return Held(Path(path))
    epoch, at, rest = text.partition("@")
    factor, hash_, anchor = rest.partition("#")
    if not at:
        raise ClockTextError(f"{text!r}: expected like 2026-11-01T00:00:00+08:00@600 or {HELD}/path")
    try:
        speed = float(factor)
    except ValueError:
        raise ClockTextError(f"speed {factor!r} is not a number") from None
    if not (isfinite(speed) and 0 < speed <= FASTEST):
        raise ClockTextError(f"speed {factor} is not above 0 and at most {FASTEST:.0f}")
    return Accelerated(_moment(epoch), speed, _moment(anchor) if hash_ else None)


def open_clock(text: str) -> Clock:
    """The clock that a text names, see ``parse_clock``.

    Raises:
        ClockTextError: no such kind of clock.
        OSError: the file of a held clock cannot be opened.
        HeldClockError: it holds no clock.
    """
    match parse_clock(text):
        case None:
            return _real
        case Held(path):
            return HeldClockReader(path)
        case Accelerated(epoch, speed, anchor):
            return _accelerated(epoch, speed, anchor or datetime.now(UTC))


def _real() -> datetime:
    return datetime.now(BEIJING)


def _accelerated(epoch: datetime, speed: float, anchor: datetime) -> Clock:
    start = to_beijing(epoch)
    latest = start

    def now() -> datetime:
        # A wall clock that is set back must not take simulated time with it.
        nonlocal latest
        elapsed = (datetime.now(UTC) - anchor).total_seconds()
        latest = max(latest, start + timedelta(seconds=elapsed * speed))
        return latest

    return now


def _moment(text: str) -> datetime:
    try:
        return to_beijing(datetime.fromisoformat(text))
    except ValueError:
        raise ClockTextError(f"{text!r} is not a moment with an offset, like 2026-11-01T00:00:00+08:00") from None
