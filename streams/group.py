"""One group of consumers in this process: a Faust application and the stages that share its fate."""

import asyncio
import logging
import os
import time
from collections.abc import Coroutine, Iterable, Iterator
from typing import Any, NoReturn, cast

from faust.tables.manager import TableManager
from faust.types.streams import StreamT

from contracts.progress import Progress
from streams.app import Application, raw_topic
from streams.checkpoint import StateTopic
from streams.consumer import CarefulConsumer
from streams.folding import Folding
from streams.metrics import Metrics
from streams.output import SEND_TIMEOUT_S, Producer
from streams.patience import in_time
from streams.storing import Storing

_log = logging.getLogger(__name__)

TICK_S = 0.05
"""How often each stage may send on what waits. [s]"""

CLOSE_S = 5.0
"""Longest time to make safe what is held. [s]"""

BROKEN = 70
"""Exit code after an unforeseen error: nothing was acknowledged, a new process starts from what was written."""

Stage = Folding | Storing


class Group:
    """The stages of one Faust application: started, rebalanced and stopped together."""

    def __init__(self, app: Application, producer: Producer, stages: Iterable[Stage], metrics: Metrics) -> None:
        self._app = app
        self._producer = producer
        self._stages = list(stages)
        self._metrics = metrics
        self._progress = [Progress(stage.name) for stage in self._stages]
        self._recovery = Progress(f"{app.conf.id}: recovery")
        self._assigned = False
        self._stopping = asyncio.Event()
        self._ticks: list[asyncio.Task[None]] = []
        for stage in self._stages:
            stage.ours_until = self._ours_until
            app.agent(raw_topic(app, stage.source), name=f"streams.{stage.name}")(_agent(stage))
        app.on_partitions_revoked.connect(self._revoked, weak=False)
        app.on_rebalance_complete.connect(self._rebalanced, weak=False)

    def state_topics(self) -> list[StateTopic]:
        """Topics that must be there before ``work``, beside those that are read and written."""
        return [stage.state_topic for stage in self._stages if isinstance(stage, Folding)]

    async def work(self) -> None:
        """Start, and go on until the application ends.

        Raises:
            KafkaError: Kafka cannot be reached at the start.
        """
        self._ticks = [asyncio.create_task(or_end(stage.name, self._tick(stage))) for stage in self._stages]
        await self._app.start()
        await self._app.wait_until_stopped()
        if self._app.crashed and not self._stopping.is_set():
            # Faust crashes as a whole and then does nothing more, in a process that goes on.
            _log.critical("Faust has crashed: %r", self._app.crash_reason)
            end(BROKEN)

    async def close(self) -> bool:
        """Make safe and acknowledge what is held, and take in nothing more; False: not all could be made safe."""
        self._stopping.set()
        closed = await asyncio.gather(*(stage.held.close(CLOSE_S) for stage in self._stages), return_exceptions=True)
        for stage, result in zip(self._stages, closed, strict=True):
            if isinstance(result, Exception):
                _log.warning("%s: what is held could not be made safe: %r", stage.name, result)
        return all(result is True for result in closed)

    async def leave(self) -> None:
        """Tell Kafka how far we have come, and leave the group."""
        await self._app.consumer.commit()
        await asyncio.gather(*self._ticks)
        await self._app.stop()

    def observe(self) -> str | None:
        """Look at the offsets; None while every stage gets on, else what holds it."""
        now, away = time.monotonic(), self._producer.away()
        if self._app.rebalancing or not self._assigned:
            left = self._left_to_recover() if self._app.rebalancing else 0
            self._recovery.observe({0: -left}, {0: 1}, now=now, resting=away)
            return away or self._recovery.why_not_ready() or "partitions are being assigned"
        self._recovery.observe({}, {}, now=now)
        consumer = cast(CarefulConsumer, self._app.consumer)
        for stage, progress in zip(self._stages, self._progress, strict=True):
            committed, ends = consumer.offsets(stage.source.name)
            progress.observe(committed, ends, now=now, resting=away or stage.resting)
            self._metrics.offsets(stage.name, stage.source.name, committed, ends)
            self._metrics.lag.labels(stage.name).set(progress.lag)
            self._metrics.still.labels(stage.name).set(progress.still_s)
            self._metrics.held.labels(stage.name).set(stage.held.waiting)
            if (moment := stage.held.acknowledged_from) is not None:
                self._metrics.acknowledged_timestamp.labels(stage.name).set(moment)
        return away or next((reason for progress in self._progress if (reason := progress.why_not_ready())), None)

    def why_dead(self) -> str | None:
        """None while waiting may help; as of the last look."""
        watched = [self._recovery, *self._progress]
        return next((reason for progress in watched if (reason := progress.why_dead())), None)

    def details(self) -> Iterator[str]:
        """How far each stage has come and how old the message is that was acknowledged last; as of the last look."""
        for stage, progress in zip(self._stages, self._progress, strict=True):
            moment = stage.held.acknowledged_from
            age = "" if moment is None else f", last acknowledged of {time.time() - moment:.0f} s ago"
            resting = "" if stage.resting is None else f", {stage.resting}"
            yield f"{progress}{age}{resting}"

    def _left_to_recover(self) -> int:
        return cast(TableManager, self._app.tables).recovery.active_remaining_total()

    async def _ours_until(self) -> float | None:
        """Kafka's answer is a lease: for the length of a session from then on it gives our partitions to nobody."""
        asked = time.monotonic()
        ours = await cast(CarefulConsumer, self._app.consumer).still_ours()
        return asked + float(self._app.conf.broker_session_timeout) if ours else None

    async def _tick(self, stage: Stage) -> None:
        while not self._stopping.is_set():
            await asyncio.sleep(TICK_S)
            await stage.held.tick()

    async def _revoked(self, *_: Any, **__: Any) -> None:
        """Before another worker may read our state: nothing is acknowledged any more, nothing is on its way."""
        for stage in self._stages:
            stage.held.let_go()
        flushed = in_time(self._producer.flush(), within_s=SEND_TIMEOUT_S, away=self._producer.away)
        await or_end("revoking", flushed)

    async def _rebalanced(self, *_: Any, **__: Any) -> None:
        for stage in self._stages:
            await or_end(stage.name, stage.held.start_over())
        self._assigned = True


def _agent(stage: Stage) -> Any:
    async def run(stream: StreamT[bytes]) -> None:
        await or_end(stage.name, stage.held.run(stream))

    return run


async def or_end(name: str, work: Coroutine[Any, Any, None]) -> None:
    """Faust would log an error and acknowledge the event: end the process instead, with nothing acknowledged."""
    try:
        await work
    except Exception:  # noqa: BLE001 - whatever it is, going on would acknowledge what was not made safe
        _log.exception("%s cannot go on; the process ends and starts anew from what was written", name)
        end(BROKEN)


def end(code: int) -> NoReturn:
    """End at once; threads and children of Faust are not asked."""
    logging.shutdown()
    os._exit(code)
