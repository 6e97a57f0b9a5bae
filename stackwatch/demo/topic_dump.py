"""Everything that a Kafka topic holds at this moment."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.codec import unbundle
from contracts.topics import Topic

IN_TIME = timedelta(hours=2)
_EARLIEST = datetime.min.replace(tzinfo=UTC)


async def dump(bootstrap: str, topic: Topic) -> list[list[bytes]]:
    """All lines of a topic, partition by partition, in order.

    Raises:
        KafkaError: the broker cannot be reached.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=50
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        ends = await consumer.end_offsets(partitions)
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        lines: dict[TopicPartition, list[bytes]] = {partition: [] for partition in partitions}
        left = {partition for partition in partitions if ends[partition] > 0}
        while left:
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    lines[partition] += unbundle(record.value or b"")
                    if record.offset + 1 >= ends[partition]:
                        left.discard(partition)
        return list(lines.values())
    finally:
        await consumer.stop()


class _Moment(msgspec.Struct):
    kind: str
    received_at: datetime | None = None
    entered_at: datetime | None = None
    hour: datetime | None = None


_moment = msgspec.json.Decoder(_Moment)


def in_order_of_time(partitions: Iterable[list[bytes]]) -> Iterator[bytes]:
    """Feed lines of all partitions as one feed; each partition keeps its own order."""
    for _, _, _, line in heapq.merge(*(_with_moments(number, lines) for number, lines in enumerate(partitions))):
        yield line


def _with_moments(partition: int, lines: list[bytes]) -> Iterator[tuple[datetime, int, int, bytes]]:
    latest = _EARLIEST
    for number, line in enumerate(lines):
        latest = max(latest, _when(line) or latest)
        yield latest, partition, number, line


def _when(line: bytes) -> datetime | None:
    """When a line came in; for a roll call, when it was due."""
    try:
        entry = _moment.decode(line)
    except msgspec.DecodeError:
        return None  # a line that nobody can read stands where it came
    if entry.kind == "due" and entry.hour is not None:
        return entry.hour + IN_TIME
    return entry.received_at or entry.entered_at
