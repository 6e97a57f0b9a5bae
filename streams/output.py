"""Publishes outputs in bundles, and knows when Kafka has all of them."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from contracts.codec import Message, encode
from streams.patience import in_time
from streams.routes import Address

SEND_TIMEOUT_S = 60.0
"""What a Kafka that answers has not taken by then never comes through; the process must start anew. [s]"""

BUNDLE_BYTES = 256 * 1024
"""A bundle is closed at this size, well under a broker's limit of 1 MiB."""


class Producer(Protocol):
    """What is needed of aiokafka's producer."""

    async def send(
        self, topic: str, value: bytes | None, *, key: bytes, partition: int
    ) -> asyncio.Future[object]:  # pragma: no cover - a declaration
        """Queue a message; the future is Kafka's word on it."""
        ...

    async def flush(self) -> None:  # pragma: no cover - a declaration
        """Return when nothing is on its way any more."""

    def away(self) -> str | None:  # pragma: no cover - a declaration
        """None while Kafka answers; else for how long it has not, in words."""


class Sent:
    """Messages on their way to Kafka, and its word on all of them."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._unconfirmed: list[asyncio.Future[object]] = []

    async def send(self, topic: str, value: bytes | None, *, key: bytes, partition: int) -> None:
        """Send one message; waits only while the producer's buffer is full."""
        queued = self._producer.send(topic, value, key=key, partition=partition)
        self._unconfirmed.append(await in_time(queued, within_s=SEND_TIMEOUT_S, away=self._producer.away))

    async def confirmed(self) -> None:
        """Return when Kafka has committed all that was ever sent.

        Raises:
            KafkaError, TimeoutError: it has not; nothing that led to it may be acknowledged.
        """
        if not self._unconfirmed:
            return
        waiting = list(self._unconfirmed)
        try:
            await in_time(asyncio.wait(waiting), within_s=SEND_TIMEOUT_S, away=self._producer.away)
        except TimeoutError as error:
            late = sum(not sent.done() for sent in waiting)
            raise TimeoutError(f"Kafka has not confirmed {late} messages within {SEND_TIMEOUT_S:g} s") from error
        for confirmation in waiting:
            confirmation.result()
        known = set(waiting)
        self._unconfirmed = [sent for sent in self._unconfirmed if sent not in known]


@dataclass(slots=True)
class _Bundle:
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    """With the lines' ends. [bytes]"""


class Output:
    """Collects outputs as NDJSON bundles per address, in order, and sends them."""

    def __init__(self, producer: Producer) -> None:
        self._sent = Sent(producer)
        self._waiting: dict[Address, _Bundle] = {}

    async def put(self, messages: Iterable[Message], route: Callable[[Message], list[Address]]) -> None:
        """Take over messages; sends a bundle that would grow too large."""
        for message in messages:
            line = encode(message)
            for address in route(message):
                bundle = self._waiting.get(address)
                if bundle is not None and bundle.size + len(line) > BUNDLE_BYTES:
                    await self._send(address)
                    bundle = None
                if bundle is None:
                    bundle = self._waiting[address] = _Bundle()
                bundle.lines.append(line)
                bundle.size += len(line) + 1

    async def flush(self) -> None:
        """Send every bundle that waits."""
        for address in list(self._waiting):
            await self._send(address)

    async def settled(self) -> None:
        """Send what waits and return when Kafka has committed all that was ever sent.

        Raises:
            KafkaError, TimeoutError: it has not; nothing of it may be acknowledged.
        """
        await self.flush()
        await self._sent.confirmed()

    def forget(self) -> None:
        """Drop what was not sent yet."""
        self._waiting.clear()

    async def _send(self, address: Address) -> None:
        if (bundle := self._waiting.pop(address, None)) is not None:
            await self._sent.send(address.topic, b"\n".join(bundle.lines), key=address.key, partition=address.partition)
