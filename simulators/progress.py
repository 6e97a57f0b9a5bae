"""How far a run has come, and how fast it may go."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Progress:
    """Counts of a run so far."""

    sent: int = 0
    resent: int = 0
    acknowledged: int = 0
    answered: int = 0
    answers_due: int = 0
    relayed: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """Frames that must be in quarantine, by reason."""
    heartbeats: int = 0
    marks: int = 0
    at: datetime | None = None
    """Simulated moment."""


class Pace:
    """Keeps simulated time from running faster than it should; never makes it run."""

    def __init__(self, origin: datetime, speed: float | None) -> None:
        self._origin, self._speed, self._begun = origin, speed, time.monotonic()

    async def until(self, moment: datetime) -> None:
        """Return when the simulated moment has come."""
        if self._speed is not None:
            due = (moment - self._origin).total_seconds() / self._speed
            await asyncio.sleep(max(0.0, due - (time.monotonic() - self._begun)))
