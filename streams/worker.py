"""One worker process: a Faust application with its stages, from start to clean stop."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Coroutine
from typing import Any, NoReturn

from aiokafka import AIOKafkaProducer

from emissions.register import Register
from emissions.rules import Rules
from stores.port import SeriesStore
from streams.app import Application, create_app, offsets, raw_topic
from streams.folding import Folding, adding_up, judging, supervising
from streams.judge import Judge
from streams.metrics import Metrics
from streams.output import SEND_TIMEOUT_S
from streams.progress import DEAD_AFTER_S, Progress
from streams.storing import Storing, storing
from streams.supervise import City, Supervisor

_log = logging.getLogger(__name__)

TICK_S = 0.05
"""How often each stage may send on what waits. [s]"""

LOOK_S = 1.0
"""How often progress is looked at. [s]"""

CLOSE_S, STOP_S = 5.0, 3.0
"""Longest time to make safe what is held, and to leave Kafka in good order. [s]"""

BROKEN = 70
"""Exit code after an unforeseen error: nothing was acknowledged, a new process starts from what was written."""

Stage = Folding | Storing


class Worker:
    """The application and its stages."""

    def __init__(self, app: Application, producer: AIOKafkaProducer, stages: list[Stage], metrics: Metrics) -> None:
        self._app = app
        self._producer = producer
        self._stages = stages
        self._metrics = metrics
        self._progress = [Progress(stage.name) for stage in stages]
        self._looked_at = time.monotonic()
        self._assigned = False
        self._not_ready: str | None = "starting"
        for stage in stages:
            app.agent(raw_topic(app, stage.source), name=f"streams.{stage.name}")(self._agent(stage))
        app.on_partitions_revoked.connect(self._revoked, weak=False)
        app.on_rebalance_complete.connect(self._rebalanced, weak=False)

    def why_not_ready(self) -> str | None:
        """None while the worker keeps up; else what holds it. From any thread."""
        return self._why_silent(LOOK_S * 10) or self._not_ready

    def why_dead(self) -> str | None:
        """None while the worker may come round by itself; else why it should be started again. From any thread."""
        if silent := self._why_silent(DEAD_AFTER_S):
            return silent
        return next((reason for progress in self._progress if (reason := progress.why_dead())), None)

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT, then make safe and acknowledge what is held."""
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await self._producer.start()
        begun = asyncio.create_task(self._app.start())
        ticks = [asyncio.create_task(_or_end(stage.name, self._tick(stage, stop))) for stage in self._stages]
        look = asyncio.create_task(_or_end("progress", self._look()))
        await self._until(stop, begun)
        look.cancel()
        _log.info("stopping: making safe what is held")
        closed = await asyncio.gather(*(stage.held.close(CLOSE_S) for stage in self._stages))
        try:
            async with asyncio.timeout(STOP_S):
                await self._app.consumer.commit()
                await asyncio.gather(*ticks)
                await self._app.stop()
                await self._producer.stop()
        except TimeoutError:
            _log.warning("Kafka was not left in good order within %g s", STOP_S)
            _exit(0)
        if not all(closed):
            _log.warning("not everything could be stored; what was not comes again after the next start")
            _exit(0)

    async def _until(self, stop: asyncio.Event, begun: "asyncio.Task[None]") -> None:
        """Return when the stop is asked for; end the process when Faust has crashed, for then it does nothing more."""
        asked = asyncio.create_task(stop.wait())
        crashed = asyncio.create_task(self._app._crashed.wait())
        waiting: set[asyncio.Task[Any]] = {asked, crashed, begun}
        while not stop.is_set():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if begun in done:
                begun.result()
            if crashed in done:
                _log.critical("Faust has crashed: %r", self._app.crash_reason)
                _exit(BROKEN)
        crashed.cancel()

    def _agent(self, stage: Stage) -> Any:
        async def run(stream: Any) -> None:
            await _or_end(stage.name, stage.held.run(stream))

        return run

    async def _revoked(self, *_: Any, **__: Any) -> None:
        """Before another worker may read our state: nothing is acknowledged any more, nothing is on its way."""
        for stage in self._stages:
            stage.held.let_go()
        await _or_end("revoking", asyncio.wait_for(self._producer.flush(), SEND_TIMEOUT_S))

    async def _rebalanced(self, *_: Any, **__: Any) -> None:
        for stage in self._stages:
            await _or_end(stage.name, stage.held.start_over())
        self._assigned = True

    async def _tick(self, stage: Stage, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await asyncio.sleep(TICK_S)
            await stage.held.tick()

    async def _look(self) -> None:
        while True:
            self._looked_at = time.monotonic()
            self._not_ready = self._observe()
            await asyncio.sleep(LOOK_S)

    def _observe(self) -> str | None:
        if self._app.rebalancing or not self._assigned:
            return "partitions are being assigned"
        for stage, progress in zip(self._stages, self._progress, strict=True):
            progress.observe(*offsets(self._app, stage.source), now=self._looked_at, resting=stage.resting)
            self._metrics.lag.labels(stage.name).set(progress.lag)
            self._metrics.held.labels(stage.name).set(stage.held.waiting)
        return next((reason for progress in self._progress if (reason := progress.why_not_ready())), None)

    def _why_silent(self, after_s: float) -> str | None:
        silent_s = time.monotonic() - self._looked_at
        return f"the event loop has not turned for {silent_s:.0f} s" if silent_s > after_s else None


def create_worker(
    bootstrap: str,
    register: Register,
    rules: Rules,
    store: SeriesStore,
    *,
    replication: int = 1,
    idempotent: bool = True,
    session_s: float = 30.0,
) -> Worker:
    """Everything wired, nothing started. Needs a running event loop.

    Args:
        bootstrap: Kafka servers, ``host:port`` separated by commas.
        register: Who is watched.
        rules: Parameters and limits.
        store: Where series go.
        replication: Copies of the state's topics.
        idempotent: Whether the broker removes the doubles of the producer's own retries. Order holds either way.
        session_s: A worker not heard of for so long has lost its partitions. [s]
    """
    app = create_app(bootstrap, replication=replication, session_s=session_s)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=idempotent, linger_ms=5)
    metrics = Metrics()
    stages: list[Stage] = [
        judging(app, Judge(register, rules), producer, metrics),
        supervising(app, Supervisor(register, rules), producer, metrics),
        adding_up(app, City(register, rules), producer, metrics),
        *storing(store, producer, metrics),
    ]
    return Worker(app, producer, stages, metrics)


async def _or_end(name: str, work: Coroutine[Any, Any, None]) -> None:
    """Faust would log an error and acknowledge the event: end the process instead, with nothing acknowledged."""
    try:
        await work
    except Exception:  # noqa: BLE001 - whatever it is, going on would acknowledge what was not made safe
        _log.exception("%s cannot go on; the process ends and starts anew from what was written", name)
        _exit(BROKEN)


def _exit(code: int) -> NoReturn:
    """End at once; threads and children of Faust are not asked."""
    logging.shutdown()
    os._exit(code)
