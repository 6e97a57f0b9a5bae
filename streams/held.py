"""Events held back until all that followed from them is safe: Flink's checkpoint in Faust's terms.

An agent takes events in and holds them. Every so often, and when many are held, it makes safe what followed (outputs
flushed, state written, points stored) and only then acknowledges them. A crash replays at most what was held.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

EVERY_S = 1.0
"""Longest time an event is held while nothing goes wrong. It decides nothing but how much a crash replays."""

AT_MOST = 500
"""Events held before they are made safe at once: bounds memory and replay."""

STUCK_AFTER_S = 30.0
"""Events held longer than this mean that something behind the agent is away."""


class Held:
    """Holds the events of one agent.

    Args:
        take: Takes in one payload; called for one event at a time.
        make_safe: Makes safe all that followed from the events taken in so far.
        every_s, at_most: When to make safe.
    """

    def __init__(
        self,
        take: Callable[[bytes], Awaitable[None]],
        make_safe: Callable[[], Awaitable[None]],
        *,
        every_s: float = EVERY_S,
        at_most: int = AT_MOST,
    ) -> None:
        self._take = take
        self._make_safe = make_safe
        self._every_s = every_s
        self._at_most = at_most
        self._events: list[Any] = []
        self._stream: Any = None
        self._lock = asyncio.Lock()
        self._since: float | None = None
        self._generation = 0
        self.acknowledged = 0
        """Events acknowledged so far."""

    @property
    def waiting(self) -> int:
        """Events held now."""
        return len(self._events)

    @property
    def stuck(self) -> bool:
        """Whether events have been held far longer than they should be: what follows from them cannot be made safe."""
        return self._since is not None and time.monotonic() - self._since > STUCK_AFTER_S

    async def run(self, stream: Any) -> None:
        """Take in a Faust stream, event by event."""
        self._stream = stream
        async for event in stream.noack().events():
            generation = self._generation
            async with self._lock:
                if generation != self._generation:
                    continue  # fetched before a rebalance: it comes again, in its order
                await self._take(event.value or b"")
                self._events.append(event)
                if self._since is None:
                    self._since = time.monotonic()
                if len(self._events) >= self._at_most:
                    await self._acknowledge()

    async def tick(self) -> None:
        """Make safe what has been held long enough; to be called often."""
        async with self._lock:
            if self._since is not None and time.monotonic() - self._since >= self._every_s:
                await self._acknowledge()

    async def settle(self) -> None:
        """Make safe and acknowledge all that is held, as before a clean stop."""
        async with self._lock:
            if self._events:
                await self._acknowledge()

    async def forget(self, and_then: Callable[[], None]) -> None:
        """Let go of all that is held without acknowledging it: it will come again, here or in another worker."""
        async with self._lock:
            self._events.clear()
            self._since = None
            self._generation += 1
            and_then()

    async def _acknowledge(self) -> None:
        await self._make_safe()
        for event in self._events:
            await self._stream.ack(event)
        self.acknowledged += len(self._events)
        self._events.clear()
        self._since = None
