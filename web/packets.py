"""The way back from a value to the frame that brought it: a look into the feed, by when the frame was received.

The feed has no index and needs none: a partition is in order of receipt, give or take what several gateways write at
the same time, so the place is found by halving, whatever clock the broker stamps its records with.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition

from contracts.codec import BadLine, unbundle
from contracts.feed import MonitorLine, PacketLine, read_line
from contracts.kafka_address import KafkaAddress, client_options
from contracts.topics import PACKETS, shard_partition

LOOK_SECONDS = 10.0
SWEEP_SECONDS = 300.0
"""A month of a county's frames is some hundred thousand lines among those of all others."""
STEP_SECONDS = 2.0
"""No record within this: what is left up to the end are no records, but a transaction's own marks."""
MOST_RECORDS = 3_000
"""Read at most behind the place that was found."""
NARROW = 4
"""Halving ends when so few records are left."""
OUT_OF_ORDER = timedelta(minutes=2)
"""What several gateways, and bundles that were sent again, may put out of order."""

Line = PacketLine | MonitorLine


class PacketsUnavailable(Exception):
    """The feed cannot be read now."""


class Packets(Protocol):
    """Where frames are found again."""

    async def find(self, name: str, *, since: datetime, until: datetime) -> list[Line]:
        """Lines of one logger, or of one outlet whose monitor speaks JSON, in order of the feed.

        Args:
            name: The MN; of a JSON monitor the outlet.
            since: Received no earlier.
            until: Received no later.

        Raises:
            PacketsUnavailable: Kafka does not answer.
        """

    def sweep(self, names: frozenset[str], *, since: datetime, until: datetime) -> AsyncIterator[bytes]:
        """Every line of frames and marks of some loggers, byte for byte, those of one logger in order of the feed.

        Args:
            names: MNs; of JSON monitors the outlets.
            since: Received or entered no earlier.
            until: Received or entered no later.

        Raises:
            PacketsUnavailable: Kafka does not answer, or not to the end in time.
        """

    async def close(self) -> None:
        """Let go of connections."""


class NoPackets:
    """Nothing is connected: pages say so."""

    async def find(self, name: str, *, since: datetime, until: datetime) -> list[Line]:
        """Always unavailable."""
        raise PacketsUnavailable(f"no feed is connected; {name} {since:%H:%M}–{until:%H:%M} cannot be looked up")

    async def sweep(self, names: frozenset[str], *, since: datetime, until: datetime) -> AsyncIterator[bytes]:
        """Always unavailable."""
        raise PacketsUnavailable(f"no feed is connected; nothing of {since} to {until} can be read")
        yield b"".join(name.encode() for name in names)  # which makes it a generator

    async def close(self) -> None:
        """Nothing to let go of."""


