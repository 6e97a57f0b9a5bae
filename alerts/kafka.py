"""The two Kafka clients of the alert process, set so that nothing is lost or counted before it is safe."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from alerts.couriers import CannotCarry
from alerts.outbox import Letter
from contracts.codec import encode
from contracts.kafka_address import KafkaAddress, client_options
from contracts.topics import ALERTS, FINDINGS, QUARANTINE
from emissions.finding import Rejected

GROUP = "stackwatch-alerts"
ANSWER_S = 10.0
"""A send that Kafka has not confirmed after this time has failed. [s]"""

GIVE_UP_AFTER = 12
"""After so many failures in a row the process ends: a producer may be beyond repair, a new one is not."""


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
    """Sends letters to ``cems.alerts``, keyed by county, in their order."""

    available = True

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._failures = 0

    async def send(self, letters: Sequence[Letter]) -> list[str | None]:
        """All of a batch, or an error for all of it: a part alone would change their order.

        Raises:
            KafkaError: it has failed so often that only a new producer can help.
        """
        try:
            await self._confirmed(
                [(ALERTS.name, letter.payload.encode(), letter.address.encode()) for letter in letters]
            )
        except CannotCarry as error:
            return [str(error)] * len(letters)
        return [None] * len(letters)

    async def quarantine(self, rejected: Sequence[Rejected]) -> None:
        """Keep lines that could not be used in ``cems.quarantine``.

        Raises:
            CannotCarry: Kafka did not take them.
            KafkaError: as ``send``.
        """
        await self._confirmed([(QUARANTINE.name, encode(line), line.mn.encode()) for line in rejected])

    async def _confirmed(self, records: Sequence[tuple[str, bytes, bytes]]) -> None:
        try:
            async with asyncio.timeout(ANSWER_S):
                confirmations = [await self._producer.send(topic, value, key=key) for topic, value, key in records]
                await asyncio.gather(*confirmations)
        except (KafkaError, TimeoutError) as error:
            self._failures += 1
            why = str(error) or f"no answer within {ANSWER_S:g} s"
            if self._failures >= GIVE_UP_AFTER:
                raise KafkaError(f"{self._failures} sendings in a row have failed: {why}") from error
            raise CannotCarry(f"Kafka: {why}") from error
        self._failures = 0
