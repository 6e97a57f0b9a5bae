"""Faust's Kafka consumer, with what goes wrong in it around a rebalance put right (faust-streaming 0.15.3).

Three things in it lose messages, or keep a worker waiting for ever. Each class member below names the one it mends.
"""

import asyncio
import logging
from collections.abc import Container, Iterable, Mapping
from typing import cast

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from faust.transport.consumer import RecordMap
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

FETCH_WAIT_MS = 200
"""Longest time a broker may keep a fetch waiting for data. Some do so although data come, and a line passes through
two stages before people see it. Faust's own 1.5 s cannot be set."""

ANSWER_S = 5.0
"""The group's coordinator has so long to say whether we belong to the group. [s]"""

FAUST_LOG = logging.getLogger("faust.app")
"""What Faust says of its services is Faust's, also where they are ours."""


class _These(set[TP]):
    """Partitions that may be read from, also when there are none: aiokafka takes an empty set for no restriction."""

    def __init__(self, partitions: Container[TP]) -> None:
        super().__init__()
        self._partitions = partitions

    def __bool__(self) -> bool:
        return True

    def __contains__(self, partition: object) -> bool:
        return partition in self._partitions


class _Thread(driver.AIOKafkaConsumerThread):
    logger = FAUST_LOG

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109 - Faust's signature
        max_records: int | None = None,
    ) -> RecordMap:
        """A fetch that is under way while all partitions are paused would read from all of them, and the records be
        thrown away: a recovery would wait for ever for those of its changelog."""
        return await super()._fetch_records(consumer, _These(active_partitions), timeout, max_records)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Faust goes back to what was committed, but leaves a partition of which nothing was committed yet where it is:
        what had been fetched of it and thrown away would never be read."""
        positions: Mapping[TP, int] = await self.call_thread(self._seek_to_committed)
        return positions

    async def _seek_to_committed(self) -> Mapping[TP, int]:
        consumer = self._ensure_consumer()
        sources = [tp for tp in self.assignment() if tp.topic not in self.app.tables.changelog_topics]
        committed = await asyncio.gather(*map(consumer.committed, sources))
        positions = dict(zip(sources, committed, strict=True))
        new = [tp for tp, offset in positions.items() if offset is None]
        if new:
            positions.update(await consumer.beginning_offsets(new))
        for tp, offset in positions.items():
            consumer.seek(tp, offset)
        return positions

    async def still_ours(self) -> bool:
        """Ask Kafka; see ``CarefulConsumer.still_ours``. Past the thread's queue, which fetches and commits need."""
        asked = asyncio.run_coroutine_threadsafe(self._still_member(), self.thread_loop)
        try:
            async with asyncio.timeout(2 * ANSWER_S):
                return await asyncio.wrap_future(asked)
        except TimeoutError:
            return False

    async def _still_member(self) -> bool:
        coordinator = self._ensure_consumer()._coordinator
        try:
            async with asyncio.timeout(ANSWER_S):
                return bool(await coordinator._do_heartbeat())
        except (KafkaError, TimeoutError):
            return False


class CarefulConsumer(driver.Consumer):
    """Reads from partitions only when their positions are right."""

    logger = FAUST_LOG

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    def _reset_state(self) -> None:
        super()._reset_state()
        self._to_resume: set[TP] = set()

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Faust lets partitions be read from, then seeks, then empties its buffers: what was read between is counted as
        read and is gone. So they are read from only when all of that is done."""
        self._to_resume.update(tps)

    def pause_partitions(self, tps: Iterable[TP]) -> None:
        """Stop fetching from partitions, also from those that were to be resumed."""
        paused = set(tps)
        self._to_resume -= paused
        super().pause_partitions(paused)

    def resume_flow(self) -> None:
        """Let messages flow, from what was resumed before as well."""
        to_resume, self._to_resume = self._to_resume, set()
        super().resume_partitions(to_resume)
        super().resume_flow()

    async def still_ours(self) -> bool:
        """Whether Kafka counts us to the group at this moment, in this generation of it.

        A process that stood still for longer than the session does not know that its partitions are another's; what it
        then wrote would stand in the log behind what the other wrote. So it asks before it writes what is not the same
        whoever writes it.
        """
        thread = cast(_Thread, self._thread)
        return await thread.still_ours()

    def offsets(self, topic: str) -> tuple[dict[int, int], dict[int, int]]:
        """Committed and end offsets of a topic's partitions that are ours, as far as they are known."""
        ours = [tp for tp in self.assignment() if tp.topic == topic]
        committed = {tp.partition: offset for tp in ours if (offset := self._committed_offset[tp]) is not None}
        ends = {tp.partition: end for tp in ours if (end := self.highwater(tp)) is not None}
        return committed, ends


class CarefulTransport(driver.Transport):
    """Faust's transport over aiokafka, with the consumer of this module."""

    Consumer = CarefulConsumer
