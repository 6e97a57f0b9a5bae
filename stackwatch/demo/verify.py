"""After a run: everything that was sent is accounted for, and judged as ledger and batch oracle say it must be."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from alerts.database import DatabaseUnavailable
from contracts.topics import PACKETS
from emissions.account import AccountHour
from rulebook.loader import load_rules
from rulebook.register import load_register
from simulators.driver import Driver
from stackwatch.batch import Judged, judge_feed
from stackwatch.demo.account import Account, Differences, account_of, differences_of, digest
from stackwatch.demo.leavings import alert_lines, leave
from stackwatch.demo.outcome import KINDS, Outcome, judged_outcome, stored_outcome
from stackwatch.demo.parts import Parts
from stackwatch.demo.topic_dump import dump, in_order_of_time
from stackwatch.ledger_check.account_stage import Numbers, account_stage, numbers_of
from stackwatch.ledger_check.check import Checked, check_run
from stackwatch.ledger_check.judged_stages import alerts_stage
from stackwatch.ledger_check.run_folder import read_alerts, read_run
from stores import open_store
from stores.port import SeriesStore, StoreUnavailable

_log = logging.getLogger(__name__)

IDLE_S = 90.0
"""Draining ends when nothing has changed for this long. [s]"""
LOOK_S = 0.5


@dataclass(slots=True, kw_only=True)
class Report:
    """What ``report.json`` holds."""

    scenario: str
    seed: int
    start: datetime
    end: datetime
    seconds: float
    """Real time from the first frame to the end of draining."""
    packets_per_s: float
    """Of real time, while frames were sent."""
    account: Account
    differences: Differences
    checked: Checked | None = None
    digests: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        """Nothing is lost and nothing differs."""
        return self.account.lost == 0 and self.differences.total == 0

    def write(self, folder: Path) -> None:
        """Write ``report.json``."""
        content = {
            "right": self.right,
            "lost": self.account.lost,
            **{name: value for name, value in asdict(self).items() if name != "checked"},
            "checked": None if self.checked is None else self.checked.content(),
            "sim_span_s": (self.end - self.start).total_seconds(),
        }
        text = msgspec.json.format(msgspec.json.encode(content), indent=2)
        (folder / "report.json").write_bytes(text + b"\n")


async def verify(
    parts: Parts, driver: Driver, *, end: datetime, folder: Path, sending_s: float, told: Callable[[str], None]
) -> Report:
    """Drain, leave behind what ``stackwatch check ledger`` reads, check it, and write ``report.json``.

    Args:
        parts: The system, still running.
        driver: The run, closed; its ledger has been ended.
        end: Where the clock stands.
        folder: Where the files go.
        sending_s: Real time that sending took. [s]
        told: Is given one line about each step.
    """
    begun = time.monotonic()
    scenario = driver.fleet.scenario
    told("reading the feed back")
    feed = list(in_order_of_time(await dump(parts.kafka, PACKETS)))
    told(f"judging {len(feed)} lines in one go")
    judged = await asyncio.to_thread(judge_feed, feed, load_register(parts.register), load_rules(), as_of=end)
    store = open_store(parts.series)
    try:
        told("waiting until everything is stored and told")
        numbers = numbers_of(feed, load_register(parts.register))
        outcome = await _drained(parts, store, judged, numbers, start=scenario.start, end=end)
        await leave(
            parts, store, driver.expectations, feed=feed, outcome=outcome, start=scenario.start, end=end, folder=folder
        )
    finally:
        store.close()
    told("comparing")
    checked = await asyncio.to_thread(lambda: check_run(read_run(folder), judged))
    account = account_of(checked, resent=driver.progress.resent, restarts=parts.supervisor.restarts())
    report = Report(
        scenario=scenario.name,
        seed=scenario.seed,
        start=scenario.start,
        end=end,
        seconds=round(sending_s + time.monotonic() - begun, 2),
        packets_per_s=round(account.published / max(sending_s, 0.001), 1),
        account=account,
        differences=differences_of(checked),
        checked=checked,
        digests={kind: digest(outcome.lines(kind)) for kind in KINDS},
        counts={kind: len(outcome.lines(kind)) for kind in KINDS},
    )
    report.write(folder)
    return report


async def _drained(
    parts: Parts, store: SeriesStore, judged: Judged, numbers: Numbers, *, start: datetime, end: datetime
) -> Outcome:
    """The outcome once it is what it must become, or once nothing has changed for too long."""
    wanted = judged_outcome(judged)
    before: tuple[Outcome, list[bytes], list[AccountHour]] | None = None
    changed = time.monotonic()
    while True:
        try:
            outcome = await stored_outcome(parts.kafka, store, start=start, end=end)
            alerts = await asyncio.to_thread(alert_lines, parts.database)
            account = await asyncio.to_thread(store.accounts, start=start, end=end)
        except (StoreUnavailable, DatabaseUnavailable) as error:
            _log.warning("the outcome cannot be read: %s", error)
        else:
            left = (*alerts_stage(read_alerts(alerts), judged)[1], *account_stage(numbers, account)[1])
            if outcome == wanted and not left:
                return outcome
            if (outcome, alerts, account) != before:
                before, changed = (outcome, alerts, account), time.monotonic()
        if before is not None and time.monotonic() - changed > IDLE_S:
            return before[0]
        await asyncio.sleep(LOOK_S)
