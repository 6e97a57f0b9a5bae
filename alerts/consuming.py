"""From ``cems.findings`` into the alert database: the offset is committed when all that follows is safe."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from alerts.couriers import CannotCarry
from alerts.database import DatabaseUnavailable
from alerts.kafka import KafkaCarrier
from alerts.metrics import AlertMetrics
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
        metrics: AlertMetrics,
    ) -> None:
        """``published`` returns once ``cems.alerts`` has all events that are in the outbox."""
        self._consumer = consumer
        self._repository = repository
        self._kafka = kafka
        self._now = now
        self._published = published
        self._metrics = metrics
        self._taken: dict[TopicPartition, int] = {}
        """Next offsets, as far as all that follows is safe, that Kafka may not have committed yet."""
        self._committed: dict[TopicPartition, int] = {}
        self.trouble: str | None = None
        """Why nothing is taken in at the moment."""

    async def run(self) -> None:
        """Take in, for ever. An error of Kafka's reading side ends it, and with it the process."""
        while True:
            fetched = await self._consumer.getmany(timeout_ms=500, max_records=BATCH)
            if payloads := [record.value or b"" for records in fetched.values() for record in records]:
                await self._safely(payloads)
                self._taken |= {partition: records[-1].offset + 1 for partition, records in fetched.items()}
            if self._taken:
                await self._commit()

    def offsets(self) -> tuple[dict[int, int], dict[int, int]]:
        """Committed and end offsets of the partitions that are ours, as far as they are known."""
        ours = self._consumer.assignment()
        committed = {tp.partition: offset for tp, offset in self._committed.items() if tp in ours}
        ends = {
            tp.partition: end
            for tp in ours
            if tp.partition in committed and (end := self._consumer.highwater(tp)) is not None
        }
        return committed, ends

    async def look(self) -> None:
        """Find out how far partitions that are new to us have come. Returns when it knows; may take a while."""
        ours = self._consumer.assignment()
        self._committed = {tp: offset for tp, offset in self._committed.items() if tp in ours}
        for tp in ours - self._committed.keys():
            before = await self._consumer.committed(tp)
            # Of one that nothing was ever committed of, what is left to read begins where reading does.
            self._committed.setdefault(tp, before if before is not None else await self._consumer.position(tp))

    async def _safely(self, payloads: Sequence[bytes]) -> None:
        """Try until the database and Kafka have it: nothing is lost by waiting, and writing twice is harmless."""
        pause = PAUSE_S
        while True:
            try:
                await self._take(payloads)
            except (DatabaseUnavailable, CannotCarry) as error:
                if self.trouble is None:
                    log.warning("findings wait: %s", error)
                self._metrics.database_failures.inc(isinstance(error, DatabaseUnavailable))
                self.trouble = str(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            else:
                if self.trouble is not None:
                    log.info("findings are taken in again")
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
        for message in messages:
            self._metrics.consumed.labels(message.kind).inc()
            if isinstance(message, Finding):
                log.info("taken in: %s", message.rule, extra=_marks(message))

    async def _commit(self) -> None:
        """Commit what is safe. What Kafka does not take now is committed the next time, or read again."""
        ours = self._consumer.assignment()
        offsets = {tp: offset for tp, offset in self._taken.items() if tp in ours}
        try:
            if offsets:
                await self._consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            log.warning("another process has taken over; it reads these findings again: %s", error)
        except KafkaError as error:
            log.warning("what was taken in is not committed yet: %s", error)
            return
        else:
            self._committed |= offsets
        self._taken.clear()


def _marks(finding: Finding) -> dict[str, object]:
    """What a log line about a finding names."""
    return {"alert": finding.id, **finding.subject, "trace": finding.evidence.get("trace")}
