"""How far the roll call has come, kept in Kafka: one compacted value, and one for each outlet that takes part."""

import json
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.codec import stamp
from contracts.kafka_address import KafkaAddress, client_options
from contracts.topics import ROLLCALL
from ingest.rollcall import Progress

KEY = b"rollcall"
OUTLET = "outlet/"


def progress_value(called_to: datetime) -> bytes:
    """Value of ``KEY``."""
    return json.dumps({"called_to": stamp(called_to)}).encode()


def outlet_record(outlet: str, connected_from: datetime) -> tuple[bytes, bytes]:
    """Key and value that say since when an outlet takes part."""
    return f"{OUTLET}{outlet}".encode(), json.dumps({"since": stamp(connected_from)}).encode()


async def read_progress(bootstrap: str | KafkaAddress) -> Progress:
    """The progress as Kafka has it.

    Raises:
        aiokafka.errors.KafkaError: Kafka cannot be read.
    """
    consumer = AIOKafkaConsumer(**client_options(bootstrap), enable_auto_commit=False, auto_offset_reset="earliest")
    called_to: datetime | None = None
    since: dict[str, datetime] = {}
    try:
        await consumer.start()
        partition = TopicPartition(ROLLCALL.name, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        begin = (await consumer.beginning_offsets([partition]))[partition]
        await consumer.seek_to_beginning(partition)
        # Compaction leaves gaps, so the end is a position and not a number of messages.
        while begin < end and await consumer.position(partition) < end:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    key, value = record.key.decode(), json.loads(record.value)
                    if key == KEY.decode():
                        called_to = datetime.fromisoformat(value["called_to"])
                    elif key.startswith(OUTLET):
                        since[key.removeprefix(OUTLET)] = datetime.fromisoformat(value["since"])
    finally:
        await consumer.stop()
    return Progress(called_to, since)
