"""After a run: everything that was sent is accounted for, and judged as ledger and batch oracle say it must be."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from contracts.codec import decode
from contracts.topics import HOURS, PACKETS, QUARANTINE
from emissions.finding import Rejected
from emissions.hourly import Hour
from rulebook.loader import load_rules
from rulebook.register import load_register
from simulators.driver import Driver
from simulators.expectation import IN_TIME, ExpectedHour, differences
from stackwatch.batch import Judged, judge_feed
from stackwatch.compare import differences as line_differences
from stackwatch.demo.account import Account, Differences, digest
from stackwatch.demo.outcome import KINDS, Outcome, judged_outcome, stored_outcome
from stackwatch.demo.parts import Parts
from stackwatch.demo.topic_dump import dump, in_order_of_time
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
            **asdict(self),
            "sim_span_s": (self.end - self.start).total_seconds(),
        }
        text = msgspec.json.format(msgspec.json.encode(content), indent=2)
        (folder / "report.json").write_bytes(text + b"\n")


async def verify(
    parts: Parts, driver: Driver, *, end: datetime, folder: Path, sending_s: float, told: Callable[[str], None]
) -> Report:
    """Drain, compare, and write ``feed.ndjson``, one file for each kind of outcome, and ``report.json``.

    Args:
        parts: The system, still running.
        driver: The run, closed.
        end: Where the clock stands.
        folder: Where the files go.
        sending_s: Real time that sending took. [s]
        told: Is given one line about each step.
    """
    begun = time.monotonic()
    scenario = driver.fleet.scenario
    told("reading the feed back")
    feed = list(in_order_of_time(await dump(parts.kafka, PACKETS)))
    _write_lines(folder, "feed", feed)
    told(f"judging {len(feed)} lines in one go")
    judged = await asyncio.to_thread(judge_feed, feed, load_register(parts.register), load_rules(), as_of=end)
    wanted = judged_outcome(judged)
    store = open_store(parts.series)
    try:
        told("waiting until everything is stored")
        outcome = await _drained(parts, store, wanted, start=scenario.start, end=end)
        told("comparing")
        expected = list(driver.expectations.hours(first=scenario.start, last=end - IN_TIME))
        account = await _account(parts, driver, store, expected, outcome)
    finally:
        store.close()
    found = Differences()
    for kind in KINDS:
        found.add(f"{kind}: stored against batch", line_differences(wanted.lines(kind), outcome.lines(kind)))
        _write_lines(folder, kind, outcome.lines(kind))
    found.add("hours: ledger against batch", _unexpected(expected, judged))
    found.add("quarantine: ledger against Kafka", await _quarantine(parts, driver))
    report = Report(
        scenario=scenario.name,
        seed=scenario.seed,
        start=scenario.start,
        end=end,
        seconds=round(sending_s + time.monotonic() - begun, 2),
        packets_per_s=round(account.published / max(sending_s, 0.001), 1),
        account=account,
        differences=found,
        digests={kind: digest(outcome.lines(kind)) for kind in KINDS},
        counts={kind: len(outcome.lines(kind)) for kind in KINDS},
    )
    report.write(folder)
    return report


def _write_lines(folder: Path, name: str, lines: Sequence[bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.ndjson").write_bytes(b"".join(line + b"\n" for line in lines))


async def _drained(parts: Parts, store: SeriesStore, wanted: Outcome, *, start: datetime, end: datetime) -> Outcome:
    """The outcome once it is what it must become, or once nothing has changed for too long."""
    outcome, changed = None, time.monotonic()
    while True:
        try:
            now = await stored_outcome(parts.kafka, store, start=start, end=end)
        except StoreUnavailable as error:
            _log.warning("the series store cannot be read: %s", error)
        else:
            if now == wanted:
                return now
            if now != outcome:
                outcome, changed = now, time.monotonic()
        if outcome is not None and time.monotonic() - changed > IDLE_S:
            return outcome
        await asyncio.sleep(LOOK_S)


async def _account(
    parts: Parts, driver: Driver, store: SeriesStore, expected: list[ExpectedHour], outcome: Outcome
) -> Account:
    progress = driver.progress
    wanted = {(hour.outlet, hour.pollutant, hour.hour) for hour in expected}
    judged = {
        (message.outlet, message.pollutant, message.hour)
        for partition in await dump(parts.kafka, HOURS)
        for message in map(decode, partition)
        if isinstance(message, Hour)
    }
    stored = {(hour.outlet, hour.pollutant, hour.hour) for hour in map(decode, outcome.hours) if isinstance(hour, Hour)}
    quarantined = sum(progress.refused.values())
    readings = driver.expectations.readings
    return Account(
        published=progress.sent,
        acknowledged=progress.acknowledged,
        answers_due=progress.answers_due,
        answered=progress.answered,
        relayed=progress.relayed,
        accepted=progress.sent - quarantined,
        quarantined=quarantined,
        heartbeats=progress.heartbeats,
        marks=progress.marks,
        readings_expected=len(readings),
        readings_stored=len(readings & _stored_readings(driver, store)),
        hours_expected=len(wanted),
        hours_judged=len(wanted & judged),
        hours_stored=len(wanted & stored),
        resent=progress.resent,
        restarts=parts.supervisor.restarts(),
    )


def _stored_readings(driver: Driver, store: SeriesStore) -> set[tuple[str, str, datetime]]:
    readings = driver.expectations.readings
    first = min((at for _, _, at in readings), default=driver.fleet.scenario.start)
    last = max((at for _, _, at in readings), default=first)
    return {
        (reading.outlet, reading.cn, reading.at)
        for outlet, cn in sorted({(outlet, cn) for outlet, cn, _ in readings})
        for reading in store.readings(outlet, cn=cn, start=first, end=last + timedelta(seconds=1))
    }


def _unexpected(expected: list[ExpectedHour], judged: Judged) -> Iterator[dict[str, Any]]:
    for hour in expected:
        actual = judged.hours.get((hour.hour, hour.outlet, hour.pollutant))
        fields = None if actual is None else msgspec.to_builtins(actual)
        if wrong := differences(hour, fields):
            yield {"about": [hour.outlet, hour.pollutant, hour.hour.isoformat()], "wrong": wrong}


async def _quarantine(parts: Parts, driver: Driver) -> list[str]:
    """Reasons whose numbers differ. A line that stands there twice after a killed gateway is one."""
    lines = {line for partition in await dump(parts.kafka, QUARANTINE) for line in partition}
    found = Counter(message.reason for message in map(decode, lines) if isinstance(message, Rejected))
    wanted = Counter(driver.progress.refused)
    return [
        f"{reason}: expected {wanted[reason]}, found {found[reason]}"
        for reason in sorted({*wanted, *found})
        if wanted[reason] != found[reason]
    ]
