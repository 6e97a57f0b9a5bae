"""One worker process, from start to clean stop."""

import asyncio
import logging
import signal
import time
from collections.abc import Iterator, Sequence

from aiokafka import AIOKafkaProducer

from contracts.kafka_address import KafkaAddress, client_options
from contracts.progress import DEAD_AFTER_S
from emissions.account import JUDGING
from emissions.register import Register
from emissions.rules import Rules
from stores.port import SeriesStore
from streams.accounting import Accounting
from streams.app import FOLDING_ID, STORING_ID, create_app
from streams.checkpoint import StateTopic
from streams.counting import Counting
from streams.folding import accounting, adding_up, judging, supervising
from streams.group import BROKEN, Group, end, or_end
from streams.judge import Judge
from streams.metrics import Metrics
from streams.patience import PatientProducer
from streams.storing import storing
from streams.supervise import City, Supervisor

_log = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often progress is looked at. [s]"""

BATCH_BYTES = 512 * 1024
"""Largest batch of one partition. A checkpoint is many megabytes, and batches go out one after the other."""

STOP_S = 3.0
"""Longest time to leave Kafka in good order. [s]"""


class Worker:
    """The groups of this process and what can be said about them."""

    def __init__(self, groups: Sequence[Group], producer: PatientProducer) -> None:
        self._groups = groups
        self._producer = producer
        self._looked_at = time.monotonic()
        self._not_ready: str | None = "starting"

    def state_topics(self) -> list[StateTopic]:
        """Topics that must be there before ``run``: those of the state."""
        return [topic for group in self._groups for topic in group.state_topics()]

    def why_not_ready(self) -> str | None:
        """None while the worker keeps up; else what holds it. From any thread."""
        return self._why_silent(LOOK_S * 10) or self._not_ready

    def why_dead(self) -> str | None:
        """None while the worker may come round by itself; else why it should be started again. From any thread."""
        if silent := self._why_silent(DEAD_AFTER_S):
            return silent
        return next((reason for group in self._groups if (reason := group.why_dead())), None)

    def details(self) -> Iterator[str]:
        """The figures behind readiness, a line each. From any thread."""
        yield f"Kafka answered {self._producer.pulse.silent_s:.0f} s ago"
        for group in self._groups:
            yield from group.details()

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT, then make safe and acknowledge what is held.

        Raises:
            KafkaError: Kafka cannot be reached at the start.
        """
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await self._producer.start()
        asked = asyncio.create_task(stop.wait())
        look = asyncio.create_task(or_end("progress", self._look()))
        work = [asyncio.create_task(group.work()) for group in self._groups]
        done, _ = await asyncio.wait([asked, *work], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        look.cancel()
        await self._stop()

    async def _stop(self) -> None:
        _log.info("stopping: making safe what is held")
        closed = await asyncio.gather(*(group.close() for group in self._groups))
        leaving = asyncio.create_task(self._leave())
        # Faust does not let itself be cancelled when Kafka is away: its time is limited from outside.
        await asyncio.wait([leaving], timeout=STOP_S)
        if not leaving.done() or leaving.exception() is not None:
            reason = leaving.exception() if leaving.done() else "it took too long"
            _log.warning("Kafka was not left in good order: %s", reason)
            end(0)
        if not all(closed):
            # A thread may still wait for the store, and would keep the process.
            _log.warning("not everything could be made safe; what was not comes again after the next start")
            end(0)

    async def _leave(self) -> None:
        await asyncio.gather(*(group.leave() for group in self._groups))
        await self._producer.stop()

    async def _look(self) -> None:
        while True:
            self._looked_at = time.monotonic()
            reasons = [group.observe() for group in self._groups]
            self._tell(next((reason for reason in reasons if reason), None))
            if dead := self.why_dead():
                _log.critical("%s; the process ends and starts anew", dead)
                end(BROKEN)
            await asyncio.sleep(LOOK_S)

    def _tell(self, not_ready: str | None) -> None:
        """Log when it begins and when it is over, not each change of its words."""
        if (not_ready is None) != (self._not_ready is None):
            _log.log(logging.WARNING if not_ready else logging.INFO, "%s", not_ready or "ready")
        self._not_ready = not_ready

    def _why_silent(self, after_s: float) -> str | None:
        silent_s = time.monotonic() - self._looked_at
        return f"the event loop has not turned for {silent_s:.0f} s" if silent_s > after_s else None


def create_producer(bootstrap: str | KafkaAddress, *, idempotent: bool = True) -> PatientProducer:
    """The producer of outputs and state, not started."""
    return PatientProducer(
        AIOKafkaProducer(
            **client_options(bootstrap),
            acks="all",
            enable_idempotence=idempotent,
            linger_ms=5,
            max_batch_size=BATCH_BYTES,
        )
    )


def create_worker(
    bootstrap: str | KafkaAddress,
    register: Register,
    rules: Rules,
    store: SeriesStore,
    *,
    replication: int = 1,
    idempotent: bool = True,
    session_s: float = 30.0,
) -> Worker:
    """Everything wired, nothing started. Needs a running event loop.

    Folding and storing are groups of their own: when the store is away, the judging and supervising go on.

    Args:
        bootstrap: Kafka's address.
        register: Who is watched.
        rules: Parameters and limits.
        store: Where series go.
        replication: Copies of the state's topics.
        idempotent: Whether the broker removes the doubles of the producer's own retries. Order holds either way.
        session_s: A worker not heard of for so long has lost its partitions. [s]
    """
    producer = create_producer(bootstrap, idempotent=idempotent)
    metrics = Metrics()
    metrics.kafka_silent.set_function(lambda: producer.pulse.silent_s)
    fold = create_app(FOLDING_ID, bootstrap, replication=replication, session_s=session_s)
    counting = Counting(JUDGING)
    folding = [
        judging(fold, Judge(register, rules, counting), producer, metrics, counting),
        supervising(fold, Supervisor(register, rules), producer, metrics),
        adding_up(fold, City(register, rules), producer, metrics),
        accounting(fold, Accounting(register, rules), producer, metrics),
    ]
    keep = create_app(STORING_ID, bootstrap, replication=replication, session_s=session_s)
    groups = [
        Group(fold, producer, folding, metrics),
        Group(keep, producer, storing(store, producer, metrics), metrics),
    ]
    return Worker(groups, producer)
