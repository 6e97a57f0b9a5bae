"""The audit logs: who did what and when, one line after the other, each sealed together with all before it.

A changed, removed or inserted line breaks every hash after it; a cut tail disagrees with the chain's head. The hash
travels in every published event, so that somebody who rewrites the whole table can still be told from the copies.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.anchors import Anchors
from alerts.database import AlertEventRow, AuditLine, CaseEventRow, ChainRow, PeopleEventRow
from alerts.desk_tables import DeskEventRow
from alerts.feed_tables import RedriveEventRow
from alerts.transition import Event
from emissions.beijing import to_beijing, utc

LOGS: dict[str, type[AuditLine]] = {
    "alert_events": AlertEventRow,
    "case_events": CaseEventRow,
    "desk_events": DeskEventRow,
    "redrive_events": RedriveEventRow,
    "people_events": PeopleEventRow,
}
START = "0" * 64
"""What the first line of a log is sealed with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Where a log stops being what was written."""

    log: str
    sequence: int
    why: str


def canonical(content: Any) -> str:
    """JSON that is the same for the same content, wherever it is made."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_beijing(value).isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in the audit log")


def append(session: Session, log: str, *, subject_id: str, event: Event) -> AuditLine:
    """Add one line. Must run inside ``alerts.database.writing``, which holds the chain's lock."""
    chain = session.get_one(ChainRow, log)
    row = LOGS[log](
        sequence=chain.length + 1,
        subject_id=subject_id,
        name=event.name,
        at=event.at,
        by=event.by,
        reason=event.reason,
        detail=canonical(event.detail),
    )
    row.hash = seal(chain.hash, row)
    chain.length, chain.hash = row.sequence, row.hash
    session.add(row)
    return row


def seal(previous: str, row: AuditLine) -> str:
    """The hash of a line: of the one before it and of every field of its own."""
    at = utc(row.at).isoformat(timespec="microseconds")
    content = [row.sequence, row.subject_id, row.name, at, row.by, row.reason, row.detail, row.digest]
    return hashlib.sha256(f"{previous}\n{canonical(content)}".encode()).hexdigest()


def verify(session: Session, anchors: Anchors | None = None) -> list[Broken]:
    """The first break of each log, or nothing.

    Args:
        session: At the beginning of its transaction.
        anchors: Seals that were published; a line that is gone or has another seal now is a break.
    """
    if session.get_bind().dialect.name == "postgresql":
        # One picture of heads and lines, whatever is written meanwhile.
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    kept: dict[str, dict[int, str]] = {}
    for (log, sequence), seal_ in (anchors or {}).items():
        kept.setdefault(log, {})[sequence] = seal_
    found = [_first_break(session, log, kept.pop(log, {})) for log in LOGS]
    unknown = [Broken(log=log, sequence=0, why="there is no such log") for log in sorted(kept)]
    return [broken for broken in found if broken is not None] + unknown


def lengths(session: Session) -> dict[str, tuple[int, str]]:
    """Lines and last seal of every log, as its head says."""
    return {row.name: (row.length, row.hash) for row in session.scalars(select(ChainRow).order_by(ChainRow.name))}


def _first_break(session: Session, log: str, published: Mapping[int, str]) -> Broken | None:
    chain = session.get(ChainRow, log)
    if chain is None:
        return Broken(log=log, sequence=0, why="the head of the chain is gone")
    length, head = chain.length, chain.hash
    previous, expected = START, 1
    for row in _lines(session, LOGS[log]):
        if row.sequence != expected:
            return Broken(log=log, sequence=expected, why=f"line {expected} is missing")
        if row.hash != seal(previous, row):
            return Broken(log=log, sequence=expected, why=f"line {expected} or the one before it was changed")
        if published.get(expected, row.hash) != row.hash:
            return Broken(log=log, sequence=expected, why=f"line {expected} is another than the one that was published")
        previous, expected = row.hash, expected + 1
    if (expected - 1, previous) != (length, head):
        return Broken(log=log, sequence=expected, why=f"the log ends at line {expected - 1}, its head says {length}")
    if (last := max(published, default=0)) >= expected:
        why = f"the log ends at line {expected - 1}, but line {last} was published"
        return Broken(log=log, sequence=expected, why=why)
    return None


def _lines(session: Session, log: type[AuditLine]) -> Iterator[AuditLine]:
    last = -1
    while rows := session.scalars(select(log).where(log.sequence > last).order_by(log.sequence).limit(_PAGE)).all():
        yield from rows
        last = rows[-1].sequence
        session.expunge_all()


_PAGE = 1000


def digest_of(content: Any) -> str:
    """A short name for some content: the same content again has the same name."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()[:32]
