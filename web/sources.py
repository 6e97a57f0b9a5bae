"""All that the interface and the pages read from, and the few reads that many share."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from alerts.names import names_of
from alerts.repository import Repository
from contracts.feed import Acceptance
from emissions.beijing import to_beijing
from emissions.coverage import CoverageRule
from emissions.register import Outlet, Register
from emissions.rules import Parameters, Rules
from emissions.transmission import WINDOWS, Rate
from rulebook.letters import LetterFile
from rulebook.loader import load_letter_templates
from stores.port import SeriesStore, StoreUnavailable
from web.access.seen import CountyLive, CountyPackets, CountyStore, register_of
from web.cached import Cached
from web.daybook import DayBook
from web.exceedances import Exceedances
from web.feed import Feed
from web.live import Listened, Live
from web.markbook import MarkBook
from web.open_items import open_items
from web.packets import NoPackets, Packets
from web.periods import bounds, period_at
from web.problems import not_found
from web.quarantine_desk import QuarantineDesk
from web.quarantine_desk import names_of as refused_names
from web.reports.provenance import fingerprint
from web.views.board import ORDERS, Board, OpenItems, build_board

log = logging.getLogger(__name__)

BOARD_SECONDS = 0.9
RESCAN_SECONDS = 60.0
"""How often the last two days' exceeded hours are read again, in case the topics are not followed."""


