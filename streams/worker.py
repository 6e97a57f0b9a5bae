"""The Faust application around the folds: one worker process, started by ``stackwatch worker``."""

import asyncio
import logging
import os
import signal
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faust
from aiokafka import AIOKafkaProducer

from contracts.topics import Topic
from emissions.register import Register
from emissions.rules import Rules
from stores.port import SeriesStore
from streams.folding import Folding, adding_up, judging, supervising
from streams.judge import Judge
from streams.output import Output
from streams.storing import Storing, storing
from streams.supervise import City, Supervisor

_log = logging.getLogger(__name__)

APP_ID = "stackwatch-worker"
TICK_S = 0.1
"""How often each agent is asked whether it has held its events long enough."""

BROKEN = 70
"""Exit code after an unforeseen error: nothing was acknowledged, a new process starts from what was written."""


@dataclass(slots=True)
class Worker:
    """The application and its agents."""

    app: faust.App
    agents: list[Folding | Storing]
    producer: AIOKafkaProducer

    def why_not_ready(self) -> str | None:
        """None while the worker keeps up; else what holds it."""
        if not self.app.consumer_generation_id or self.app.rebalancing:
            return "partitions are being assigned"
        stuck = [agent.name for agent in self.agents if agent.held.stuck]
        return f"{', '.join(stuck)}: events are held and not acknowledged" if stuck else None


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
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=idempotent,
        linger_ms=5,
        max_request_size=4 * 1024 * 1024,
    )
    outputs = (Output(producer) for _ in range(6))
    agents: list[Folding | Storing] = [
        judging(app, Judge(register, rules), next(outputs)),
        supervising(app, Supervisor(register, rules), next(outputs)),
        adding_up(app, City(register, rules), next(outputs)),
        *storing(store, next(outputs)),
    ]
    for agent in agents:
        _attach(app, agent)
    return Worker(app=app, agents=agents, producer=producer)


def create_app(bootstrap: str, *, replication: int, session_s: float) -> faust.App:
    """A Faust application with nothing of its defaults that loses data or opens ports."""
    return faust.App(
        APP_ID,
        broker=[f"kafka://{server.strip()}" for server in bootstrap.split(",")],
        store="memory://",
        datadir=Path(tempfile.gettempdir()) / APP_ID,
        web_enabled=False,
        topic_disable_leader=True,
        topic_replication_factor=replication,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,
        broker_commit_interval=0.5,
        broker_session_timeout=session_s,
        broker_rebalance_timeout=2 * session_s,
        broker_heartbeat_interval=min(3.0, session_s / 3),
        producer_max_request_size=4 * 1024 * 1024,
        consumer_max_fetch_size=8 * 1024 * 1024,
    )


async def run(worker: Worker) -> None:
    """Work until SIGTERM or SIGINT, then make safe and acknowledge what is held."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await worker.producer.start()
    worker.app.in_worker = True
    await worker.app.start()
    ticks = [asyncio.create_task(_or_end(agent.name, _tick(agent))) for agent in worker.agents]
    await stop.wait()
    _log.info("stopping: making safe what is held")
    for tick in ticks:
        tick.cancel()
    for agent in worker.agents:
        await agent.held.settle()
    await worker.app.commit({agent.source.name for agent in worker.agents})
    await worker.app.stop()
    await worker.producer.stop()


def _attach(app: faust.App, agent: Folding | Storing) -> None:
    async def body(stream: Any) -> None:
        await _or_end(agent.name, agent.held.run(stream))

    app.agent(_raw(app, agent.source), name=f"streams.{agent.name}")(body)

    async def rebalanced(*_: Any, **__: Any) -> None:
        await _or_end(agent.name, agent.rebalanced())

    app.on_rebalance_complete.connect(rebalanced, weak=False)


def _raw(app: faust.App, topic: Topic) -> Any:
    return app.topic(topic.name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")


async def _tick(agent: Folding | Storing) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        await agent.held.tick()


async def _or_end(name: str, work: Coroutine[Any, Any, None]) -> None:
    """Faust would log an error and acknowledge the event: end the process instead, with nothing acknowledged."""
    try:
        await work
    except Exception:  # noqa: BLE001 - whatever it is, going on would acknowledge what was not made safe
        _log.exception("%s cannot go on; the process ends and starts anew from what was written", name)
        logging.shutdown()
        os._exit(BROKEN)
