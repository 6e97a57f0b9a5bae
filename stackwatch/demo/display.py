"""What the terminal shows while the demo runs: a live table on a terminal, plain lines elsewhere."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from alerts.database import DatabaseUnavailable, open_database
from emissions.beijing import to_beijing
from emissions.register import Register
from emissions.transmission import Rate
from rulebook.register import load_register
from simulators.driver import Driver
from simulators.progress import Progress
from stackwatch.demo.account import Account
from stackwatch.demo.parts import Parts
from stackwatch.demo.verify import Report
from stores import open_store
from stores.port import SeriesStore, StoreUnavailable
from web.exceedances import Exceedances
from web.open_items import open_items
from web.periods import bounds, period_at
from web.views.board import NOTHING_OPEN, Board, build_board

_log = logging.getLogger(__name__)

REFRESH_S = 1.0
PLAIN_S = 5.0
"""Distance of the plain lines. [s]"""
THRESHOLD_PCT = 90
RECENT = timedelta(hours=6)
READ_ALL_S = 30.0


@dataclass(slots=True)
class Figures:
    """Reads the board's figures from where the processes put them."""

    parts: Parts
    register: Register
    store: SeriesStore
    engine: Engine
    exceedances: Exceedances | None = None
    read_to: datetime | None = None
    read_all_at: float = 0.0

    @classmethod
    def of(cls, parts: Parts) -> "Figures":
        """Open both stores of a running system."""
        return cls(parts, load_register(parts.register), open_store(parts.series), open_database(parts.database))

    def board(self, now: datetime) -> Board | None:
        """The board at a moment; None while the stores cannot be read."""
        period = period_at(now, "month")
        try:
            exceedances = self._exceedances(now, *bounds("month", period))
            county = self.store.rates(level="county", window="month", period=period)
            city = self.store.rates(level="city", window="month", period=period)
        except StoreUnavailable:
            return None
        try:
            waiting = open_items(self.engine)
        except DatabaseUnavailable:
            waiting = NOTHING_OPEN
        return build_board(
            self.register,
            day=to_beijing(now).date(),
            period=period,
            county_rates=county,
            city_rates=city,
            exceeded=exceedances.by_county(),
            exceeding=exceedances.enterprises(),
            open_items=waiting,
            threshold_pct=THRESHOLD_PCT,
        )

    def _exceedances(self, now: datetime, start: datetime, end: datetime) -> Exceedances:
        """The month's exceeded hours: the newest each time, all of them now and then, for what came late."""
        known, read_to = self.exceedances, self.read_to
        anew = known is None or known.start != start
        exceedances = Exceedances(start, end) if known is None or anew else known
        every = anew or read_to is None or time.monotonic() - self.read_all_at > READ_ALL_S
        since = start if every or read_to is None else max(start, read_to - RECENT)
        exceedances.hear(self.store.hours(start=since, end=end))
        if every:
            self.read_all_at = time.monotonic()
        self.exceedances, self.read_to = exceedances, now
        return exceedances

    def close(self) -> None:
        """Let go of both stores."""
        self.store.close()
        self.engine.dispose()


@asynccontextmanager
async def shown(console: Console, parts: Parts, driver: Driver, *, end: datetime | None) -> AsyncIterator[None]:
    """Show progress while the block runs; ``end`` is where the simulated clock stops, None: it does not."""
    figures = Figures.of(parts)
    show = _live if console.is_terminal else _plain
    task = asyncio.create_task(show(console, figures, driver, end), name="display")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        figures.close()


class _Meter:
    """Packets per second since the last look."""

    def __init__(self) -> None:
        self._at, self._sent = time.monotonic(), 0

    def read(self, sent: int) -> float:
        now = time.monotonic()
        rate = (sent - self._sent) / max(now - self._at, 0.001)
        self._at, self._sent = now, sent
        return rate


async def _live(console: Console, figures: Figures, driver: Driver, end: datetime | None) -> None:
    meter = _Meter()
    with Live(console=console, refresh_per_second=2, transient=True) as live:
        while True:
            now = figures.parts.clock.now()
            board = await asyncio.to_thread(figures.board, now)
            line = _line(driver.progress, now, end, meter.read(driver.progress.sent))
            live.update(_screen(figures.parts, board, line))
            await asyncio.sleep(REFRESH_S)


async def _plain(console: Console, figures: Figures, driver: Driver, end: datetime | None) -> None:
    meter = _Meter()
    while True:
        await asyncio.sleep(PLAIN_S)
        line = _line(driver.progress, figures.parts.clock.now(), end, meter.read(driver.progress.sent))
        console.print(line, highlight=False, soft_wrap=True)


def _screen(parts: Parts, board: Board | None, line: str) -> Group:
    head = Text.assemble(("Stackwatch ", "bold"), line)
    foot = Text.assemble(
        "pages ", (parts.web, "bold cyan"), f"   data {parts.folder}   Ctrl-C ends it all", style="dim"
    )
    return Group(head, _board_table(board) if board is not None else Text("…"), foot)


def _line(progress: Progress, now: datetime, end: datetime | None, rate: float) -> str:
    refused = sum(progress.refused.values())
    until = f" of {end:%m-%d %H:%M}" if end is not None else ""
    return (
        f"{now:%Y-%m-%d %H:%M}{until} · {progress.sent} sent · {progress.acknowledged} acknowledged · "
        f"{progress.relayed} relayed · {refused} refused · {progress.resent} resent · {rate:.0f}/s"
    )


def _board_table(board: Board) -> Table:
    table = Table(title=f"有效传输率 {board.period}", title_justify="left", expand=False)
    table.add_column("县市区")
    for name in ("outlets", "in time %", "completed %", "exceeded h", "open alerts", "cases"):
        table.add_column(name, justify="right")
    for row in board.rows:
        style = "red" if row.below else ""
        table.add_row(
            row.name,
            str(row.outlets),
            Text(_percent(row.in_time), style=style),
            _percent(row.completed),
            str(row.exceeded_hours or "–"),
            str(row.alerts or "–"),
            Text(str(row.cases or "–"), style="bold red" if row.cases else ""),
        )
    return table


def _percent(rate: Rate | None) -> str:
    return "–" if rate is None or rate.effective_pct is None else f"{rate.effective_pct:.2f}"


def print_report(console: Console, report: Report) -> None:
    """The account and the differences as tables."""
    console.print(_account_table(report.account))
    if report.differences.total:
        table = Table("compared", "differences", "the first", title="Differences", title_justify="left")
        for comparison, count in report.differences.counts.items():
            if count:
                table.add_row(comparison, str(count), Text(str(report.differences.first[comparison][0])[:300]))
        console.print(table)
    span = (report.end - report.start).total_seconds() / 3600
    console.print(
        f"{span:.0f} simulated hours in {report.seconds:.1f} s, {report.packets_per_s:.0f} packets/s · "
        f"{', '.join(f'{count} {kind}' for kind, count in report.counts.items())}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        Text(
            f"lost {report.account.lost}, differences {report.differences.total}",
            style="green" if report.right else "red",
        )
    )


def _account_table(account: Account) -> Table:
    table = Table("stage", title="Account", title_justify="left")
    table.add_column("count", justify="right")
    table.add_column("missing", justify="right")
    for stage, count, missing in account.stages():
        table.add_row(stage, str(count), Text(str(missing), style="bold red" if missing else "green"))
    return table
