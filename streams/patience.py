"""How long is waited for Kafka: for one that is away as long as it is, for one that answers a bounded time."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError

from contracts.pulse import Pulse

LOOK_S = 1.0

Result = TypeVar("Result")


class PatientProducer:
    """aiokafka's producer, whose messages never expire, with what is known of whether Kafka answers.

    A message that expires would have to be sent again behind later ones: out of order, and never by this producer where
    it is idempotent. So it waits in the producer, whose buffer is bounded, until Kafka is back.
    """

    def __init__(self, producer: AIOKafkaProducer, pulse: Pulse | None = None) -> None:
        """The producer is not started yet."""
        producer._message_accumulator._batch_ttl = math.inf
        self._producer = producer
        self._asking: asyncio.Task[None] | None = None
        self.pulse = pulse or Pulse()

    async def start(self) -> None:
        """Connect, and ask from now on whether Kafka answers.

        Raises:
            KafkaError: it does not.
        """
        await self._producer.start()
        self._asking = asyncio.create_task(self.pulse.run(self._producer.client), name="pulse")

    async def stop(self) -> None:
        """Send what waits, and let go."""
        if self._asking is not None:
            self._asking.cancel()
        await self._producer.stop()

    def away(self) -> str | None:
        """None while Kafka answers; else for how long it has not, in words. From any thread."""
        return self.pulse.away

    async def send(self, topic: str, value: bytes | None, *, key: bytes, partition: int) -> "asyncio.Future[object]":
        """Queue a message; the future is Kafka's word on it. Waits while the buffer is full."""
        while True:
            try:
                sent: asyncio.Future[object] = await self._producer.send(topic, value, key=key, partition=partition)
            except KafkaTimeoutError:
                if self.away() is None:
                    raise
            else:
                return sent

    async def flush(self) -> None:
        """Return when nothing is on its way any more."""
        await self._producer.flush()


async def in_time(work: Awaitable[Result], *, within_s: float, away: Callable[[], str | None]) -> Result:
    """The work's result. Time in which Kafka is away does not count.

    Raises:
        TimeoutError: it took longer although Kafka answers; the work is cancelled.
    """
    task = asyncio.ensure_future(work)
    try:
        last = time.monotonic()
        while not task.done():
            await asyncio.wait([task], timeout=min(LOOK_S, within_s))
            now = time.monotonic()
            if away() is not None:
                last = now
            if now - last >= within_s and not task.done():
                raise TimeoutError
        return task.result()
    finally:
        task.cancel()
