"""Watching the feed: which frames, roll calls and marks stand in Kafka."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from contracts.codec import unbundle
from contracts.topics import PACKETS, QUARANTINE

_log = logging.getLogger(__name__)


class Watcher(Protocol):
    """Who is told."""

    def in_feed(self, mn: str, frame: bytes, received_at: datetime) -> None:
        """A frame stands in ``cems.packets`` or in ``cems.quarantine``."""

    def called(self, outlet: str, hour: datetime) -> None:
        """The roll call of an outlet for an hour stands in the feed."""

    def marked(self, mark: str) -> None:
        """A mark stands in the feed."""


class _Line(msgspec.Struct):
    kind: str
    mn: str = ""
    frame: str = ""
    charset: str = "utf-8"
    received_at: datetime | None = None
    outlet: str = ""
    hour: datetime | None = None
    id: str = ""
    line: str = ""


_decode = msgspec.json.Decoder(_Line).decode


def tell(line: bytes, watcher: Watcher) -> None:
    """Tell the watcher what one line of either topic is; a line that is none of these is passed over."""
    entry = _decode(line)
    if entry.kind == "rejected":
        try:
            entry = _decode(entry.line.encode())
        except msgspec.DecodeError:
            return
    match entry.kind:
        case "packet" if entry.received_at is not None:
            watcher.in_feed(entry.mn, entry.frame.encode(entry.charset), entry.received_at)
        case "due" if entry.hour is not None:
            watcher.called(entry.outlet, entry.hour)
        case "mark":
            watcher.marked(entry.id)


class FeedWatch:
    """Follows both topics from where they end when it starts."""

    def __init__(self, bootstrap: str, watcher: Watcher, *, keep: Callable[[bytes], object] | None = None) -> None:
        """``keep`` is given every line of ``cems.packets``, in the order of its partition."""
        self._bootstrap = bootstrap
        self._watcher = watcher
        self._keep = keep
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; the topics must exist. Raises ``KafkaError``."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=20,
        )
        await consumer.start()
        self._consumer = consumer
        partitions = [TopicPartition(PACKETS.name, number) for number in range(PACKETS.partitions)]
        partitions += [TopicPartition(QUARANTINE.name, number) for number in range(QUARANTINE.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)
        for partition in partitions:
            await consumer.position(partition)
        self._task = asyncio.create_task(self._follow(consumer), name="feed-watch")

    @property
    def failure(self) -> BaseException | None:
        """Why it no longer follows; None while it does."""
        if self._task is None or not self._task.done() or self._task.cancelled():
            return None
        return self._task.exception()

    async def stop(self) -> None:
        """Let go of the consumer."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, KafkaError):
                await self._task
        if self._consumer is not None:
            await self._consumer.stop()

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            batches = await consumer.getmany(timeout_ms=200)
            for partition, records in batches.items():
                for record in records:
                    self._record(partition.topic, record.value or b"")
            await asyncio.sleep(0)

    def _record(self, topic: str, value: bytes) -> None:
        for line in unbundle(value):
            if self._keep is not None and topic == PACKETS.name:
                self._keep(line)
            try:
                tell(line, self._watcher)
            except (msgspec.DecodeError, LookupError, UnicodeError) as error:
                _log.warning("a line of %s cannot be read: %s", topic, error)
