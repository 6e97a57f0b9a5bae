"""All that follows from the feed, made anew: the workers' state is emptied, and they fold the feed from its beginning.

It is the workers that do it, as always, so nothing can come out otherwise than it would have. What they write has the
same identity as what is there: series are overwritten, a finding that is known raises no second alert.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import click
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError
from aiokafka.structs import OffsetAndMetadata

from contracts.kafka_address import KafkaAddress, client_options
from contracts.rights import RIGHTS
from contracts.topics import HOURS, PACKETS, Topic
from stackwatch.embedded.child import Child
from stackwatch.feed_log import LAST_BATCH_S, ends_of
from streams.app import FOLDING_ID, STORING_ID
from streams.checkpoint import MARK
from streams.storing import WANTED

WORKER = RIGHTS["worker"]

STORED = tuple(topic for topic, _ in WANTED)
FOLDED = tuple(topic for topic in WORKER.reads if topic is HOURS or topic not in STORED)
"""What the workers read, by what they do with it: hours are both supervised and stored."""
SOURCES: Mapping[str, tuple[Topic, ...]] = {FOLDING_ID: FOLDED, STORING_ID: STORED}

ROUNDS = 5
"""From the feed to the series store lines pass through fewer topics than this, one after the other."""

LOOK_S = 0.5

STILL_S = 15.0
"""When nothing has moved for so long, it is said what the workers say. [s]"""


class WorkersRun(Exception):
    """Workers are at work: they would go on with the old state."""


class WorkerDied(Exception):
    """A worker of the rebuild has ended; says where its log is."""


@dataclass(frozen=True, slots=True)
class Reset:
    """What was reset."""

    segments: int
    """Segments of state that were emptied."""
    messages: int
    """Messages of the feed that are to be folded anew."""


class Rebuilder:
    """Resets and watches over one Kafka."""

    def __init__(self, kafka: KafkaAddress | str, *, idempotent: bool = True, patience_s: float = 0.0) -> None:
        """``patience_s``: so long Kafka may still count a worker that was killed among its group. [s]"""
        self._kafka = kafka
        self._idempotent = idempotent
        self._patience_s = patience_s

    async def reset(self) -> Reset:
        """Empty the workers' state, and place them at the beginning of the feed and at the end of all that follows.

        Interrupted it does no harm if it is done again before workers are started.

        Raises:
            WorkersRun: a worker is in its group.
            aiokafka.errors.KafkaError: Kafka cannot be reached, or refuses.
        """
        async with self._reading() as consumer:
            parts = _parts(WORKER.reads)
            consumer.assign(parts)
            ends = await ends_of(consumer, parts)
            firsts = await consumer.beginning_offsets(parts)
        feed = _parts([PACKETS])
        for group, topics in SOURCES.items():
            places = {part: firsts[part] if part in feed else ends[part] for part in _parts(topics)}
            await self._place(group, places)
        segments = await self._empty_state()
        return Reset(segments, sum(ends[part] - firsts[part] for part in feed))

    async def finished(
        self, progress: Callable[[int], None] = lambda _: None, *, look: Callable[[float], None] = lambda _: None
    ) -> None:
        """Return when the workers have folded the feed as it is now, and stored all that followed.

        Args:
            progress: Told how many messages of the feed are folded.
            look: Called often, with the time for which nothing has moved [s]; raises where waiting is of no use.
        """
        parts, feed = _parts(WORKER.reads), _parts([PACKETS])
        async with self._reading() as consumer:
            consumer.assign(parts)
            firsts = await consumer.beginning_offsets(parts)
            before: Mapping[TopicPartition, int] = {}
            seen: object = None
            moved_at = time.monotonic()
            for _ in range(ROUNDS):
                ends = await ends_of(consumer, parts)
                if ends == before:
                    return  # nothing has followed from what was there at the last look
                before = ends
                while True:
                    committed = await self._committed()
                    if committed != seen:
                        seen, moved_at = committed, time.monotonic()
                    look(time.monotonic() - moved_at)
                    folded = committed[FOLDING_ID]
                    progress(sum(max(0, folded.get(part, 0) - firsts[part]) for part in feed))
                    if all(
                        committed[group].get(part, 0) >= ends[part] or ends[part] == firsts[part]
                        for group, topics in SOURCES.items()
                        for part in _parts(topics)
                    ):
                        break
                    await asyncio.sleep(LOOK_S)

    async def _empty_state(self) -> int:
        """Write over each segment that there is none, as the worker itself does with a segment that is over."""
        async with self._admin() as admin:
            topics = sorted(name for name in await admin.list_topics() if name.startswith(WORKER.state))
            described = await admin.describe_topics(topics) if topics else []
        parts = [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in described
            for partition in topic["partitions"]
        ]
        if not parts:
            return 0
        keys: dict[TopicPartition, set[bytes]] = {part: set() for part in parts}
        async with self._reading() as consumer:
            consumer.assign(parts)
            ends = await ends_of(consumer, parts)
            await consumer.seek_to_beginning(*parts)
            for part in parts:
                while await consumer.position(part) < ends[part]:
                    found = await consumer.getmany(part, timeout_ms=int(LAST_BATCH_S * 1000))
                    for record in found.get(part, []):
                        (keys[part].discard if record.value is None else keys[part].add)(record.key)
        producer = AIOKafkaProducer(
            **client_options(self._kafka), acks="all", enable_idempotence=self._idempotent, linger_ms=5
        )
        try:
            await producer.start()
            for part, known in keys.items():
                gone = sorted(known - {MARK})
                sent = [await producer.send(part.topic, None, key=key, partition=part.partition) for key in gone]
                await asyncio.gather(*sent)
                if gone:
                    await producer.send_and_wait(part.topic, b"", key=MARK, partition=part.partition)
        finally:
            await producer.stop()
        return sum(len(known - {MARK}) for known in keys.values())

    async def _place(self, group: str, places: Mapping[TopicPartition, int]) -> None:
        """Say for the group how far it has come. Kafka takes that from outside only while nobody is in the group."""
        offsets = {part: OffsetAndMetadata(offset, "") for part, offset in places.items()}
        until = time.monotonic() + self._patience_s
        async with self._reading(group) as consumer:
            consumer.assign(list(places))
            while True:
                try:
                    await consumer.commit(offsets)
                except CommitFailedError as error:
                    if time.monotonic() >= until:
                        raise WorkersRun(f"there are workers in the group {group}: stop them first") from error
                    await asyncio.sleep(LOOK_S)
                else:
                    return

    async def _committed(self) -> dict[str, dict[TopicPartition, int]]:
        async with self._admin() as admin:
            found = {
                group: await admin.list_consumer_group_offsets(group, partitions=_parts(topics))
                for group, topics in SOURCES.items()
            }
        return {
            group: {part: place.offset for part, place in places.items() if place.offset >= 0}
            for group, places in found.items()
        }

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(**client_options(self._kafka))
        try:
            await admin.start()
            yield admin
        finally:
            await admin.close()

    @asynccontextmanager
    async def _reading(self, group: str | None = None) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            **client_options(self._kafka),
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,
        )
        try:
            await consumer.start()
            yield consumer
        finally:
            await consumer.stop()


class Workers:
    """Worker processes with the settings of this one, until the block ends."""

    def __init__(self, count: int, folder: Path) -> None:
        self._logs = [folder / f"worker{number}.log" for number in range(count)]
        self._children: list[Child] = []
        self._complained_at = STILL_S

    def __enter__(self) -> Self:
        argv = [sys.executable, "-m", "stackwatch", "worker"]
        # Several of them on one machine, and nobody asks them how they are.
        env = {**os.environ, "STACKWATCH_HEALTH_PORT": "0"}
        self._children = [Child(argv, log=log, env=env) for log in self._logs]
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.terminate()
        for child in self._children:
            child.stop(deadline_s=20)

    def look(self, still_s: float) -> None:
        """Say what holds a worker that does not get on.

        Raises:
            WorkerDied: one has ended.
        """
        for child in self._children:
            if child.exit_code is not None:
                raise WorkerDied(f"a worker has ended with {child.exit_code}: {child.last_words()}")
        if still_s < STILL_S:
            self._complained_at = STILL_S
        elif still_s >= self._complained_at:
            self._complained_at += STILL_S
            for child in self._children:
                click.echo(f"nothing has moved for {still_s:.0f} s: {child.last_words()}", err=True)


def _parts(topics: Iterable[Topic]) -> list[TopicPartition]:
    return [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
