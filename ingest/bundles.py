"""Lines waiting for their bundle: one queue per shard, first in, first out."""

from collections import deque
from dataclasses import dataclass

from ingest.ticket import Ticket

MAX_LINES = 500
MAX_BYTES = 256 * 1024
"""A bundle is closed before it grows beyond these."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one Kafka message carries: lines of one shard in order of arrival, and the payloads they belong to."""

    shard: int
    value: bytes
    tickets: tuple[Ticket, ...]


class Bundles:
    """Queues of lines by shard. At most one bundle of a shard is out at a time, so a retry cannot change the order."""

    def __init__(self, *, max_lines: int = MAX_LINES, max_bytes: int = MAX_BYTES) -> None:
        """How large a bundle may become; a single line may be larger."""
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self._waiting: dict[int, deque[tuple[bytes, Ticket]]] = {}
        self._out: set[int] = set()

    def add(self, shard: int, line: bytes, ticket: Ticket) -> bool:
        """Put a line behind those of its shard; whether the shard has a full bundle now."""
        queue = self._waiting.setdefault(shard, deque())
        queue.append((line, ticket))
        return len(queue) >= self._max_lines

    def ready(self) -> list[int]:
        """Shards that have lines waiting and no bundle out."""
        return [shard for shard in self._waiting if shard not in self._out]

    def take(self, shard: int) -> Bundle | None:
        """The next bundle of the shard, which is out from now on; None when there is none or one is out already."""
        queue = self._waiting.get(shard)
        if not queue or shard in self._out:
            return None
        lines: list[bytes] = []
        tickets: list[Ticket] = []
        size = 0
        while queue and len(lines) < self._max_lines:
            line, ticket = queue[0]
            if lines and size + len(line) + 1 > self._max_bytes:
                break
            queue.popleft()
            lines.append(line)
            tickets.append(ticket)
            size += len(line) + 1
        if not queue:
            del self._waiting[shard]
        self._out.add(shard)
        return Bundle(shard, b"\n".join(lines), tuple(tickets))

    def back(self, bundle: Bundle) -> None:
        """The bundle has been committed: its payloads are told, and the shard may send the next."""
        self._out.discard(bundle.shard)
        for ticket in bundle.tickets:
            ticket.committed()
