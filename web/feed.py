"""The way into the feed: one line, acknowledged by Kafka before anyone is told that it was taken."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from contracts.codec import encode
from contracts.kafka_address import KafkaAddress, client_options
from contracts.topics import PACKETS, shard_key, shard_partition
from emissions.event import Mark

SEND_SECONDS = 10.0

BUNDLE_BYTES = 256 * 1024
"""A Kafka message of lines is closed at this size; a single line may be larger."""


class FeedUnavailable(Exception):
    """Kafka did not acknowledge the line: it may or may not be in the feed; sending it again is harmless."""


class Feed(Protocol):
    """Where marks go, and refused lines that are right now."""

    async def send(self, mark: Mark) -> None:
        """Put the mark into the feed; returns once it is there. Raises ``FeedUnavailable``."""

    async def put(self, lines: Sequence[tuple[str, bytes]]) -> None:
        """Put lines into the feed, each under the name of its logger, or of its outlet where there is none.

        Returns once all are there; those of one name keep their order. Raises ``FeedUnavailable``.
        """

    async def close(self) -> None:
        """Let go of connections."""


class KafkaFeed:
    """The feed in Kafka. Connects at the first line, so that a broker that is away keeps no page from being shown."""

    def __init__(self, bootstrap: str | KafkaAddress, *, idempotent: bool = True) -> None:
        self._bootstrap = bootstrap
        self._idempotent = idempotent
        self._producer: AIOKafkaProducer | None = None
        self._one_at_a_time = asyncio.Lock()

    async def send(self, mark: Mark) -> None:
        """Put the mark behind the packets of its logger: same shard, same partition, order kept."""
        await self.put([(mark.mn or mark.outlet, encode(mark))])

    async def put(self, lines: Sequence[tuple[str, bytes]]) -> None:
        """Put lines behind those of their loggers, bundled by shard as the gateway bundles them."""
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    producer = await self._connected()
                    sent = [
                        await producer.send(PACKETS.name, value, key=shard_key(name), partition=shard_partition(name))
                        for name, value in _bundles(lines)
                    ]
                    await asyncio.gather(*sent)
            except (KafkaError, OSError, TimeoutError) as error:
                await self._drop()
                raise FeedUnavailable(str(error) or f"no acknowledgement within {SEND_SECONDS:g} s") from error

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                **client_options(self._bootstrap), acks="all", enable_idempotence=self._idempotent
            )
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def _drop(self) -> None:
        """A producer that has failed once is replaced."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def close(self) -> None:
        """Let go of the connection."""
        async with self._one_at_a_time:
            await self._drop()


def _bundles(lines: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """What each Kafka message carries, with a name that decides its shard."""
    closed: list[tuple[str, list[bytes]]] = []
    filling: dict[bytes, tuple[str, list[bytes]]] = {}
    for name, line in lines:
        bundle = filling.get(shard_key(name))
        if bundle is None or sum(map(len, bundle[1])) + len(line) > BUNDLE_BYTES:
            bundle = filling[shard_key(name)] = (name, [])
            closed.append(bundle)
        bundle[1].append(line)
    return [(name, b"\n".join(bundled)) for name, bundled in closed]
