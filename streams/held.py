"""Events held back until all that followed from them is safe: Flink's checkpoint in Faust's terms.

A stage takes events in and holds them. Every so often, and when many are held, it makes safe what followed (outputs
confirmed, state written, points stored) and only then acknowledges them. A crash replays at most what was held.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from streams.continuity import Continuity


class NotOurs(Exception):
    """Kafka does not count this process to its group now: what it holds may be another's."""


OursUntil = Callable[[], Awaitable[float | None]]
"""Asks Kafka until when the partitions are surely nobody else's, by ``time.monotonic``; None: they may be, now."""


async def alone() -> float | None:
    """There is nobody else."""
    return math.inf


class Step(Protocol):
    """What a stage does with its events between two acknowledgements."""

    async def take(self, payload: bytes) -> None:
        """Take in one payload; called for one event at a time."""

    async def pass_on(self) -> None:
        """Send on what need not wait until it is safe. Called often."""

    async def make_safe(self, let_go: asyncio.Event) -> None:
        """Make safe all that followed from the payloads taken in so far.

        ``let_go`` is set when the partitions are taken away meanwhile: nothing will be acknowledged any more, so what
        is not begun need not be done.

        Raises:
            NotOurs: nothing more was written; either the partitions are taken away soon, or it is tried again.
        """

    def forget(self) -> None:
        """Drop what is not safe: its events come again, here or in another worker."""


class Held:
    """Holds the events of one stage.

    Args:
        step: What is done with them.
        every_s: Longest time an event is held while nothing goes wrong. It decides nothing but how much a crash
            replays. [s]
        at_most: Events held before they are made safe at once: bounds memory and replay.
    """

    def __init__(self, step: Step, *, every_s: float, at_most: int) -> None:
        self._step = step
        self._every_s = every_s
        self._at_most = at_most
        self._events: list[Any] = []
        self._stream: Any = None
        self._lock = asyncio.Lock()
        self._since = 0.0
        self._let_go = asyncio.Event()
        self._closed = False
        self.continuity = Continuity()
        self.on_skip: Callable[[int, int, int], None] = _nobody
        """Called with partition, offset and how many messages before it were never read."""
        self.acknowledged = 0
        """Events acknowledged so far."""
        self.acknowledged_from: float | None = None
        """When Kafka got the message acknowledged last, as it says itself. [s since 1970]"""

    @property
    def waiting(self) -> int:
        """Events held now."""
        return len(self._events)

    async def run(self, stream: Any) -> None:
        """Take in a Faust stream, event by event."""
        self._stream = stream
        async for event in stream.noack().events():
            let_go = self._let_go
            async with self._lock:
                if let_go.is_set() or self._closed:
                    continue  # fetched before a rebalance or a stop: it comes again, in its order
                if skipped := self.continuity.skipped(event.message.partition, event.message.offset):
                    self.on_skip(event.message.partition, event.message.offset, skipped)
                await self._step.take(event.value or b"")
                if let_go.is_set():
                    continue
                if not self._events:
                    self._since = time.monotonic()
                self._events.append(event)
                if len(self._events) >= self._at_most:
                    await self._acknowledge()

    async def tick(self) -> None:
        """Send on what waits, and make safe what has been held long enough; to be called often."""
        async with self._lock:
            if self._events and not self._closed:
                await self._step.pass_on()
                if time.monotonic() - self._since >= self._every_s:
                    await self._acknowledge()

    async def close(self, within_s: float) -> bool:
        """Make safe and acknowledge all that is held, then take in nothing more: a clean stop.

        Returns:
            Whether it was made safe in time. What was not comes again.
        """
        try:
            async with asyncio.timeout(within_s), self._lock:
                self._closed = True
                if await self._acknowledge():
                    return True
        except TimeoutError:
            self._closed = True
        self.let_go()
        return False

    def let_go(self) -> None:
        """The partitions are taken away: acknowledge nothing of what is held, neither now nor later."""
        self._let_go.set()
        self._let_go = asyncio.Event()
        self._events.clear()

    async def start_over(self) -> None:
        """Partitions have changed hands: go on from what is safe, and from there only."""
        self.let_go()
        async with self._lock:
            self._step.forget()

    async def _acknowledge(self) -> bool:
        """Whether what was held is safe and acknowledged."""
        let_go = self._let_go
        try:
            await self._step.make_safe(let_go)
        except NotOurs:
            self._since = time.monotonic()
            return False
        if let_go.is_set():
            return False
        events, self._events = self._events, []
        for event in events:
            await self._stream.ack(event)
            self.acknowledged_from = event.message.timestamp
        self.acknowledged += len(events)
        return True


def _nobody(partition: int, offset: int, skipped: int) -> None:
    """Nobody asks."""
