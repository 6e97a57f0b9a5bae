"""The agents that fold: judging outlets, supervising counties, adding up cities. They decode, fold and emit."""

from collections.abc import Callable

import faust

from contracts.codec import Message, unbundle
from contracts.topics import CITY, HOURS, PACKETS, Topic
from streams.checkpoint import Checkpoint, Fold
from streams.held import Held
from streams.output import Output
from streams.routes import Address, of_judging, of_supervising

Route = Callable[[Message], list[Address]]


class Folding:
    """One agent that folds a topic: its events, its state, its outputs."""

    def __init__(self, app: faust.App, name: str, source: Topic, fold: Fold, output: Output, route: Route) -> None:
        self.name = name
        self.source = source
        self._fold = fold
        self._output = output
        self._route = route
        self._checkpoint = Checkpoint(app, f"{name}.state", source, fold)
        self.held = Held(self._take, self._make_safe)

    async def _take(self, payload: bytes) -> None:
        for line in unbundle(payload):
            await self._output.put(self._fold.line(line), self._route)

    async def _make_safe(self) -> None:
        await self._output.settled()
        await self._checkpoint.write()

    async def rebalanced(self) -> None:
        """Partitions have changed hands: start from what was written."""
        await self.held.forget(self._checkpoint.read_back)


def judging(app: faust.App, judge: Fold, output: Output) -> Folding:
    """Packets, roll calls and marks to readings, hours, rates and findings."""
    return Folding(app, "judging", PACKETS, judge, output, of_judging)


def supervising(app: faust.App, supervisor: Fold, output: Output) -> Folding:
    """Hours, rates and calls of outlets to rates, findings and cases of counties."""
    return Folding(app, "supervising", HOURS, supervisor, output, of_supervising)


def adding_up(app: faust.App, city: Fold, output: Output) -> Folding:
    """Rates of counties to rates of cities."""
    return Folding(app, "city", CITY, city, output, of_supervising)
