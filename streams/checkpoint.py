"""State of a fold in a Faust table: written packed at each checkpoint, read back after a rebalance."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import faust
from faust.tables.table import Table

from contracts.codec import Message
from contracts.topics import Topic
from streams.continuity import Continuity
from streams.output import Producer, Sent

CHANGELOG = {"segment.bytes": str(64 * 1024 * 1024), "min.cleanable.dirty.ratio": "0.2"}
"""Small log segments, so that Kafka compacts soon: a rebalance reads what is left."""

MARK = b"\x00"
"""Key of the record that ends a checkpoint in each partition it wrote to; no segment is called so.

Recovery reads up to the end that the broker names. The embedded broker names the first record of the last batch, so the
last batch must hold one record that nobody misses.
"""


PLACE = MARK + b"next/"
"""Begin of the key under which a partition's next offset stands, written with the state that has come so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTopic(Topic):
    """Where the state of one fold is kept."""

    @property
    def config(self) -> dict[str, str]:
        """The broker's settings for the topic, as Faust would make it."""
        return {"cleanup.policy": "compact", **CHANGELOG}


class Fold(Protocol):
    """A pure fold over lines whose state can be taken apart into segments."""

    def line(self, line: bytes) -> list[Message]:
        """What follows from one line."""

    def dirty(self) -> Sequence[tuple[str, bytes | None]]:
        """Segments changed since the last call; None for one that is to be let go."""

    def load(self, segments: Iterable[tuple[str, bytes]]) -> None:
        """Take over segments that were written before."""

    def drop(self, keep: Callable[[str], bool]) -> None:
        """Forget the segments that are not to be kept."""

    def partition_of(self, key: str) -> int:
        """Partition of the source topic that a segment belongs to."""


class Checkpoint:
    """Carries a fold's state to its table and back.

    Faust recovers the table. The writing goes to its changelog directly: Faust hands a changed key to a buffer whose
    flush gives up without a word, and a state that Kafka has not confirmed must not be followed by an
    acknowledgement. Recovery reads what was written since, so the table is right whenever it is read.
    """

    def __init__(
        self, app: faust.App, name: str, source: Topic, fold: Fold, producer: Producer, continuity: Continuity
    ) -> None:
        self._continuity = continuity
        self._app = app
        self._fold = fold
        self._source = source
        self._sent = Sent(producer)
        self._table = Table[bytes, bytes](
            app,
            name=name,
            partitions=source.partitions,
            key_type=bytes,
            value_type=bytes,
            extra_topic_configs=CHANGELOG,
        )
        app.tables.add(self._table)

    @property
    def topic(self) -> StateTopic:
        """Where the state is kept. It must be there before a worker joins the group: the member that deals out the
        partitions passes over a topic that it has not heard of yet, and its state would then never be read back."""
        name, partitions = self._table.changelog_topic_name, self._source.partitions
        return StateTopic(name=name, key="segment of state", partitions=partitions, retention_ms=None)

    async def write(self, let_go: asyncio.Event) -> None:
        """Write the segments that changed, each where the events are that change it, until Kafka has them.

        Ends early when ``let_go`` is set: another worker may be reading the state by then.
        """
        written: set[int] = set()
        for key, packed in self._fold.dirty():
            if let_go.is_set():
                return
            partition = self._fold.partition_of(key)
            await self._send(packed, key=key.encode(), partition=partition)
            written.add(partition)
        news = self._continuity.news()
        for partition, offset in news:
            await self._send(b"%d" % offset, key=PLACE + b"%d" % partition, partition=partition)
            written.add(partition)
        await self._sent.confirmed()
        if let_go.is_set():
            return
        for partition in written:
            await self._send(b"", key=MARK, partition=partition)
        await self._sent.confirmed()
        self._continuity.safe(news)

    async def _send(self, value: bytes | None, *, key: bytes, partition: int) -> None:
        await self._sent.send(self._table.changelog_topic_name, value, key=key, partition=partition)

    def read_back(self) -> None:
        """After a rebalance: forget everything, take over the segments of the partitions that are now ours."""
        ours = {tp.partition for tp in self._app.consumer.assignment() if tp.topic == self._source.name}
        self._fold.drop(lambda _: False)
        places: dict[int, int] = {}
        segments: list[tuple[str, bytes]] = []
        for key, packed in self._table.items():
            if key.startswith(PLACE):
                places[int(key.removeprefix(PLACE))] = int(packed)
            elif key != MARK:
                segments.append((key.decode(), packed))
        self._continuity.start_over({partition: offset for partition, offset in places.items() if partition in ours})
        self._fold.load((key, packed) for key, packed in segments if self._fold.partition_of(key) in ours)
