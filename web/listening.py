"""The only place that reads Kafka here: no group, nothing committed, every process hears everything."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from contracts.kafka_address import KafkaAddress, client_options
from contracts.topics import ALERTS, FINDINGS, HOURS, QUARANTINE, RATES, READINGS, Topic
from web.live import Live

log = logging.getLogger(__name__)

BACK: Mapping[Topic, int | None] = {
    FINDINGS: None,
    QUARANTINE: 1000,
    HOURS: 2000,
    READINGS: 200,
    RATES: 0,
    ALERTS: 0,
}
"""How many messages before the end each partition is begun; None: from its beginning."""

RETRY_SECONDS = 2.0


async def listen(bootstrap: str | KafkaAddress, live: Live, *, prepare: Callable[[], Awaitable[None]]) -> None:
    """Feed ``live`` from the topics until cancelled. A broker that is away is waited for; pages work without it.

    Args:
        bootstrap: Kafka's address.
        live: What hears.
        prepare: Makes the topics that are missing; a consumer that asks for them first would make them wrongly.
    """
    resume: dict[TopicPartition, int] = {}
    while True:
        try:
            await prepare()
            await _follow(bootstrap, live, resume)
        except (KafkaError, OSError) as error:
            log.warning("the topics cannot be followed, trying again in %s s: %s", RETRY_SECONDS, error)
        finally:
            live.following = False
        await asyncio.sleep(RETRY_SECONDS)


async def _follow(bootstrap: str | KafkaAddress, live: Live, resume: dict[TopicPartition, int]) -> None:
    """Read from where ``resume`` says, or from ``BACK``, until something fails."""
    consumer = AIOKafkaConsumer(
        **client_options(bootstrap),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=200,
    )
    await consumer.start()
    try:
        parts = [TopicPartition(topic.name, number) for topic in BACK for number in range(topic.partitions)]
        consumer.assign(parts)
        starts = await _starts(consumer, parts, resume)
        for part, offset in starts.items():
            consumer.seek(part, offset)
        live.following = True
        while True:
            batches = await consumer.getmany(timeout_ms=500, max_records=500)
            for part, records in batches.items():
                for record in records:
                    live.hear(part.topic, record.value or b"")
                    resume[part] = record.offset + 1
            await asyncio.sleep(0)
    finally:
        await consumer.stop()


async def _starts(
    consumer: AIOKafkaConsumer, parts: Sequence[TopicPartition], resume: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """The offset at which each partition is begun. A broker that has begun anew, with less in it, is read whole."""
    first, last = await consumer.beginning_offsets(parts), await consumer.end_offsets(parts)
    back = {topic.name: count for topic, count in BACK.items()}
    starts = {}
    for part in parts:
        count = back[part.topic]
        wanted = first[part] if count is None else max(first[part], last[part] - count)
        if part in resume:
            wanted = resume[part]
        starts[part] = wanted if first[part] <= wanted <= last[part] else first[part]
    return starts
