"""Whether a stage reads every message of its partitions: Kafka's own numbers follow one another, and so must ours.

The account (``emissions.account``) misses a hole behind the last line of a gateway that was killed, since nothing of it
follows there. Kafka goes on counting; at the latest the next roll call shows a message that was never read.
"""

from collections.abc import Iterable, Mapping


class Continuity:
    """The next offset of each partition, in memory and with the state of each checkpoint."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}
        self._said: dict[int, int] = {}

    def skipped(self, partition: int, offset: int) -> int:
        """A message is about to be read: how many before it were not. Going back skips nothing."""
        expected = self._next.get(partition)
        self._next[partition] = offset + 1
        return 0 if expected is None else max(0, offset - expected)

    def news(self) -> list[tuple[int, int]]:
        """Partitions and next offsets that have changed since they were last said to be safe."""
        return [(partition, offset) for partition, offset in self._next.items() if self._said.get(partition) != offset]

    def safe(self, news: Iterable[tuple[int, int]]) -> None:
        """These are written down."""
        self._said.update(news)

    def start_over(self, known: Mapping[int, int]) -> None:
        """Partitions have changed hands: go on from what is written down of those that are ours now."""
        self._next = dict(known)
        self._said = dict(known)
