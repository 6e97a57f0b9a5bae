"""Follows ``cems.quarantine`` into the database. How far it has come stands in the database, beside what it took."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from alerts.database import DatabaseUnavailable
from contracts.codec import BadLine, decode, unbundle
from contracts.kafka_address import KafkaAddress, client_options
from contracts.topics import QUARANTINE
from emissions.finding import Rejected
from web.quarantine_book import QuarantineBook, Refusal

log = logging.getLogger(__name__)

BATCH = 200
"""Messages in one transaction."""

RETRY_S = 2.0
QUIET_S = 1.0
"""The end is reached when nothing has come for so long: not every broker names it rightly. [s]"""


async def follow_quarantine(
    kafka: KafkaAddress | str, book: QuarantineBook, *, prepare: Callable[[], Awaitable[None]]
) -> None:
    """Take over refusals until cancelled; Kafka and the database are waited for when they are away."""
    while True:
        try:
            await prepare()
            await _follow(kafka, book, until_end=False)
        except (KafkaError, OSError, DatabaseUnavailable) as error:
            log.warning("the quarantine cannot be followed, trying again in %s s: %s", RETRY_S, error)
        await asyncio.sleep(RETRY_S)


async def catch_up(kafka: KafkaAddress | str, book: QuarantineBook) -> None:
    """Take over all refusals that are in the topic now.

    Raises:
        aiokafka.errors.KafkaError: Kafka cannot be read.
        DatabaseUnavailable: what was read could not be written.
    """
    await _follow(kafka, book, until_end=True)


async def _follow(kafka: KafkaAddress | str, book: QuarantineBook, *, until_end: bool) -> None:
    consumer = AIOKafkaConsumer(
        **client_options(kafka),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=200,
    )
    part = TopicPartition(QUARANTINE.name, 0)
    try:
        await consumer.start()
        consumer.assign([part])
        await asyncio.to_thread(book.let_go, datetime.now(UTC))  # by Kafka's own clock, which keeps the topic
        end = await _seek(consumer, part, book)
        while True:
            records = (await consumer.getmany(part, timeout_ms=int(QUIET_S * 1000), max_records=BATCH)).get(part, [])
            if records:
                refusals = refusals_of(records)
                await asyncio.to_thread(book.follow, refusals, next_offset=records[-1].offset + 1)
            elif until_end and await consumer.position(part) >= end:
                return
    finally:
        await consumer.stop()


async def _seek(consumer: AIOKafkaConsumer, part: TopicPartition, book: QuarantineBook) -> int:
    """Go to where the database stands; a topic that was made anew is read from its beginning. Returns the end."""
    first = (await consumer.beginning_offsets([part]))[part]
    end: int = (await consumer.end_offsets([part]))[part]
    known = await asyncio.to_thread(book.next_offset)
    # Some brokers name the first record of the last batch as the end, so the place may lie a batch behind it.
    if known is not None and known > end + BATCH:
        log.warning("%s has been made anew: it is read from its beginning", QUARANTINE.name)
        await asyncio.to_thread(book.begin_anew)
        known = None
    consumer.seek(part, first if known is None else max(first, known))
    return end


def refusals_of(records: Sequence[ConsumerRecord[bytes, bytes]]) -> list[Refusal]:
    """The refusals of some Kafka messages; a line that is none is left, and the log says so."""
    refusals = []
    for record in records:
        at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        for line in unbundle(record.value or b""):
            try:
                message = decode(line)
            except (BadLine, ValueError) as error:
                log.warning("a line of %s at %d cannot be read: %s", QUARANTINE.name, record.offset, error)
                continue
            if isinstance(message, Rejected):
                refusals.append(Refusal(message, at))
    return refusals
