"""The gateway: MQTT in, Kafka out. Nothing is answered or acknowledged before Kafka has it."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from contracts.topics import PACKETS, QUARANTINE
from ingest.arrival import Arrival
from ingest.bundles import Bundle, Bundles
from ingest.intake import Intake, Kept, Quarantined, Taken
from ingest.kafka import KafkaWriter
from ingest.metrics import GatewayMetrics
from ingest.mqtt import MqttLink
from ingest.mqtt_address import MqttAddress
from ingest.pacing import Pace, Pacer, Verdict, cost_of
from ingest.ticket import Ticket

_log = logging.getLogger(__name__)

SUBSCRIPTIONS = ("hj212/+/up", "cems/+/readings")

FLOOD = "flood"
"""Reason in quarantine: more than one logger may send. Kept whole, not answered, and nobody else waits for it."""

RELEASE_S = 0.05
"""How often messages that wait for their turn are looked at. [s]"""
SAY_AGAIN_S = 60.0
"""A flood of one logger is logged no more often. [s]"""

STALLED_S = 30.0
"""Ready is over when something has been waiting for Kafka for so long."""

MIND_S = 1.0
"""How often is looked for hours that are over. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be under way, and how long a line waits for company."""

    messages: int = 2000
    """Unacknowledged messages; at this number the gateway stops reading until half of them are done."""
    size: int = 32 * 1024 * 1024
    """The same for their bytes."""
    answering: int = 20_000
    """Messages that Kafka has and whose answers wait until the broker confirms earlier ones. Its confirmations may
    stand behind all that it has to send us; beyond this number the oldest go with QoS 0 and wait no longer."""
    linger_s: float = 0.05
    """A bundle is closed after this, even while more lines come in."""
    idle_s: float = 0.005
    """A bundle is closed when nothing has come in for this long: a broker that waits for our PUBACKs sends no more."""
    pace: Pace = field(default_factory=Pace)
    """How much one logger may send; the rest waits, and what is too much even for that goes to quarantine."""
    goodbye_s: float = 10.0
    """So long a gateway that stops waits for Kafka."""


@dataclass(frozen=True, slots=True)
class _Answering:
    """A message that Kafka has, and the answers to it that have not been sent."""

    arrival: Arrival
    answers: list[bytes]


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
            on_room=self._answer,
            receive_maximum=self._limits.messages,
        )
        self._pacer: Pacer[tuple[Arrival, datetime]] = Pacer(self._limits.pace)
        self._release_timer: asyncio.TimerHandle | None = None
        self._floods: dict[str, tuple[float, int]] = {}
        self._bundles = Bundles()
        self._messages = 0
        self._size = 0
        self._answering: deque[_Answering] = deque()
        self._answered_at = time.monotonic()
        self._leaving = False
        self._complaint = ""
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
        if self._answering and time.monotonic() - self._answered_at > STALLED_S:
            return f"{len(self._answering)} messages wait, and the broker has taken no answer for {STALLED_S:.0f} s"
        return None

    def details(self) -> Iterator[str]:
        """The figures behind readiness, a line each. From any thread."""
        yield f"Kafka committed something {time.monotonic() - self._kafka.acknowledged_at:.0f} s ago"
        yield f"{self._messages} messages and {self._size} bytes wait for Kafka"

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
        minding: asyncio.Task[None] | None = None
        try:
            await asyncio.wait({stopping, opening}, return_when=asyncio.FIRST_COMPLETED)
            if not opening.done():
                return
            opening.result()
            session = asyncio.create_task(self._mqtt.run())
            minding = asyncio.create_task(self._mind_the_hours())
            ends: list[asyncio.Future[Any]] = [stopping, session, minding, self._lost]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._lost.done():
                self._lost.result()
            if session.done():
                session.result()
            if minding.done():
                minding.result()
            await self._finish()
        finally:
            tasks = [task for task in (stopping, opening, session, minding, *self._sends) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for timer in (self._timer, self._release_timer):
                if timer is not None:
                    timer.cancel()
            await self._kafka.close()

    async def _finish(self) -> None:
        self._mqtt.pause()
        self._pacer.forget_waiting()
        self._leaving = True
        self._speak(self._intake.words(self._now(), last=True))
        self._ship()
        self._answer()
        try:
            async with asyncio.timeout(self._limits.goodbye_s):
                await self._settled.wait()
                while self._sends:
                    await asyncio.wait(self._sends)
        except TimeoutError:
            waiting = self._messages + len(self._answering)
            _log.warning("%d messages stay unacknowledged; the broker sends them again", waiting)
        await self._mqtt.close()

    # In: one MQTT message at a time, on the event loop.

    def _arrived(self, arrival: Arrival) -> None:
        self._metrics.received.inc()
        received_at = self._now()
        sender = arrival.topic.split("/")[1]
        verdict = self._pacer.offer(
            sender, (arrival, received_at), cost=cost_of(len(arrival.payload)), now=time.monotonic()
        )
        if verdict is Verdict.PASS:
            self._pass_on(arrival, self._take(arrival, received_at))
        elif verdict is Verdict.WAIT:
            self._metrics.paced.inc()
            self._release_later()
        else:
            self._metrics.flooded.inc()
            self._tell_flood(sender)
            note = f"more than {self._limits.pace.per_s:g} messages a second"
            self._pass_on(
                arrival,
                self._intake.refuse(*_kind_and_sender(arrival), arrival.payload, received_at, reason=FLOOD, note=note),
            )

    def _release_later(self) -> None:
        if self._release_timer is None:
            self._release_timer = asyncio.get_running_loop().call_later(RELEASE_S, self._release)

    def _release(self) -> None:
        """Take over what has waited for its turn, as received when it came."""
        self._release_timer = None
        for arrival, received_at in self._pacer.due(time.monotonic()):
            if arrival.qos and arrival.connection != self._mqtt.connection:
                continue  # never acknowledged: the broker sends it again on the new connection
            self._pass_on(arrival, self._take(arrival, received_at))
        if self._pacer.waiting:
            self._release_later()

    def _tell_flood(self, sender: str) -> None:
        now = time.monotonic()
        said_at, since = self._floods.get(sender, (now - SAY_AGAIN_S, 0))
        if now - said_at < SAY_AGAIN_S:
            self._floods[sender] = (said_at, since + 1)
            return
        more = f"; {since} since this was last said" if since else ""
        _log.warning("%s floods: its messages go to quarantine%s", sender, more, extra={"mn": sender})
        self._floods[sender] = (now, 0)

    def _pass_on(self, arrival: Arrival, taken: Taken) -> None:
        size = len(arrival.payload)
        ticket = Ticket(len(taken.records), partial(self._committed, arrival, taken.answers, size))
        self._messages += 1
        self._size += size
        self._settled.clear()
        self._metrics.in_flight.set(self._messages + len(self._answering))
        if self._messages >= self._limits.messages or self._size >= self._limits.size:
            self._metrics.paused.inc(self._mqtt.pause())
        self._speak(self._intake.words())
        full = False
        for record in taken.records:
            if isinstance(record, Quarantined):
                self._send(self._quarantine(record, ticket))
            else:
                self._metrics.heartbeats.inc(record.heartbeat)
                full = self._bundles.add(record.shard, record.line, ticket) or full
        self._wait_for_company(full=full)

    def _now(self) -> datetime:
        # The feed holds milliseconds; what is decided here must be what a replay decides.
        now = self._clock()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def _speak(self, words: list[Kept]) -> None:
        """Put the account's words into the feed, each behind the lines that it is about."""
        for word in words:
            self._bundles.add(word.shard, word.line, Ticket(1, self._metrics.words.inc))
        if words:
            self._wait_for_company(full=False)

    async def _mind_the_hours(self) -> None:
        """A logger that sends nothing more must not keep the word on its last hour waiting."""
        while True:
            await asyncio.sleep(MIND_S)
            self._speak(self._intake.words(self._now()))

    def _take(self, arrival: Arrival, received_at: datetime) -> Taken:
        kind, sender = _kind_and_sender(arrival)
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
        self._messages -= 1
        self._size -= size
        # What is kept while its answers wait is small.
        self._answering.append(_Answering(replace(arrival, payload=b""), list(answers)))
        if self._messages <= self._limits.messages // 2 and self._size <= self._limits.size // 2:
            self._mqtt.resume()
        self._answer()

    def _answer(self) -> None:
        """Send the answers of what is committed, oldest first, and acknowledge each message after its own.

        Where the broker takes no more, the rest waits with its PUBACKs: the broker then has no more to send us either.
        Reading goes on meanwhile, since only reading shows that the broker has taken what was sent.
        """
        while self._answering:
            beyond = self._leaving or len(self._answering) > self._limits.answering
            if not self._answered(self._answering[0], beyond=beyond) and not beyond:
                break
            self._answered_at = time.monotonic()
            done = self._answering.popleft()
            if done.answers:
                self._metrics.unanswered.inc(len(done.answers))
                self._complain("answers could not be sent; the loggers ask again")
            if self._mqtt.acknowledge(done.arrival):
                self._metrics.acknowledged.inc()
        else:
            self._answered_at = time.monotonic()
            self._complaint = ""
        self._metrics.in_flight.set(self._messages + len(self._answering))
        self._metrics.answers_waiting.set(len(self._answering))
        if not self._messages and not self._answering:
            self._settled.set()

    def _complain(self, complaint: str) -> None:
        """Say something once, until it is over."""
        if complaint != self._complaint:
            _log.warning("%s", complaint)
        self._complaint = complaint

    def _answered(self, committed: "_Answering", *, beyond: bool) -> bool:
        """Whether all is sent that can ever be: without the connection it came by, the broker sends the message again,
        and the answer follows then."""
        arrival, answers = committed.arrival, committed.answers
        if not self._mqtt.connected or (arrival.qos and arrival.connection != self._mqtt.connection):
            return True
        topic = f"hj212/{arrival.topic.split('/')[1]}/down"
        while answers and self._mqtt.publish(topic, answers[0], beyond=beyond):
            del answers[0]
            self._metrics.answered.inc()
        return not answers


def _kind_and_sender(arrival: Arrival) -> tuple[str, str]:
    kind, sender = arrival.topic.split("/")[:2]
    return kind, sender
