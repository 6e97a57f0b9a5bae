"""The two Kafka clients of the alert process, set so that nothing is lost or counted before it is safe."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from alerts.couriers import CannotCarry
from alerts.metrics import AlertMetrics
from alerts.outbox import Letter
from contracts.codec import encode
from contracts.kafka_address import KafkaAddress, client_options
from contracts.topics import ALERTS, FINDINGS, QUARANTINE
from emissions.finding import Rejected

log = logging.getLogger(__name__)

GROUP = "stackwatch-alerts"
ANSWER_S = 10.0
"""A send that Kafka has not confirmed after this time has failed. [s]"""

REPLACED_AFTER = 3
"""After so many failures in a row another producer is made: one may be beyond repair, a new one is not."""

STOP_S = 3.0
"""Longest time to let go of a client in good order. [s]"""


@dataclass(frozen=True, slots=True)
class Kafka:
    """Where Kafka is."""

    servers: str | KafkaAddress
    """``host:port``, separated by commas, or an address with a login."""
    idempotence: bool = True
    """Whether it gives producers an identity, so that what is sent again counts once. Not every small broker can."""


def open_consumer(kafka: Kafka) -> AIOKafkaConsumer:
    """Reads ``cems.findings`` from the beginning on; offsets are committed by hand only."""
    return AIOKafkaConsumer(
        FINDINGS.name,
        **client_options(kafka.servers),
        group_id=GROUP,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        client_id="stackwatch-alerts",
    )


def open_producer(kafka: Kafka) -> AIOKafkaProducer:
    """Writes what all replicas have confirmed."""
    return AIOKafkaProducer(
        **client_options(kafka.servers),
        acks="all",
        enable_idempotence=kafka.idempotence,
        request_timeout_ms=int(ANSWER_S * 1000),
        client_id="stackwatch-alerts",
    )


class KafkaCarrier:
    """Sends letters to ``cems.alerts``, keyed by county, in order. A producer that keeps failing is replaced."""

    available = True

    def __init__(self, kafka: Kafka, metrics: AlertMetrics) -> None:
        """Prepare a carrier; ``start`` connects it."""
        self._kafka = kafka
        self._metrics = metrics
        self._producer: AIOKafkaProducer | None = None
        self._failures = 0

    async def start(self) -> None:
        """Connect.

        Raises:
            KafkaError: no Kafka there.
        """
        producer = open_producer(self._kafka)
        try:
            await producer.start()
        except BaseException:
            await _stop(producer)
            raise
        self._producer = producer

    def force_metadata_update(self) -> "asyncio.Future[bool]":
        """Ask whether Kafka answers; see ``contracts.pulse.Asked``. The producer may be another one each time."""
        assert self._producer is not None, "the carrier was not started"
        return cast("asyncio.Future[bool]", self._producer.client.force_metadata_update())

    async def stop(self) -> None:
        """Let go of the producer; what Kafka has not confirmed is sent again by the next process."""
        if self._producer is not None:
            await _stop(self._producer)

    async def send(self, letters: Sequence[Letter]) -> list[str | None]:
        """All of a batch, or an error for all of it: a part alone would change their order."""
        try:
            await self._confirmed(
                [(ALERTS.name, letter.payload.encode(), letter.address.encode()) for letter in letters]
            )
        except CannotCarry as error:
            return [str(error)] * len(letters)
        for letter in letters:
            message = msgspec.json.decode(letter.payload, type=_Event)
            self._metrics.events.labels(message.kind, message.event).inc()
        return [None] * len(letters)

    async def quarantine(self, rejected: Sequence[Rejected]) -> None:
        """Keep lines that could not be used in ``cems.quarantine``.

        Raises:
            CannotCarry: Kafka did not take them.
        """
        await self._confirmed([(QUARANTINE.name, encode(line), line.mn.encode()) for line in rejected])
        for line in rejected:
            self._metrics.quarantined.labels(line.reason).inc()

    async def _confirmed(self, records: Sequence[tuple[str, bytes, bytes]]) -> None:
        if not records:
            return
        try:
            if self._failures and self._failures % REPLACED_AFTER == 0:
                await self._replace()
            assert self._producer is not None, "the carrier was not started"
            async with asyncio.timeout(ANSWER_S):
                confirmations = [await self._producer.send(topic, value, key=key) for topic, value, key in records]
                await asyncio.gather(*confirmations)
        except (KafkaError, TimeoutError) as error:
            self._failures += 1
            raise CannotCarry(f"Kafka: {str(error) or f'no answer within {ANSWER_S:g} s'}") from error
        self._failures = 0

    async def _replace(self) -> None:
        """Go on with another producer: this one may be beyond repair."""
        before = self._producer
        async with asyncio.timeout(ANSWER_S):
            await self.start()
        if before is not None:
            await _stop(before)


class _Event(msgspec.Struct):
    kind: str = ""
    event: str = ""


async def close_consumer(consumer: AIOKafkaConsumer) -> None:
    """Leave the group and let go, in bounded time also when Kafka is away."""
    try:
        async with asyncio.timeout(STOP_S):
            await consumer.stop()
    except (KafkaError, TimeoutError, OSError) as error:
        log.warning("Kafka was not left in good order: %s", error or type(error).__name__)


async def _stop(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(STOP_S):
            await producer.stop()
    except (KafkaError, TimeoutError, OSError) as error:
        log.warning("a Kafka producer did not stop cleanly: %s", error or type(error).__name__)
        # stop() waits for what cannot be sent before it ends its background task, so that is done here.
        if (sender := producer._sender) is not None:
            await sender.close()
        await producer.client.close()
