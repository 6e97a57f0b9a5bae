"""From ``cems.findings`` into the alert database: the offset is committed when all that follows is safe."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CommitFailedError, IllegalStateError

from alerts.couriers import CannotCarry
from alerts.database import DatabaseUnavailable
from alerts.kafka import KafkaCarrier
from alerts.repository import Repository
from contracts.codec import BadLine, decode, encode, unbundle
from emissions.finding import Case, Finding, Rejected

log = logging.getLogger(__name__)

BATCH = 200
"""At most so many Kafka messages go into one transaction."""
PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0

NOT_DECODABLE = "undecodable"
NOT_USABLE = "unusable"


def read(payloads: Sequence[bytes]) -> tuple[list[Finding | Case], list[Rejected]]:
    """The findings and cases of some Kafka messages, and the lines that are neither, kept whole."""
    messages: list[Finding | Case] = []
    rejected = []
    for payload in payloads:
        for line in unbundle(payload):
            try:
                message = decode(line)
            except (BadLine, UnicodeDecodeError, RecursionError) as error:
                rejected.append(reject(line, NOT_DECODABLE, str(error)))
                continue
            if isinstance(message, Finding | Case):
                messages.append(message)
            else:
                rejected.append(reject(line, NOT_USABLE, f"kind {message.kind!r} has no place in cems.findings"))
    return messages, rejected


def reject(line: bytes, reason: str, detail: str) -> Rejected:
    """A line for ``cems.quarantine``."""
    text = line.decode("utf-8", "backslashreplace")
    return Rejected(reason=reason, mn="", received_at=None, line=text, detail=detail)


class Consuming:
    """Reads findings until it is cancelled."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        repository: Repository,
        kafka: KafkaCarrier,
        *,
        now: Callable[[], datetime],
        published: Callable[[], Awaitable[None]],
    ) -> None:
        """``published`` returns once ``cems.alerts`` has all events that are in the outbox."""
        self._consumer = consumer
        self._repository = repository
        self._kafka = kafka
        self._now = now
        self._published = published
        self.trouble: str | None = None
        """Why nothing is taken in at the moment."""

    async def run(self) -> None:
        """Take in, for ever. An error of Kafka's reading side ends it, and with it the process."""
        while True:
            fetched = await self._consumer.getmany(timeout_ms=500, max_records=BATCH)
            payloads = [record.value or b"" for records in fetched.values() for record in records]
            if payloads:
                await self._safely(payloads)
                await self._commit()

    async def _safely(self, payloads: Sequence[bytes]) -> None:
        """Try until the database and Kafka have it: nothing is lost by waiting, and writing twice is harmless."""
        pause = PAUSE_S
        while True:
            try:
                await self._take(payloads)
            except (DatabaseUnavailable, CannotCarry) as error:
                if self.trouble is None:
                    log.warning("findings wait: %s", error)
                self.trouble = str(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            else:
                self.trouble = None
                return

    async def _take(self, payloads: Sequence[bytes]) -> None:
        messages, rejected = read(payloads)
        refused = await asyncio.to_thread(self._repository.take_in, messages, now=self._now())
        rejected += [reject(encode(messages[bad.index]), NOT_USABLE, bad.why) for bad in refused]
        for line in rejected:
            log.warning("to quarantine (%s): %s", line.reason, line.detail)
        await self._kafka.quarantine(rejected)
        await self._published()

    async def _commit(self) -> None:
        try:
            await self._consumer.commit()
        except (CommitFailedError, IllegalStateError) as error:
            log.warning("another process has taken over; it reads these findings again: %s", error)
