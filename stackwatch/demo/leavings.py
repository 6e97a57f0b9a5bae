"""The folder that a run leaves behind, written while its engines still run: ``stackwatch check ledger`` reads it."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from alerts.database import open_database
from alerts.queries import Reader
from alerts.views import AlertView, CaseView
from contracts.codec import decode, encode
from contracts.topics import HOURS, QUARANTINE
from emissions.hourly import Hour
from simulators.expectation import Expectations
from simulators.report import DATA
from stackwatch.demo.outcome import KINDS, Outcome
from stackwatch.demo.parts import Parts
from stackwatch.demo.topic_dump import dump
from stackwatch.ledger_check.run_folder import ALERTS, FEED, LEDGER, REGISTER, write_lines
from stores.port import SeriesStore

AT_ONCE = 1000
"""Alerts of one question."""


async def leave(
    parts: Parts,
    store: SeriesStore,
    expectations: Expectations,
    *,
    feed: Sequence[bytes],
    outcome: Outcome,
    start: datetime,
    end: datetime,
    folder: Path,
) -> None:
    """Write everything but the report.

    Args:
        parts: The system, still running; its ledger is closed.
        store: The series store.
        expectations: Which readings must be in it.
        feed: Lines of the feed, as one feed.
        outcome: What stands in store and Kafka at the end.
        start: Begin of the run.
        end: Where the clock stands.
        folder: Where the files go.
    """
    write_lines(folder, FEED, feed)
    for kind in KINDS:
        write_lines(folder, kind, outcome.lines(kind))
    write_lines(folder, "readings", _readings(expectations, store))
    write_lines(folder, "accounts", map(encode, store.accounts(start=start, end=end)))
    # A line that stands there twice after a killed process is one.
    write_lines(
        folder, "quarantine", dict.fromkeys(line for lines in await dump(parts.kafka, QUARANTINE) for line in lines)
    )
    write_lines(
        folder, "revisions", (line for lines in await dump(parts.kafka, HOURS) for line in lines if _is_hour(line))
    )
    write_lines(folder, ALERTS, alert_lines(parts.database))
    shutil.copyfile(parts.folder / LEDGER, folder / LEDGER)
    shutil.copytree(parts.register, folder / REGISTER, dirs_exist_ok=True)


def _is_hour(line: bytes) -> bool:
    return isinstance(decode(line), Hour)


def _readings(expectations: Expectations, store: SeriesStore) -> Iterator[bytes]:
    """All readings of the outlets over the span for which any are expected."""
    wanted = expectations.readings
    moments = [at for _, _, at in wanted]
    if not moments:
        return
    first, end = min(moments), max(moments) + timedelta(seconds=1)
    for outlet in sorted({outlet for outlet, _, _ in wanted}):
        for cn in sorted(DATA):
            yield from map(encode, store.readings(outlet, cn=cn, start=first, end=end))


def alert_lines(database: str) -> list[bytes]:
    """Alerts and the months of cases, as the alert database has them.

    Raises:
        DatabaseUnavailable: it cannot be read.
    """
    reader = Reader(open_database(database))
    try:
        return [msgspec.json.encode(entry) for entry in (*_alerts(reader), *_months(reader))]
    finally:
        reader.engine.dispose()


def _alerts(reader: Reader) -> Iterator[dict[str, object]]:
    offset = 0
    while page := reader.alerts(limit=AT_ONCE, offset=offset):
        offset += len(page)
        yield from map(_alert, page)


def _alert(alert: AlertView) -> dict[str, object]:
    return {
        "kind": "alert",
        "id": alert.id,
        "rule": alert.rule,
        "subject": alert.subject,
        "county": alert.county,
        "severity": alert.severity,
        "started_at": alert.started_at,
        "ended_by_data": alert.ended_by_data,
        "known_at": alert.known_at,
        "raised_at": alert.raised_at,
        "state": alert.state,
        "evidence": alert.evidence,
    }


def _months(reader: Reader) -> Iterator[dict[str, object]]:
    offset = 0
    while page := reader.cases(limit=AT_ONCE, offset=offset):
        offset += len(page)
        for case in page:
            yield from _months_of(case)


def _months_of(case: CaseView) -> Iterator[dict[str, object]]:
    for period, evidence in case.evidence.items():
        yield {
            "kind": "case_month",
            "id": case.id,
            "county": case.county,
            "trigger": case.trigger,
            "period": period,
            "evidence": evidence,
        }
