"""The agents that store: readings, hours and rates go to the series store, many at a time."""

import asyncio
import logging
from collections.abc import Callable

from contracts.codec import BadLine, Message, decode, encode, unbundle
from contracts.topics import HOURS, RATES, READINGS, Topic
from emissions.finding import Rejected
from emissions.hourly import Hour
from emissions.reading import Reading
from emissions.transmission import Rate
from stores.port import Point, SeriesStore, StoreRefused, StoreUnavailable
from streams.held import Held
from streams.output import Output
from streams.routes import of_judging

_log = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 15.0
"""Between two tries while the store is away. Consumption rests meanwhile, so nothing piles up."""

WANTED: tuple[tuple[Topic, type[Reading | Hour | Rate]], ...] = ((READINGS, Reading), (HOURS, Hour), (RATES, Rate))
"""What is stored of each topic; outlets' rates come through ``cems.rates``."""


class Storing:
    """One agent that stores one topic."""

    def __init__(
        self,
        source: Topic,
        wanted: type[Reading | Hour | Rate],
        store: SeriesStore,
        output: Output,
        *,
        stored: Callable[[int], None] = lambda _: None,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = f"storing.{source.name.rpartition('.')[2]}"
        self.source = source
        self._wanted = wanted
        self._store = store
        self._output = output
        self._stored = stored
        self._failed = failed
        self._points: list[Point] = []
        self.held = Held(self._take, self._make_safe)

    async def _take(self, payload: bytes) -> None:
        for line in unbundle(payload):
            try:
                message: Message | None = decode(line)
            except BadLine as error:
                await self._output.put([_refused(line.decode("utf-8", "replace"), "bad_line", str(error))], of_judging)
                continue
            if isinstance(message, self._wanted):
                self._points.append(message)

    async def _make_safe(self) -> None:
        """Write until the store has taken it: later is tried again for ever, never goes to the quarantine."""
        points, self._points = self._points, []
        wait = FIRST_WAIT_S
        while points:
            try:
                await asyncio.to_thread(self._store.write, points)
                break
            except StoreUnavailable as error:
                self._failed()
                _log.warning("%s: the series store is away, trying again in %.1f s: %s", self.name, wait, error)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)
            except StoreRefused as error:
                _log.error("%s: the series store refused %d points: %s", self.name, len(error.points), error)
                refused = [_refused(encode(point).decode(), "store_refused", str(error)) for point in error.points]
                await self._output.put(refused, of_judging)
                break
        self._stored(len(points))
        await self._output.settled()

    async def rebalanced(self) -> None:
        """Partitions have changed hands: what was not written comes again."""
        await self.held.forget(self._points.clear)


def storing(store: SeriesStore, output: Output) -> list[Storing]:
    """One agent for each kind of point."""
    return [Storing(topic, wanted, store, output) for topic, wanted in WANTED]


def _refused(line: str, reason: str, detail: str) -> Rejected:
    return Rejected(reason=reason, detail=detail, mn="", received_at=None, line=line)
