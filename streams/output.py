"""Publishes outputs in bundles, and knows when Kafka has all of them."""

import asyncio
from collections.abc import Callable, Iterable

from aiokafka import AIOKafkaProducer

from contracts.codec import Message, encode
from streams.routes import Address

SEND_TIMEOUT_S = 60.0
"""What Kafka has not taken by then never comes through this producer; the process must start anew."""

MESSAGE_BYTES = 256 * 1024
"""A bundle is closed at this size, well under a broker's limit of 1 MiB."""


class Output:
    """Collects outputs as NDJSON bundles per address, in order, and sends them; ``settled`` waits for Kafka's word."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._waiting: dict[Address, list[bytes]] = {}
        self._sizes: dict[Address, int] = {}
        self._sent: list[asyncio.Future[object]] = []

    async def put(self, messages: Iterable[Message], route: Callable[[Message], list[Address]]) -> None:
        """Take over messages; sends a bundle that has become large."""
        for message in messages:
            line = encode(message)
            for address in route(message):
                self._waiting.setdefault(address, []).append(line)
                size = self._sizes[address] = self._sizes.get(address, 0) + len(line) + 1
                if size > MESSAGE_BYTES:
                    await self._send(address)

    async def flush(self) -> None:
        """Send every bundle that waits."""
        for address in list(self._waiting):
            await self._send(address)

    async def settled(self) -> None:
        """Send what waits and return when Kafka has committed all that was ever sent.

        Raises:
            KafkaError, TimeoutError: it has not; nothing of it may be acknowledged.
        """
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self.flush()
            sent, self._sent = self._sent, []
            for confirmation in sent:
                await confirmation

    async def _send(self, address: Address) -> None:
        topic, key, partition = address
        payload = b"\n".join(self._waiting.pop(address))
        self._sizes.pop(address, None)
        self._sent.append(await self._producer.send(topic.name, payload, key=key, partition=partition))
