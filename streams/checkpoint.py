"""State of a fold in a Faust table: written packed at each checkpoint, read back after a rebalance."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import faust
from faust.tables.table import Table

from contracts.codec import Message
from contracts.topics import Topic


class Fold(Protocol):
    """A pure fold over lines whose state can be taken apart into segments."""

    def line(self, line: bytes) -> list[Message]:
        """What follows from one line."""

    def dirty(self) -> list[tuple[str, bytes]]:
        """Segments changed since the last call."""

    def load(self, segments: Iterable[tuple[str, bytes]]) -> None:
        """Take over segments that were written before."""

    def drop(self, keep: Callable[[str], bool]) -> None:
        """Forget the segments that are not to be kept."""

    def partition_of(self, key: str) -> int:
        """Partition of the source topic that a segment belongs to."""


class SegmentTable(Table[bytes, bytes]):
    """A Faust table that puts each segment where the events are that change it.

    Faust would take the partition of the event at hand; a checkpoint writes many segments at once, outside any event.
    """

    fold: Fold

    def partition_for_key(self, key: Any) -> int | None:
        """The source partition of the segment."""
        return self.fold.partition_of(key.decode() if isinstance(key, bytes) else key)


class Checkpoint:
    """Carries a fold's state to its table and back."""

    def __init__(self, app: faust.App, name: str, source: Topic, fold: Fold) -> None:
        self._app = app
        self._fold = fold
        self._source = source
        self._table = SegmentTable(
            app, name=name, partitions=source.partitions, key_type=bytes, value_type=bytes, default=None
        )
        self._table.fold = fold
        app.tables.add(self._table)

    async def write(self) -> None:
        """Write the segments that changed and wait until Kafka has them."""
        for key, packed in self._fold.dirty():
            self._table[key.encode()] = packed
        await self._app.producer.flush()

    def read_back(self) -> None:
        """After a rebalance: forget everything, take over the segments of the partitions that are now ours."""
        ours = {tp.partition for tp in self._app.consumer.assignment() if tp.topic == self._source.name}
        self._fold.drop(lambda _: False)
        segments = ((key.decode(), packed) for key, packed in self._table.items())
        self._fold.load((key, packed) for key, packed in segments if self._fold.partition_of(key) in ours)
