"""The gateway: MQTT in, Kafka out. Nothing is answered or acknowledged before Kafka has it."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from contracts.topics import PACKETS, QUARANTINE
from ingest.arrival import Arrival
from ingest.bundles import Bundle, Bundles
from ingest.intake import Intake, Quarantined, Taken
from ingest.kafka import KafkaWriter
from ingest.metrics import GatewayMetrics
from ingest.mqtt import MqttLink
from ingest.mqtt_address import MqttAddress
from ingest.ticket import Ticket

_log = logging.getLogger(__name__)

SUBSCRIPTIONS = ("hj212/+/up", "cems/+/readings")

STALLED_S = 30.0
"""Ready is over when something has been waiting for Kafka for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be under way, and how long a line waits for company."""

    messages: int = 2000
    """Unacknowledged messages; at this number the gateway stops reading until half of them are done."""
    size: int = 32 * 1024 * 1024
    """The same for their bytes."""
    linger_s: float = 0.05
    """A bundle is closed after this, even while more lines come in."""
    idle_s: float = 0.005
    """A bundle is closed when nothing has come in for this long: a broker that waits for our PUBACKs sends no more."""
    goodbye_s: float = 10.0
    """So long a gateway that stops waits for Kafka."""


class Gateway:
    """One gateway process; ``run`` is its life."""

    def __init__(
        self,
        *,
        address: MqttAddress,
        name: str,
        kafka: KafkaWriter,
        intake: Intake,
        clock: Callable[[], datetime],
        metrics: GatewayMetrics,
        limits: Limits | None = None,
    ) -> None:
        """``name`` is the MQTT client id: the broker keeps a session under it, so no two gateways share one."""
        self._limits = limits or Limits()
        self._kafka = kafka
        self._intake = intake
        self._clock = clock
        self._metrics = metrics
        self._mqtt = MqttLink(
            address,
            client_id=f"stackwatch-{name}",
            subscriptions=SUBSCRIPTIONS,
            on_arrival=self._arrived,
            receive_maximum=self._limits.messages,
        )
        self._bundles = Bundles()
        self._messages = 0
        self._size = 0
        self._newest = self._oldest = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._sends: set[asyncio.Task[None]] = set()
        self._lost: asyncio.Future[None] | None = None
        self._settled = asyncio.Event()
        self._settled.set()
        metrics.watch_commits(lambda: time.monotonic() - kafka.acknowledged_at)

    def ready(self) -> str | None:
        """None while messages can be taken over; else why not."""
        if (problem := self._kafka.problem or self._mqtt.problem) is not None:
            return problem
        if self._messages and time.monotonic() - self._kafka.acknowledged_at > STALLED_S:
            return f"{self._messages} messages wait, and Kafka has committed nothing for {STALLED_S:.0f} s"
        return None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set, then finish what is under way.

        Raises:
            KafkaLost: Kafka took nothing any more. What was not committed is not acknowledged: the broker has it.
            KafkaUnfit: the topics are not as declared.
        """
        self._lost = asyncio.get_running_loop().create_future()
        stopping = asyncio.create_task(stop.wait())
        opening = asyncio.create_task(self._kafka.open())
        session: asyncio.Task[None] | None = None
        try:
            await asyncio.wait({stopping, opening}, return_when=asyncio.FIRST_COMPLETED)
            if not opening.done():
                return
            opening.result()
            session = asyncio.create_task(self._mqtt.run())
            ends: list[asyncio.Future[Any]] = [stopping, session, self._lost]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._lost.done():
                self._lost.result()
            if session.done():
                session.result()
            await self._finish()
        finally:
            tasks = [task for task in (stopping, opening, session, *self._sends) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._timer is not None:
                self._timer.cancel()
            await self._kafka.close()

    async def _finish(self) -> None:
        self._mqtt.pause()
        self._ship()
        try:
            async with asyncio.timeout(self._limits.goodbye_s):
                await self._settled.wait()
        except TimeoutError:
            _log.warning("%d messages stay unacknowledged; the broker sends them again", self._messages)
        await self._mqtt.close()

    # In: one MQTT message at a time, on the event loop.

    def _arrived(self, arrival: Arrival) -> None:
        self._metrics.received.inc()
        taken = self._take(arrival)
        size = len(arrival.payload)
        ticket = Ticket(len(taken.records), partial(self._committed, arrival, taken.answers, size))
        self._messages += 1
        self._size += size
        self._settled.clear()
        self._metrics.in_flight.set(self._messages)
        if self._messages >= self._limits.messages or self._size >= self._limits.size:
            self._metrics.paused.inc(self._mqtt.pause())
        full = False
        for record in taken.records:
            if isinstance(record, Quarantined):
                self._send(self._quarantine(record, ticket))
            else:
                self._metrics.heartbeats.inc(record.heartbeat)
                full = self._bundles.add(record.shard, record.line, ticket) or full
        self._wait_for_company(full=full)

    def _take(self, arrival: Arrival) -> Taken:
        # The feed holds milliseconds; what is decided here must be what a replay decides.
        now = self._clock()
        received_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        kind, sender = arrival.topic.split("/")[:2]
        if kind == "cems":
            return self._intake.reading(sender, arrival.payload, received_at)
        return self._intake.frames(sender, arrival.payload, received_at)

    # Out: bundles by shard.

    def _wait_for_company(self, *, full: bool) -> None:
        now = asyncio.get_running_loop().time()
        self._newest = now
        if full:
            self._ship()
        elif self._timer is None:
            self._oldest = now
            self._timer = asyncio.get_running_loop().call_later(self._limits.idle_s, self._look)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now, limits = loop.time(), self._limits
        close_at = min(self._newest + limits.idle_s, self._oldest + limits.linger_s)
        # Timers are a little early sometimes.
        if now + 0.0005 >= close_at:
            self._timer = None
            self._ship()
        else:
            self._timer = loop.call_at(close_at, self._look)

    def _ship(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for shard in self._bundles.ready():
            if (bundle := self._bundles.take(shard)) is not None:
                self._send(self._packets(bundle))

    def _send(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(job)
        self._sends.add(task)
        task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sends.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if self._lost is not None and not self._lost.done():
            self._lost.set_exception(error)

    async def _packets(self, bundle: Bundle) -> None:
        await self._kafka.send(
            PACKETS, key=str(bundle.shard).encode(), value=bundle.value, partition=bundle.shard % PACKETS.partitions
        )
        self._metrics.relayed.inc(len(bundle.tickets))
        self._bundles.back(bundle)
        # What has come in meanwhile has waited long enough.
        if (following := self._bundles.take(bundle.shard)) is not None:
            self._send(self._packets(following))

    async def _quarantine(self, record: Quarantined, ticket: Ticket) -> None:
        await self._kafka.send(QUARANTINE, key=record.mn.encode(), value=record.line)
        self._metrics.quarantined.labels(record.reason).inc()
        ticket.committed()

    # Back: the answer, then the PUBACK.

    def _committed(self, arrival: Arrival, answers: tuple[bytes, ...], size: int) -> None:
        mn = arrival.topic.split("/")[1]
        for answer in answers:
            if self._mqtt.publish(f"hj212/{mn}/down", answer):
                self._metrics.answered.inc()
            else:
                self._metrics.unanswered.inc()
        if self._mqtt.acknowledge(arrival):
            self._metrics.acknowledged.inc()
        self._messages -= 1
        self._size -= size
        self._metrics.in_flight.set(self._messages)
        if self._messages <= self._limits.messages // 2 and self._size <= self._limits.size // 2:
            self._mqtt.resume()
        if not self._messages:
            self._settled.set()
