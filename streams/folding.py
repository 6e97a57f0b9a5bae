"""The stages that fold: judging outlets, supervising counties, adding up cities. They decode, fold and emit."""

import asyncio
import logging
from collections.abc import Callable

import faust

from contracts.codec import Message, unbundle
from contracts.topics import CITY, COUNTS, HOURS, PACKETS, Topic
from streams.accounting import Accounting
from streams.checkpoint import Checkpoint, Fold, StateTopic
from streams.counting import Counting
from streams.held import Held, NotOurs, OursUntil, alone
from streams.metrics import Metrics
from streams.output import Output, Producer
from streams.routes import Address, of_accounting, of_judging, of_supervising

_log = logging.getLogger(__name__)

EVERY_S, AT_MOST = 2.0, 500
"""A checkpoint writes state, so it is made less often than a store is written."""


class Folding:
    """One stage that folds a topic: its events, its state, its outputs."""

    resting: str | None = None
    """A fold waits for nobody but Kafka."""

    def __init__(
        self,
        name: str,
        source: Topic,
        fold: Fold,
        route: Callable[[Message], list[Address]],
        *,
        app: faust.App,
        producer: Producer,
        metrics: Metrics,
        counting: Counting | None = None,
    ) -> None:
        self.name = name
        self.source = source
        self._fold = fold
        self._route = route
        self._counting = counting
        self._metrics = metrics.stage(name)
        self._output = Output(producer)
        self.ours_until: OursUntil = alone
        self.held = Held(self, every_s=EVERY_S, at_most=AT_MOST)
        self.held.on_skip = self._skipped
        self._checkpoint = Checkpoint(app, f"{name}.state", source, fold, producer, self.held.continuity)

    @property
    def state_topic(self) -> StateTopic:
        """Where the state of the stage is kept; see ``Checkpoint.topic``."""
        return self._checkpoint.topic

    async def take(self, payload: bytes) -> None:
        """Fold the lines of one message."""
        lines = unbundle(payload)
        outputs = [output for line in lines for output in self._fold.line(line)]
        self._metrics.took(len(lines), outputs)
        await self._output.put(outputs, self._route)

    def _skipped(self, partition: int, offset: int, skipped: int) -> None:
        """Messages are gone without having been read: nothing here can bring them back, so somebody must hear of it."""
        self._metrics.skipped(skipped)
        _log.critical(
            "%s: %d messages of %s, partition %d, before offset %d were never read",
            self.name,
            skipped,
            self.source.name,
            partition,
            offset,
        )

    async def pass_on(self) -> None:
        """Outputs go out at once; they may come again, never stay away."""
        await self._output.flush()

    async def make_safe(self, let_go: asyncio.Event) -> None:
        """Outputs first, then state: a state that is ahead of its outputs would never produce them again."""
        with self._metrics.checkpoint():
            if self._counting is not None:
                await self._output.put(self._counting.drain(), self._route)
            await self._output.settled()
            if await self.ours_until() is None:
                raise NotOurs
            await self._checkpoint.write(let_go)

    def forget(self) -> None:
        """Start from what was written."""
        self._output.forget()
        self._checkpoint.read_back()


def judging(
    app: faust.App, judge: Fold, producer: Producer, metrics: Metrics, counting: Counting | None = None
) -> Folding:
    """Packets, roll calls and marks to readings, hours, rates and findings; and the numbers of the packets."""
    return Folding(
        "judging",
        PACKETS,
        judge,
        of_judging,
        app=app,
        producer=producer,
        metrics=metrics,
        counting=counting,
    )


def supervising(app: faust.App, supervisor: Fold, producer: Producer, metrics: Metrics) -> Folding:
    """Hours, rates and calls of outlets to rates, findings and cases of counties."""
    return Folding("supervising", HOURS, supervisor, of_supervising, app=app, producer=producer, metrics=metrics)


def adding_up(app: faust.App, city: Fold, producer: Producer, metrics: Metrics) -> Folding:
    """Rates of counties to rates of cities."""
    return Folding("city", CITY, city, of_supervising, app=app, producer=producer, metrics=metrics)


def accounting(app: faust.App, account: Accounting, producer: Producer, metrics: Metrics) -> Folding:
    """What the stages say of their numbers to lines of the account and to findings."""
    return Folding("accounting", COUNTS, account, of_accounting, app=app, producer=producer, metrics=metrics)
