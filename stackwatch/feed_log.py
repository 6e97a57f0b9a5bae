"""The feed as Kafka keeps it, read again from one moment to another: always in the same order."""

import asyncio
import heapq
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.codec import UNREADABLE, unbundle
from contracts.kafka_address import KafkaAddress, client_options
from contracts.topics import PACKETS, Topic

AT_ONCE = 500
"""Messages of one partition that are held."""

LAST_BATCH_S = 2.0
"""So long the last batch of a partition may take to come. [s]"""

_EARLIEST = datetime.min.replace(tzinfo=UTC)


class _Moment(msgspec.Struct):
    kind: str
    received_at: datetime | None = None
    entered_at: datetime | None = None
    hour: datetime | None = None


_moment = msgspec.json.Decoder(_Moment)


def moment_of(line: bytes, in_time: timedelta) -> datetime | None:
    """When a line came in; for a roll call, when it was due; None for a line that does not say it.

    Args:
        line: A line of the feed.
        in_time: How long after its start an hour is called (R13).
    """
    try:
        entry = _moment.decode(line)
        if entry.kind == "due" and entry.hour is not None:
            return (entry.hour + in_time).astimezone(UTC)
        moment = entry.received_at or entry.entered_at
        return None if moment is None or moment.tzinfo is None else moment.astimezone(UTC)
    except (*UNREADABLE, OverflowError):
        return None


class _Partition:
    """One partition being read: its lines, and the moment of the newest of them so far."""

    def __init__(self, part: TopicPartition, end: int) -> None:
        self.part = part
        self.end = end
        self.lines: deque[bytes] = deque()
        self.latest = _EARLIEST
        self.next_offset = -1


class FeedLog:
    """The lines that are in the feed when the reading begins.

    Lines come in the order of their moments as far as each partition's own order allows, so two readings of one log
    give the same lines in the same order, however Kafka hands them out.
    """

    def __init__(
        self, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], *, total: int, in_time: timedelta
    ) -> None:
        self._consumer = consumer
        self._parts = [_Partition(part, end) for part, end in sorted(ends.items())]
        self._in_time = in_time
        self.total = total
        """Messages in the log."""
        self.messages = 0
        """Messages read so far."""

    async def lines(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        progress: Callable[[int], None] = lambda _: None,
    ) -> AsyncIterator[bytes]:
        """The lines with start ≤ moment < end. A line that says no moment has that of the line before it."""
        waiting: list[_Waiting] = []
        for number in range(len(self._parts)):
            await self._next(number, waiting)
        while waiting:
            _, number, moment, line = heapq.heappop(waiting)
            if (start is None or moment >= start) and (end is None or moment < end):
                yield line
            await self._next(number, waiting)
            progress(self.messages)

    async def _next(self, number: int, waiting: "list[_Waiting]") -> None:
        part = self._parts[number]
        while not part.lines and part.next_offset < part.end:
            await self._fill(part)
        if part.lines:
            line = part.lines.popleft()
            own = moment_of(line, self._in_time) or part.latest
            part.latest = max(part.latest, own)
            # Ordered by where they stand, chosen by their own moments: a line driven again stands later than it came.
            heapq.heappush(waiting, (part.latest, number, own, line))

    async def _fill(self, part: _Partition) -> None:
        found = await self._consumer.getmany(part.part, timeout_ms=1000, max_records=AT_ONCE)
        records = [record for record in found.get(part.part, []) if record.offset < part.end]
        for record in records:
            part.lines += unbundle(record.value or b"")
        self.messages += len(records)
        part.next_offset = await self._consumer.position(part.part)


_Waiting = tuple[datetime, int, datetime, bytes]
"""Where a line stands, of which partition, its own moment, and the line. One of each partition at a time."""


@asynccontextmanager
async def open_feed(kafka: KafkaAddress | str, *, in_time: timedelta, topic: Topic = PACKETS) -> AsyncIterator[FeedLog]:
    """The feed, from its beginning to what is its end now.

    Raises:
        aiokafka.errors.KafkaError: Kafka cannot be read.
    """
    consumer = AIOKafkaConsumer(
        **client_options(kafka),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
    )
    try:
        await consumer.start()
        parts = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        consumer.assign(parts)
        ends = await ends_of(consumer, parts)
        firsts = await consumer.beginning_offsets(parts)
        await consumer.seek_to_beginning(*parts)
        yield FeedLog(consumer, ends, total=sum(ends.values()) - sum(firsts.values()), in_time=in_time)
    finally:
        await asyncio.shield(consumer.stop())


async def ends_of(consumer: AIOKafkaConsumer, parts: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Where each partition ends now; the partitions must be assigned, and their positions are changed.

    Some brokers name the first record of the last batch as the last, so that batch is read.
    """
    firsts, ends = await consumer.beginning_offsets(parts), dict(await consumer.end_offsets(parts))
    for part in parts:
        if ends[part] > firsts[part]:
            consumer.seek(part, ends[part] - 1)
            await consumer.getmany(part, timeout_ms=int(LAST_BATCH_S * 1000))
            ends[part] = max(ends[part], await consumer.position(part))
    return ends
