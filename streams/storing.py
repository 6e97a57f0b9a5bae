"""The stages that store: readings, hours and rates go to the series store, many at a time."""

import asyncio
import logging
from collections.abc import Iterable, Sequence

from contracts.codec import BadLine, decode, encode, unbundle
from contracts.topics import ACCOUNT, HOURS, RATES, READINGS, Topic
from emissions.account import REFUSED, STORED, STORING, AccountHour, Passed
from emissions.finding import Rejected
from emissions.hourly import Hour
from emissions.reading import Reading
from emissions.transmission import Rate
from stores.port import Point, SeriesStore, StoreRefused, StoreUnavailable
from streams.counting import Counting
from streams.held import Held, NotOurs, OursUntil, alone
from streams.metrics import Metrics
from streams.output import Output, Producer
from streams.routes import of_storing

_log = logging.getLogger(__name__)

EVERY_S, AT_MOST = 0.25, 100
"""People wait for what is stored, and a message may carry hundreds of points."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 15.0
"""Between two tries while the store is away. Consumption rests meanwhile, so nothing piles up. [s]"""

WANTED: tuple[tuple[Topic, type[Point]], ...] = (
    (READINGS, Reading),
    (HOURS, Hour),
    (RATES, Rate),
    (ACCOUNT, AccountHour),
)
"""What is stored of each topic; outlets' rates come through ``cems.rates``."""


class Storing:
    """One stage that stores one topic."""

    def __init__(
        self,
        source: Topic,
        wanted: type[Point],
        store: SeriesStore,
        *,
        producer: Producer,
        metrics: Metrics,
    ) -> None:
        self.name = f"storing.{source.name.rpartition('.')[2]}"
        self.source = source
        self._wanted = wanted
        self._store = store
        self._output = Output(producer)
        self._metrics = metrics.stage(self.name)
        self._points: list[Point] = []
        self._passed: list[Passed] = []
        """Roll calls that stand behind what is held."""
        self._counting = Counting(STORING)
        self.resting: str | None = None
        """Why nothing is stored at the moment, None: it is."""
        self.ours_until: OursUntil = alone
        self.held = Held(self, every_s=EVERY_S, at_most=AT_MOST)

    async def take(self, payload: bytes) -> None:
        """Keep what is to be stored of one message."""
        lines = unbundle(payload)
        self._metrics.took(len(lines), ())
        for line in lines:
            try:
                message = decode(line)
            except BadLine as error:
                await self._refuse([line], "bad_line", str(error))
                continue
            if isinstance(message, self._wanted):
                self._points.append(message)
            elif isinstance(message, Passed):
                self._passed.append(message)

    async def pass_on(self) -> None:
        """Nothing of it can wait less than the next writing."""

    async def make_safe(self, let_go: asyncio.Event) -> None:
        """Write until the store has taken it: what it will take later is tried for ever, never put aside."""
        wait = FIRST_WAIT_S
        while self._points and not let_go.is_set():
            if (until := await self.ours_until()) is None:
                raise NotOurs
            try:
                await self._write(before=until)
            except StoreUnavailable as error:
                self.resting = f"the series store cannot be used: {error}"
                self._metrics.failed("later")
                _log.warning("%s: %s; trying again in %.1f s", self.name, self.resting, wait)
                await _rest(wait, let_go)
                wait = min(2 * wait, LONGEST_WAIT_S)
        self.resting = None
        if not self._points:
            # What stood before a roll call is in the store now, all of it.
            for word in self._passed:
                self._counting.passed(word.outlet, word.hour)
            self._passed.clear()
            await self._output.put(self._counting.drain(), of_storing)
        await self._output.settled()

    def forget(self) -> None:
        """What was not written comes again; what was, another may have written over meanwhile."""
        self._store.look_again()
        self._points.clear()
        self._passed.clear()
        self._counting.forget()
        self._output.forget()

    async def _write(self, *, before: float) -> None:
        points = tuple(self._points)
        refused: Sequence[Point] = ()
        try:
            await asyncio.to_thread(self._store.write, points, before=before)
        except StoreRefused as error:
            refused = error.points
            _log.error("%s: the series store refused %d of %d points: %s", self.name, len(refused), len(points), error)
            self._metrics.failed("never")
            await self._refuse(map(encode, refused), "store_refused", str(error))
        self._metrics.stored(len(points) - len(refused))
        self._count(points, refused)
        self._points.clear()

    def _count(self, points: Sequence[Point], refused: Sequence[Point]) -> None:
        """Note the numbers of the readings that the store has, or will never have."""
        never = {(point.outlet, point.series, point.number) for point in refused if isinstance(point, Reading)}
        for point in points:
            if isinstance(point, Reading) and point.series:
                what = REFUSED if (point.outlet, point.series, point.number) in never else STORED
                self._counting.took(point.outlet, point.series, point.number, point.received_at, what)

    async def _refuse(self, lines: Iterable[bytes], reason: str, detail: str) -> None:
        texts = (line.decode("utf-8", "replace") for line in lines)
        rejected = [Rejected(reason=reason, detail=detail, mn="", received_at=None, line=text) for text in texts]
        for _ in rejected:
            self._metrics.quarantined(reason)
        await self._output.put(rejected, of_storing)


def storing(store: SeriesStore, producer: Producer, metrics: Metrics) -> list[Storing]:
    """One stage for each kind of point."""
    return [Storing(topic, wanted, store, producer=producer, metrics=metrics) for topic, wanted in WANTED]


async def _rest(seconds: float, let_go: asyncio.Event) -> None:
    """Wait, no longer than until the partitions are taken away."""
    try:
        async with asyncio.timeout(seconds):
            await let_go.wait()
    except TimeoutError:
        return
