"""The alert process: findings in; events, notices and passing deadlines out."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from alerts import outbox
from alerts.consuming import Consuming
from alerts.couriers import CannotCarry, Channel, Courier
from alerts.database import DatabaseUnavailable
from alerts.kafka import KafkaCarrier, open_consumer, open_producer
from alerts.mqtt import MqttPublisher
from alerts.notifiers import NOTIFIERS
from alerts.outbox import Patience
from alerts.repository import Repository

log = logging.getLogger(__name__)

TICK_S = 0.5
"""Deadlines are looked at this often, in real time. What counts is what the injected clock then says. [s]"""

EVENTS_PATIENCE = Patience(give_up_after=None)
"""Events are never given up: others build upon them."""


class ServiceLost(Exception):
    """The process cannot go on; says what is missing."""


class AlertService:
    """All parts of the process. ``run`` ends only with an error, or when it is cancelled."""

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

    async def run(self) -> None:
        """Do everything at once."""
        self._report_orphans()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._consuming.run())
                group.create_task(self._pass_time())
                for courier in self._couriers:
                    group.create_task(courier.run())
        finally:
            for channel in self._channels.values():
                channel.close()

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
    kafka: str,
    mqtt: MqttPublisher,
    now: Callable[[], datetime],
    patience: Patience | None = None,
) -> AsyncIterator[AlertService]:
    """A service whose clients are connected, and let go of at the end of the block.

    Raises:
        KafkaConnectionError: no Kafka there.
        ValueError: a channel that cannot be used.
    """
    async with AsyncExitStack() as stack:
        producer = open_producer(kafka)
        stack.push_async_callback(producer.stop)
        await producer.start()
        consumer = open_consumer(kafka)
        stack.push_async_callback(consumer.stop)
        await consumer.start()
        mqtt.start()
        stack.callback(mqtt.stop)
        yield AlertService(repository, consumer, producer, mqtt, now=now, patience=patience)


async def serve(
    repository: Repository,
    *,
    kafka: str,
    mqtt: MqttPublisher,
    now: Callable[[], datetime],
    watched: Callable[[Callable[[], str | None]], AbstractContextManager[object]],
) -> None:
    """Run the process until it is told to stop (SIGTERM, SIGINT).

    Args:
        repository: The alert database, its schema up to date.
        kafka: Bootstrap servers.
        mqtt: Not yet started.
        now: The injected clock.
        watched: Given what tells the service's trouble, shows its health while the block runs.

    Raises:
        ServiceLost: it cannot go on; started again it does so where it stood.
        ValueError: a channel that cannot be used.
    """
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    for stop in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(stop, task.cancel)
    try:
        async with alert_service(repository, kafka=kafka, mqtt=mqtt, now=now) as service:
            with watched(service.trouble):
                log.info("keeping alerts and cases")
                await service.run()
    except asyncio.CancelledError:
        log.info("stopped")
    except ExceptionGroup as failed:
        lost, other = failed.split(KafkaError)
        if lost is None or other is not None:
            raise
        raise ServiceLost(f"Kafka at {kafka}: {lost.exceptions[0]}") from failed
    except KafkaError as error:
        raise ServiceLost(f"Kafka at {kafka}: {error}") from error
