"""The alert process: findings in; events, notices and passing deadlines out."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError, KafkaError

from alerts import outbox
from alerts.consuming import Consuming
from alerts.couriers import CannotCarry, Carrier, Channel, Courier
from alerts.database import DatabaseUnavailable
from alerts.kafka import Kafka, KafkaCarrier, close_consumer, open_consumer
from alerts.metrics import AlertMetrics
from alerts.mqtt import MqttPublisher
from alerts.notifiers import NOTIFIERS
from alerts.outbox import Patience
from alerts.repository import Repository
from alerts.watch import Watch

log = logging.getLogger(__name__)

TICK_S = 0.5
"""Deadlines are looked at this often, in real time. What counts is what the injected clock then says. [s]"""

LOOK_S = 1.0
"""How often progress is looked at. [s]"""

ANCHOR_S = 60.0
"""The heads of audit logs that have grown are published this often. [s]"""

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
        carrier: KafkaCarrier,
        mqtt: MqttPublisher,
        *,
        now: Callable[[], datetime],
        metrics: AlertMetrics,
        patience: Patience | None = None,
    ) -> None:
        """Put the parts together.

        Raises:
            ValueError: a channel's notifier is unknown or cannot use its address; says which channel.
        """
        self._repository = repository
        self._now = now
        engine = repository.engine
        self._metrics = metrics
        self._carrier = carrier

        def courier(destination: str, with_: Carrier, patience: Patience, batch: int) -> Courier:
            def counted(outcome: str, letters: int) -> None:
                metrics.deliveries.labels(destination, outcome).inc(letters)

            return Courier(engine, destination, with_, patience=patience, batch=batch, counted=counted)

        self._events = courier(outbox.KAFKA, carrier, EVENTS_PATIENCE, 500)
        self._channels = channels_of(repository)
        self._couriers = [
            courier(outbox.MQTT, mqtt, EVENTS_PATIENCE, 100),
            *(
                courier(f"{outbox.CHANNEL}{name}", channel, patience or Patience(), 1)
                for name, channel in self._channels.items()
            ),
        ]
        self._consuming = Consuming(
            consumer, repository, carrier, now=now, published=self._publish_events, metrics=metrics
        )
        self._publishing = asyncio.Lock()
        self._ticking: str | None = None
        self.watch = Watch(metrics)

    async def run(self, stop: asyncio.Event) -> None:
        """Do everything at once until ``stop`` is set.

        Raises:
            ServiceLost: Kafka's reading side is broken, or nothing gets on and there is no reason to wait for.
        """
        self._report_orphans()
        work = asyncio.create_task(self._everything())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        except ExceptionGroup as failed:
            lost, other = failed.split((KafkaError, ServiceLost))
            if lost is None or other is not None:
                raise
            why = lost.exceptions[0]
            raise ServiceLost(str(why) if isinstance(why, ServiceLost) else f"Kafka: {why}") from failed
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
            group.create_task(self.watch.pulse.run(self._carrier))
            group.create_task(self._find_offsets())
            group.create_task(self._look())
            group.create_task(self._anchor())
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
                self._metrics.database_failures.inc(isinstance(error, DatabaseUnavailable))
                self._ticking = str(error)
            await asyncio.sleep(TICK_S)

    async def _anchor(self) -> None:
        """Say regularly, outside of the database, how far its audit logs have come."""
        while True:
            try:
                for name, (length, seal) in (await asyncio.to_thread(self._repository.anchor, now=self._now())).items():
                    log.info("audit log %s: %d lines, %s", name, length, seal)
            except DatabaseUnavailable as error:
                log.debug("the audit logs cannot be read now: %s", error)
            await asyncio.sleep(ANCHOR_S)

    async def _find_offsets(self) -> None:
        """Learn where partitions that are new to us stand; Kafka may be away meanwhile."""
        while True:
            try:
                await self._consuming.look()
            except (KafkaError, IllegalStateError) as error:
                log.debug("offsets are not known yet: %s", error)
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> None:
        """Watch how far we have come, and what waits to be sent."""
        destinations = [courier.destination for courier in (self._events, *self._couriers)]
        engine = self._repository.engine
        while True:
            self.watch.look(*self._consuming.offsets(), trouble=self._consuming.trouble or self._ticking)
            if dead := self.watch.why_dead():
                raise ServiceLost(dead)
            with contextlib.suppress(DatabaseUnavailable):  # told by _pass_time
                waiting = await asyncio.to_thread(outbox.oldest, engine)
                self._metrics.outbox(waiting, known=destinations, now=datetime.now(UTC))
            await asyncio.sleep(LOOK_S)

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
            notifier = NOTIFIERS[channel.notifier](
                channel.url, secret=channel.secret, targets=repository.policy.targets
            )
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
    metrics: AlertMetrics | None = None,
) -> AsyncIterator[AlertService]:
    """A service whose clients are connected, and let go of at the end of the block.

    Args:
        repository: The alert database, its schema up to date.
        kafka: Where findings come from and events go; its topics exist.
        mqtt: Not yet started. It need not be there: what it should get waits.
        now: The injected clock, which deadlines are measured by.
        patience: How often a notice is tried again.
        metrics: Where is counted; None: in the process's own registry.

    Raises:
        CannotStart: no Kafka there.
        ValueError: a channel that cannot be used.
    """
    async with AsyncExitStack() as stack:
        counts = metrics or AlertMetrics()
        carrier = KafkaCarrier(kafka, counts)
        try:
            await carrier.start()
            stack.push_async_callback(carrier.stop)
            consumer = open_consumer(kafka)
            stack.push_async_callback(close_consumer, consumer)
            await consumer.start()
        except KafkaError as error:
            raise CannotStart(f"Kafka at {kafka.servers}: {error}") from error
        service = AlertService(repository, consumer, carrier, mqtt, now=now, metrics=counts, patience=patience)
        mqtt.start()
        stack.callback(mqtt.stop)
        yield service
