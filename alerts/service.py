"""The alert process: findings in; events, notices and passing deadlines out."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from alerts import outbox
from alerts.consuming import Consuming
from alerts.couriers import CannotCarry, Channel, Courier
from alerts.database import DatabaseUnavailable
from alerts.kafka import Kafka, KafkaCarrier, open_consumer, open_producer
from alerts.mqtt import MqttPublisher
from alerts.notifiers import NOTIFIERS
from alerts.outbox import Patience
from alerts.repository import Repository

log = logging.getLogger(__name__)

TICK_S = 0.5
"""Deadlines are looked at this often, in real time. What counts is what the injected clock then says. [s]"""

EVENTS_PATIENCE = Patience(give_up_after=None)
"""Events are never given up: others build upon them."""


class CannotStart(Exception):
    """Something that the process needs does not answer; says what."""


class ServiceLost(Exception):
    """The process cannot go on; says why. Started again, it takes up where it stood."""


class AlertService:
    """All parts of the process."""

    def __init__(
        self,
        repository: Repository,
        consumer: AIOKafkaConsumer,
        producer: AIOKafkaProducer,
        mqtt: MqttPublisher,
        *,
        now: Callable[[], datetime],
        patience: Patience | None = None,
    ) -> None:
        """Put the parts together.

        Raises:
            ValueError: a channel's notifier is unknown or cannot use its address; says which channel.
        """
        self._repository = repository
        self._now = now
        engine = repository.engine
        carrier = KafkaCarrier(producer)
        self._events = Courier(engine, outbox.KAFKA, carrier, patience=EVENTS_PATIENCE, batch=500)
        publishing = Courier(engine, outbox.MQTT, mqtt, patience=EVENTS_PATIENCE, batch=100)
        self._channels = channels_of(repository)
        self._couriers = [
            publishing,
            *(
                Courier(engine, f"{outbox.CHANNEL}{name}", channel, patience=patience or Patience(), batch=1)
                for name, channel in self._channels.items()
            ),
        ]
        self._consuming = Consuming(consumer, repository, carrier, now=now, published=self._publish_events)
        self._publishing = asyncio.Lock()
        self._ticking: str | None = None

    def trouble(self) -> str | None:
        """Why the process is not able to do its work at the moment; None when it is."""
        return self._consuming.trouble or self._ticking

    async def run(self, stop: asyncio.Event) -> None:
        """Do everything at once until ``stop`` is set.

        Raises:
            ServiceLost: Kafka is out of reach for good.
        """
        self._report_orphans()
        work = asyncio.create_task(self._everything())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        except ExceptionGroup as failed:
            lost, other = failed.split(KafkaError)
            if lost is None or other is not None:
                raise
            raise ServiceLost(f"Kafka: {lost.exceptions[0]}") from failed
        finally:
            for task in (work, stopping):
                task.cancel()
            await asyncio.wait({work, stopping})
            for channel in self._channels.values():
                channel.close()

    async def _everything(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._consuming.run())
            group.create_task(self._pass_time())
            for courier in self._couriers:
                group.create_task(courier.run())

    async def _pass_time(self) -> None:
        """Let deadlines pass, and publish what other processes did to alerts."""
        while True:
            try:
                moved = await asyncio.to_thread(self._repository.pass_time, now=self._now())
                if moved:
                    log.info("%d deadlines missed", moved)
                await self._publish_events()
                self._ticking = None
            except (DatabaseUnavailable, CannotCarry) as error:
                if self._ticking is None:
                    log.warning("deadlines wait: %s", error)
                self._ticking = str(error)
            await asyncio.sleep(TICK_S)

    async def _publish_events(self) -> None:
        """Return once ``cems.alerts`` has every event that is due; raises ``CannotCarry``."""
        async with self._publishing:
            await self._events.empty()
        for courier in self._couriers:
            courier.wake()

    def _report_orphans(self) -> None:
        known = {outbox.KAFKA, *(courier.destination for courier in self._couriers)}
        for destination, count in self._repository.backlog().items():
            if destination not in known:
                log.warning("%d notices wait for %s, which the rulebook no longer has", count, destination)


def channels_of(repository: Repository) -> dict[str, Channel]:
    """The channels of the policy, ready to send.

    Raises:
        ValueError: a channel's notifier is unknown or cannot use its address; says which channel.
    """
    channels = {}
    for channel in repository.policy.channels:
        if channel.notifier not in NOTIFIERS:
            raise ValueError(
                f"channel {channel.name!r}: notifier {channel.notifier!r} is none of {', '.join(NOTIFIERS)}"
            )
        try:
            notifier = NOTIFIERS[channel.notifier](channel.url)
        except ValueError as error:
            raise ValueError(f"channel {channel.name!r}: {error}") from error
        channels[channel.name] = Channel(channel.name, notifier)
    return channels


@asynccontextmanager
async def alert_service(
    repository: Repository,
    *,
    kafka: Kafka,
    mqtt: MqttPublisher,
    now: Callable[[], datetime],
    patience: Patience | None = None,
) -> AsyncIterator[AlertService]:
    """A service whose clients are connected, and let go of at the end of the block.

    Args:
        repository: The alert database, its schema up to date.
        kafka: Where findings come from and events go; its topics exist.
        mqtt: Not yet started. It need not be there: what it should get waits.
        now: The injected clock, which deadlines are measured by.
        patience: How often a notice is tried again.

    Raises:
        CannotStart: no Kafka there.
        ValueError: a channel that cannot be used.
    """
    async with AsyncExitStack() as stack:
        try:
            producer = open_producer(kafka)
            stack.push_async_callback(producer.stop)
            await producer.start()
            consumer = open_consumer(kafka)
            stack.push_async_callback(consumer.stop)
            await consumer.start()
        except KafkaError as error:
            raise CannotStart(f"Kafka at {kafka.servers}: {error}") from error
        service = AlertService(repository, consumer, producer, mqtt, now=now, patience=patience)
        mqtt.start()
        stack.callback(mqtt.stop)
        yield service