class KafkaPackets:
    """The feed in Kafka. Connects at the first question; one question at a time."""

    def __init__(self, kafka: str | KafkaAddress) -> None:
        self._kafka = kafka
        self._consumer: AIOKafkaConsumer | None = None
        self._one_at_a_time = asyncio.Lock()

    async def find(self, name: str, *, since: datetime, until: datetime) -> list[Line]:
        """Lines of one logger that were received in a span of time."""
        part = TopicPartition(PACKETS.name, shard_partition(name))
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    consumer = await self._connected()
                    consumer.assign([part])
                    return await _find(consumer, part, name, since, until)
            except (KafkaError, OSError, TimeoutError) as error:
                await self._drop()
                raise PacketsUnavailable(str(error) or f"no answer within {LOOK_SECONDS:g} s") from error

    async def sweep(self, names: frozenset[str], *, since: datetime, until: datetime) -> AsyncIterator[bytes]:
        """Every line of some loggers that was received in a span of time, over a connection of its own."""
        try:
            async with asyncio.timeout(SWEEP_SECONDS):
                consumer = await self._opened(fetch_bytes=4 * 1024 * 1024)
                try:
                    for partition in sorted({shard_partition(name) for name in names}):
                        part = TopicPartition(PACKETS.name, partition)
                        consumer.assign([part])
                        async for line in _sweep(consumer, part, names, since, until):
                            yield line
                finally:
                    await consumer.stop()
        except (KafkaError, OSError, TimeoutError) as error:
            raise PacketsUnavailable(str(error) or f"not read to the end within {SWEEP_SECONDS:g} s") from error

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            self._consumer = await self._opened(fetch_bytes=256 * 1024)
        return self._consumer

    async def _opened(self, *, fetch_bytes: int) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            **client_options(self._kafka),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=fetch_bytes,
        )
        try:
            await consumer.start()
        except BaseException:
            await consumer.stop()
            raise
        return consumer

    async def _drop(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def close(self) -> None:
        """Let go of the connection."""
        async with self._one_at_a_time:
            await self._drop()


async def _find(
    consumer: AIOKafkaConsumer, part: TopicPartition, name: str, since: datetime, until: datetime
) -> list[Line]:
    end = await _seek(consumer, part, since)
    found: list[Line] = []
    for _ in range(MOST_RECORDS):
        record = await _next(consumer, part, end)
        if record is None:
            break
        lines = list(_lines(record))
        found += [one for one in lines if _name(one) == name and since <= one.received_at <= until]
        if lines and min(one.received_at for one in lines) > until + OUT_OF_ORDER:
            break
    return found


async def _seek(consumer: AIOKafkaConsumer, part: TopicPartition, since: datetime) -> int:
    """Go to the first record that may hold what was received from then on; the offset where the partition ends now."""
    low = (await consumer.beginning_offsets([part]))[part]
    end: int = (await consumer.end_offsets([part]))[part]
    high = end
    while high - low > NARROW:
        middle = (low + high) // 2
        at = await _received_from(consumer, part, middle, end)
        if at is None or at >= since - OUT_OF_ORDER:
            high = middle
        else:
            low = middle
    consumer.seek(part, low)
    return end


async def _sweep(
    consumer: AIOKafkaConsumer, part: TopicPartition, names: frozenset[str], since: datetime, until: datetime
) -> AsyncIterator[bytes]:
    end = await _seek(consumer, part, since)
    while (record := await _next(consumer, part, end)) is not None:
        earliest: datetime | None = None
        for raw in unbundle(record.value or b""):
            try:
                head = _head.decode(raw)
            except msgspec.DecodeError:
                continue  # the worker has counted it and said so
            at = head.received_at or head.entered_at
            if at is None:
                continue
            if head.received_at is not None:
                earliest = at if earliest is None else min(earliest, at)
            if (head.mn or head.outlet) in names and since <= at <= until:
                yield raw
        if earliest is not None and earliest > until + OUT_OF_ORDER:
            return


class _Head(msgspec.Struct):
    """The little that must be known of a line to choose it: of a frame or of a mark."""

    mn: str = ""
    outlet: str = ""
    received_at: datetime | None = None
    entered_at: datetime | None = None


_head = msgspec.json.Decoder(_Head)


async def _received_from(consumer: AIOKafkaConsumer, part: TopicPartition, offset: int, end: int) -> datetime | None:
    """When the first packet at or behind an offset was received; None where there is none up to the end."""
    consumer.seek(part, offset)
    while (record := await _next(consumer, part, end)) is not None:
        if lines := list(_lines(record)):
            return min(one.received_at for one in lines)
    return None


async def _next(consumer: AIOKafkaConsumer, part: TopicPartition, end: int) -> ConsumerRecord | None:
    """The next record before ``end``; None where there is none."""
    if await consumer.position(part) >= end:
        return None
    try:
        record = await asyncio.wait_for(consumer.getone(), STEP_SECONDS)
    except TimeoutError:
        return None
    return record if record.offset < end else None


def _lines(record: ConsumerRecord) -> Iterator[Line]:
    """The frames of one record; roll calls, marks and what nobody can read are passed over."""
    for raw in unbundle(record.value or b""):
        try:
            line = read_line(raw)
        except BadLine:
            continue  # the worker has counted it and said so
        if isinstance(line, Line):
            yield line


def _name(line: Line) -> str:
    return line.mn if isinstance(line, PacketLine) else line.outlet
