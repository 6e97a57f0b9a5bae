"""Waiting for the platform's roll call of an hour."""

import asyncio
from datetime import datetime

from emissions.beijing import to_beijing

KEPT = 1000
"""Hours whose roll call is remembered while nobody waits for it."""


class Stuck(Exception):
    """The platform has not confirmed something for too long; says what."""


class RollCall:
    """Which outlets have been called for which hours."""

    def __init__(self, outlets: int) -> None:
        self._outlets = outlets
        self._called: dict[datetime, set[str]] = {}
        self._more = asyncio.Event()

    def called(self, outlet: str, hour: datetime) -> None:
        """An outlet has been called for an hour; twice is once."""
        self._called.setdefault(to_beijing(hour), set()).add(outlet)
        while len(self._called) > KEPT:
            self._called.pop(min(self._called))
        self._more.set()

    async def all_called(self, hour: datetime, patience_s: float) -> None:
        """Return when every outlet has been called for the hour, and forget it.

        Raises:
            Stuck: not within the patience. [s]
        """
        try:
            async with asyncio.timeout(patience_s):
                while len(self._called.get(hour, ())) < self._outlets:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError as error:
            reached = f"{len(self._called.get(hour, ()))} of {self._outlets} outlets after {patience_s:g} s"
            raise Stuck(f"the roll call of {hour.isoformat()} has reached {reached}") from error
        self._called.pop(hour)
