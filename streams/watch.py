"""Which outlets of a shard are waited for, and which of them are late (R21). Looked at with every line."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from emissions.register import Outlet
from emissions.rules import Parameters
from emissions.silence import quiet_from


@dataclass(slots=True)
class Heard:
    """What a packed head says about when its outlet was heard; the rest of it is not unpacked."""

    last_received: float | None = None
    last_often: float | None = None


class Watch:
    """The outlets of one shard by when they count as silent. Holds nothing that the heads do not."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._expected: dict[str, float] = {}
        self._queue: list[tuple[float, str, Outlet]] = []

    def expect(self, outlet: Outlet, last_received: float | None, last_often: float | None) -> None:
        """The outlet was last heard then; it is expected again."""
        due = quiet_from(last_received, last_often, outlet, parameters=self._parameters)
        if due is None:
            return
        known = self._expected.get(outlet.id)
        self._expected[outlet.id] = due
        if known is None:
            heapq.heappush(self._queue, (due, outlet.id, outlet))

    def over(self, now: float) -> Iterator[Outlet]:
        """Outlets that should have been heard by now, each once until it is expected again."""
        while self._queue and self._queue[0][0] < now:
            _, name, outlet = heapq.heappop(self._queue)
            due = self._expected[name]
            if due < now:
                del self._expected[name]
                yield outlet
            else:
                heapq.heappush(self._queue, (due, name, outlet))
