"""Whether the audit logs of a database are what was written, and what was published."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import SecretStr

from alerts.anchors import Anchors, NotAnAnchor, read_anchors
from alerts.audit import Broken
from alerts.database import address_of, open_database
from alerts.repository import DatabaseUnavailable, Repository
from contracts.codec import unbundle
from contracts.kafka_address import KafkaAddress, client_options
from contracts.topics import ALERTS
from stackwatch.errors import UserError


def check_audit(
    url: str, *, password: SecretStr | None, anchors: Anchors
) -> tuple[list[Broken], dict[str, tuple[int, str]]]:
    """The breaks, and lines and last seal of each log. Nothing in the database is changed.

    Raises:
        UserError: there is no such database, or it has no audit logs.
    """
    try:
        address = address_of(url, password=password)
    except ValueError as error:
        raise UserError(str(error)) from error
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        raise UserError(f"database {address!r}: no such file")
    engine = open_database(address)
    try:
        desk = Repository(engine)
        return desk.broken_audit(anchors), desk.audit_lengths()
    except DatabaseUnavailable as error:
        raise UserError(f"database {address!r}: {error}") from error
    finally:
        engine.dispose()


def anchors_of_file(file: Path) -> Anchors:
    """Seals out of a file with lines of ``cems.alerts``.

    Raises:
        UserError: it cannot be read, or a line is none of that topic.
    """
    try:
        with file.open("rb") as lines:
            return read_anchors(lines)
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from error
    except NotAnAnchor as error:
        raise UserError(f"{file}: {error}") from error


def anchors_of_kafka(kafka: KafkaAddress) -> Anchors:
    """Seals out of ``cems.alerts`` as it is now.

    Raises:
        UserError: Kafka cannot be reached, or a line is none of that topic.
    """
    try:
        return read_anchors(asyncio.run(_lines(kafka)))
    except KafkaError as error:
        raise UserError(f"Kafka at {kafka}: {error}") from error
    except NotAnAnchor as error:
        raise UserError(f"{ALERTS.name}: {error}") from error


async def _lines(kafka: KafkaAddress) -> Sequence[bytes]:
    consumer = AIOKafkaConsumer(enable_auto_commit=False, auto_offset_reset="earliest", **client_options(kafka))
    await consumer.start()
    try:
        parts = [TopicPartition(ALERTS.name, number) for number in range(ALERTS.partitions)]
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        await consumer.seek_to_beginning(*parts)
        lines: list[bytes] = []
        while any([await consumer.position(part) < ends[part] for part in parts]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                lines += [line for record in records for line in unbundle(record.value or b"")]
        return lines
    finally:
        await consumer.stop()
