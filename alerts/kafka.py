"""The two Kafka clients of the alert process, set so that nothing is lost or counted before it is safe."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from alerts.couriers import CannotCarry
from alerts.outbox import Letter
from contracts.codec import encode
from contracts.topics import ALERTS, FINDINGS, QUARANTINE
from emissions.finding import Rejected

GROUP = "stackwatch-alerts"
ANSWER_S = 10.0
"""A send that Kafka has not confirmed after this time has failed. [s]"""


def open_consumer(servers: str) -> AIOKafkaConsumer:
    """Reads ``cems.findings`` from the beginning on; offsets are committed by hand only."""
    return AIOKafkaConsumer(
        FINDINGS.name,
        bootstrap_servers=servers,
        group_id=GROUP,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        client_id="stackwatch-alerts",
    )


def open_producer(servers: str) -> AIOKafkaProducer:
    """Writes what all replicas have confirmed, each once and in order."""
    return AIOKafkaProducer(
        bootstrap_servers=servers,
        acks="all",
        enable_idempotence=True,
        request_timeout_ms=int(ANSWER_S * 1000),
        client_id="stackwatch-alerts",
    )


class KafkaCarrier:
    """Sends letters to ``cems.alerts``, keyed by county, in their order."""

    available = True

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def send(self, letters: Sequence[Letter]) -> list[str | None]:
        """All of a batch, or an error for all of it: a part alone would change their order."""
        try:
            async with asyncio.timeout(ANSWER_S):
                confirmations = [
                    await self._producer.send(ALERTS.name, letter.payload.encode(), key=letter.address.encode())
                    for letter in letters
                ]
                await asyncio.gather(*confirmations)
        except (KafkaError, TimeoutError) as error:
            return [f"Kafka: {error or type(error).__name__}"] * len(letters)
        return [None] * len(letters)

    async def quarantine(self, rejected: Sequence[Rejected]) -> None:
        """Keep lines that could not be used in ``cems.quarantine``; raises ``CannotCarry``."""
        try:
            async with asyncio.timeout(ANSWER_S):
                for line in rejected:
                    await self._producer.send_and_wait(QUARANTINE.name, encode(line), key=line.mn.encode())
        except (KafkaError, TimeoutError) as error:
            raise CannotCarry(f"cems.quarantine: {error or type(error).__name__}") from error