@dataclass(slots=True, kw_only=True)
class Sources:
    """What is read. The register and the rulebook's numbers are read once, when the process starts."""

    store: SeriesStore
    register: Register
    parameters: Parameters
    alerts: Repository
    marks: MarkBook
    feed: Feed
    live: Listened
    now: Callable[[], datetime]
    """The platform's clock."""
    simulated: bool = False
    """The platform's clock is not the real one, and is shown as such."""
    packets: Packets = field(default_factory=NoPackets)
    """The way back to the frames."""
    rules: Rules = field(default_factory=Rules)
    """Limits, for what is shown of an hour that has not been judged yet."""
    letters: Mapping[str, LetterFile] = field(default_factory=load_letter_templates)
    """Wording of official letters, by kind."""
    rulebook_dir: Path | None = None
    """Where the rulebook's files are; None: those that come with the software."""
    coverage: CoverageRule = field(default_factory=CoverageRule)
    """Who must have a monitor (R23)."""
    county: str | None = None
    """The only county of which anything is found here; None: the whole city. See ``seen_by``."""
    acceptance: Acceptance = field(init=False)
    """Reads frames again as the gateway read them."""
    quarantine: QuarantineDesk = field(init=False)
    """Refused lines: of the whole city also those of loggers that nobody knows."""
    register_version: str = field(init=False)
    """Fingerprint of the whole register, also for whoever sees a part of it."""
    daybook: DayBook = field(init=False)
    """Hours counted by day, for reports."""
    name_of: Callable[[str], str] = field(init=False)
    """What people call an outlet, an enterprise or a county; a code that nobody knows stays one."""
    board: Cached[Board] = field(init=False)
    open_items: Cached[OpenItems] = field(init=False)
    _outlet_rates: Cached[list[Rate]] = field(init=False)
    _parts: dict[str, "Sources"] = field(init=False)
    _whole: "Sources" = field(init=False)

    def __post_init__(self) -> None:
        self.register_version = fingerprint(self.register)
        self.daybook = DayBook(self.store, following=lambda: self.live.following)
        if isinstance(self.live, Live):
            self.live.on_hour.append(self.daybook.hear)
        self.name_of = names_of(self.register)
        self.acceptance = Acceptance(self.register, self.parameters)
        self.quarantine = QuarantineDesk(
            self.alerts.engine,
            self.feed,
            self.register,
            self.acceptance,
            now=self.now,
            within=None if self.county is None else refused_names(self.register.outlets.values()),
        )
        self.board = Cached(self._read_board, seconds=BOARD_SECONDS)
        self.open_items = Cached(self._read_open_items, seconds=BOARD_SECONDS)
        self._outlet_rates = Cached(self._read_outlet_rates, seconds=BOARD_SECONDS)
        self._parts = {}
        self._whole = self

    def seen_by(self, county: str | None) -> "Sources":
        """What somebody of this county may see: everything that is read from it is narrowed to the county.

        One for each county, so that its boards are read once for all who look at them. None: the whole city.
        """
        if county is None:
            return self
        if county not in self._parts:
            register = register_of(self.register, county)
            outlets = frozenset(register.outlets)
            mns = frozenset(register.by_mn())
            part = self._parts[county] = replace(
                self,
                county=county,
                register=register,
                store=CountyStore(self.store, county, outlets),
                alerts=self.alerts.of_county(county),
                marks=self.marks.of_outlets(outlets),
                live=CountyLive(self.live, county, outlets, mns),
                packets=CountyPackets(self.packets, outlets | mns),
            )
            part.register_version = self.register_version
            part.daybook = self.daybook.of_outlets(outlets)
            part._whole = self
        return self._parts[county]

    @property
    def whole(self) -> "Sources":
        """The whole city, for what only says a place among all; nothing else of it may be shown."""
        return self._whole

    async def place(self) -> tuple[int, int] | None:
        """Of a county's view: its place by the in-time rate, and among how many; None without a rate.

        The only thing that a county is told of the others, see docs/decisions.
        """
        ranked = sorted((row for row in (await self._whole.board.get()).rows if row.in_time), key=ORDERS["rank"])
        codes = [row.code for row in ranked if row.in_time is not None and row.in_time.effective_pct is not None]
        return (codes.index(self.county) + 1, len(codes)) if self.county in codes else None

    def outlet(self, id_: str) -> Outlet:
        """An outlet of the register. Raises the 404 problem for one that is not in it."""
        if (outlet := self.register.outlets.get(id_)) is None:
            raise not_found("outlet", id_)
        return outlet

    def month(self) -> str:
        """The current month, as rates name it."""
        return period_at(self.now(), "month")

    def current_rates(self, level: str, id_: str) -> dict[tuple[str, str], Rate]:
        """Rates of one subject in the current day, month, quarter and year, by window and track. Blocks."""
        now = self.now()
        current = {(window, period_at(now, window)) for window in WINDOWS}
        return {
            (rate.window, rate.track): rate
            for window, period in sorted(current)
            for rate in self.store.rates(level=level, window=window, period=period, id=id_)
        }

    async def outlet_rates(self) -> list[Rate]:
        """Rates of all outlets of the current month, read once for everybody who looks at a county."""
        return await self._outlet_rates.get()

    def _read_outlet_rates(self) -> list[Rate]:
        return self.store.rates(level="outlet", window="month", period=self.month())

    def _read_open_items(self) -> OpenItems:
        return open_items(self.alerts.engine, county=self.county)

    def _read_board(self) -> Board:
        period = self.month()
        exceedances = self.live.exceedances
        return build_board(
            self.register,
            day=to_beijing(self.now()).date(),
            period=period,
            county_rates=self.store.rates(level="county", window="month", period=period),
            city_rates=self.store.rates(level="city", window="month", period=period),
            exceeded=exceedances.by_county() if exceedances is not None else None,
            exceeding=exceedances.enterprises() if exceedances is not None else None,
            open_items=self._read_open_items(),
            threshold_pct=self.parameters.rate_threshold_pct,
        )


async def keep_exceedances(sources: Sources) -> None:
    """Keep the month's exceeded hours counted until cancelled; at the month's turn begin the next."""
    while True:
        try:
            await _begin_or_rescan(sources)
        except StoreUnavailable as error:
            log.warning("exceeded hours cannot be counted now: %s", error)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_month_turned(sources), RESCAN_SECONDS)


async def _begin_or_rescan(sources: Sources) -> None:
    start, end = bounds("month", sources.month())
    now = sources.now()
    known = sources.live.exceedances
    anew = known is None or known.start != start
    exceedances = Exceedances(start, end) if known is None or anew else known
    day = start if anew else max(start, now - timedelta(days=2))
    while day < min(end, now):
        until = min(day + timedelta(days=1), end)
        exceedances.hear(await asyncio.to_thread(sources.store.hours, start=day, end=until))
        day = until
    if anew:
        assert isinstance(sources.live, Live), "they are kept for the whole city; a county's are counted from them"
        sources.live.watch_exceedances(exceedances)


async def _month_turned(sources: Sources) -> None:
    """Return when the month is another than the one that is counted."""
    while sources.live.exceedances is not None and sources.live.exceedances.start <= sources.now():
        if sources.now() >= sources.live.exceedances.end:
            return
        await asyncio.sleep(0.5)
    await asyncio.sleep(2)
