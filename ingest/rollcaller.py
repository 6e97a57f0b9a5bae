"""The process that calls the roll: due lines into ``cems.packets``, hour by hour of the injected clock."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from aiokafka.errors import KafkaError
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge

from contracts.codec import bundle, stamp
from contracts.kafka_address import KafkaAddress
from contracts.topics import PACKETS, ROLLCALL, shard_of
from emissions.event import Due
from emissions.register import Register
from ingest.bundles import MAX_LINES
from ingest.kafka import KafkaWriter
from ingest.rollcall import Progress, calls, joined, last_due
from ingest.rollcall_progress import KEY, outlet_record, progress_value, read_progress

_log = logging.getLogger(__name__)

LOOK_S = 0.05
"""How often the clock is looked at; an accelerated one may pass an hour in that time. [s]"""

AT_ONCE = 5000
"""So many lines are written before the progress is, when many hours have to be caught up."""


class RollCaller:
    """One roll call process; ``run`` is its life."""

    def __init__(
        self,
        *,
        register: Register,
        in_time: timedelta,
        bootstrap: str | KafkaAddress,
        kafka: KafkaWriter,
        clock: Callable[[], datetime],
        since: datetime | None = None,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        """Prepare a roll call.

        Args:
            register: Who is called.
            in_time: So long after its start an hour is called (R13).
            bootstrap: Kafka's address, to read the progress from.
            kafka: Where the lines go.
            clock: The injected clock.
            since: Call no hour before this one; None: from the earliest ``connected_from`` on.
            registry: Where the counters go.
        """
        self._register = register
        self._in_time = in_time
        self._bootstrap = bootstrap
        self._kafka = kafka
        self._clock = clock
        self._since = since
        self._called = Counter("stackwatch_rollcall_lines", "Roll calls committed to cems.packets.", registry=registry)
        self._called_to = Gauge(
            "stackwatch_rollcall_hour_timestamp_seconds", "Start of the last hour called.", registry=registry
        )

    def ready(self) -> str | None:
        """None while the roll can be called; else why not."""
        return self._kafka.problem

    async def run(self, stop: asyncio.Event) -> None:
        """Call every hour that is due, and each further one when its time comes, until ``stop`` is set.

        Raises:
            KafkaLost: Kafka took nothing any more. The next process goes on from the last progress.
            KafkaUnfit: the topics are not as declared.
        """
        work = asyncio.create_task(self._work(stop))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            for task in (work, stopping):
                task.cancel()
            await asyncio.gather(work, stopping, return_exceptions=True)
            await self._kafka.close()

    async def _work(self, stop: asyncio.Event) -> None:
        await self._kafka.open()
        progress = await self._read_progress()
        _log.info("called up to %s so far", "nothing" if progress.called_to is None else stamp(progress.called_to))
        done: datetime | None = None
        while not stop.is_set():
            until = last_due(self._clock(), self._in_time)
            if done is None or until > done:
                progress = await self._call(progress, until)
                done = until
            await asyncio.sleep(LOOK_S)

    async def _read_progress(self) -> Progress:
        while True:
            try:
                async with asyncio.timeout(30):
                    return await read_progress(self._bootstrap)
            except (KafkaError, TimeoutError, OSError) as error:
                _log.warning("the progress of the roll call cannot be read: %s", error or type(error).__name__)
            await asyncio.sleep(1)

    async def _call(self, progress: Progress, until: datetime) -> Progress:
        """Call all that is due up to ``until``; returns the progress as it has been written."""
        pending: list[Due] = []
        called_to = progress.called_to
        for hour, lines in calls(self._register, progress, until=until, since=self._since):
            pending += lines
            if len(pending) >= AT_ONCE:
                called_to = await self._write(pending, called_to, hour)
                pending = []
        called_to = await self._write(pending, called_to, until)
        new = joined(self._register, progress)
        records = [outlet_record(outlet, moment) for outlet, moment in new.items()]
        await asyncio.gather(*(self._kafka.send(ROLLCALL, key=key, value=value) for key, value in records))
        return Progress(called_to, {**progress.since, **new})

    async def _write(self, lines: list[Due], called_to: datetime | None, hour: datetime) -> datetime:
        by_shard: dict[int, list[Due]] = {}
        for line in lines:
            by_shard.setdefault(shard_of(line.mn or line.outlet), []).append(line)
        await asyncio.gather(*(self._write_shard(shard, part) for shard, part in by_shard.items()))
        reached = hour if called_to is None else max(hour, called_to)
        if called_to is None or reached > called_to:
            await self._kafka.send(ROLLCALL, key=KEY, value=progress_value(reached))
        self._called.inc(len(lines))
        self._called_to.set(reached.timestamp())
        return reached

    async def _write_shard(self, shard: int, lines: list[Due]) -> None:
        """One after the other, so that the hours of an outlet stay in order."""
        for part in _parts(lines, MAX_LINES):
            await self._kafka.send(
                PACKETS, key=str(shard).encode(), value=bundle(part), partition=shard % PACKETS.partitions
            )


def _parts(lines: list[Due], size: int) -> Iterable[list[Due]]:
    return (lines[start : start + size] for start in range(0, len(lines), size))
