"""The lines of ``cems.quarantine`` in the database: found by reason, logger and time, one row for each line."""

import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from sqlalchemy import ColumnElement, Engine, delete, func, select
from sqlalchemy.orm import Session

from alerts import audit
from alerts.feed_tables import QuarantineOffsetRow, RefusedRow
from alerts.transaction import NeverTaken, reading, transact
from alerts.transition import Event
from contracts.quarantine import has_note, line_id
from contracts.topics import QUARANTINE
from emissions.beijing import utc
from emissions.finding import Rejected

log = logging.getLogger(__name__)

KEPT = timedelta(milliseconds=QUARANTINE.retention_ms or 0)
"""A row goes when its line goes from the topic."""

LONGEST_TEXT = 200_000
"""Of a longer line this many characters are kept here; no gateway makes one, and the topic has the whole."""

State = Literal["waiting", "driven", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which refused lines. What is None does not matter."""

    ids: Sequence[str] | None = None
    reason: str | None = None
    name: str | None = None
    """The MN that was logged in, or the outlet of a JSON monitor."""
    start: datetime | None = None
    end: datetime | None = None
    """Received at or after ``start`` and before ``end``; of a line that says nothing of it, the moment of refusal."""
    within: frozenset[str] | None = None
    """Only lines under these names: those that somebody may see."""
    not_within: frozenset[str] | None = None
    """No line under these names."""
    state: State = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """One refused line."""

    id: str
    reason: str
    detail: str
    name: str
    received_at: datetime | None
    refused_at: datetime
    times: int
    line: str
    driven_at: datetime | None
    driven_by: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One line as the topic has it."""

    rejected: Rejected
    refused_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the lines of a selection, how many there are in all, and of which reasons."""

    items: list[RefusedLine]
    total: int
    reasons: Mapping[str, int]


class QuarantineBook:
    """The refused lines of this database. All methods block: call them from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def next_offset(self, partition: int = 0) -> int | None:
        """Where the following of the topic goes on; None: at its beginning."""
        with reading(self._engine) as session:
            row = session.get(QuarantineOffsetRow, partition)
            return None if row is None else row.next_offset

    def follow(self, refusals: Iterable[Refusal], *, next_offset: int, partition: int = 0) -> None:
        """Take over refusals of the topic and how far they reach, in one transaction.

        Two processes that follow at once do no harm: what reaches no farther than what is there is left.
        """
        refused = list(refusals)
        try:
            self._follow(refused, next_offset, partition)
        except NeverTaken as error:
            # One line that no database takes must not hold up those behind it.
            log.error("of %d refused lines one cannot be kept: %s", len(refused), error)
            for refusal in refused:
                with contextlib.suppress(NeverTaken):
                    transact(self._engine, partial(_enter, refusal=refusal))
            self._follow([], next_offset, partition)

    def _follow(self, refused: Sequence[Refusal], next_offset: int, partition: int) -> None:
        def work(session: Session) -> None:
            place = session.get(QuarantineOffsetRow, partition)
            if place is not None and next_offset <= place.next_offset:
                return
            if place is None:
                place = QuarantineOffsetRow(partition=partition, next_offset=0)
                session.add(place)
            for refusal in refused:
                _enter(session, refusal)
            place.next_offset = next_offset

        transact(self._engine, work)

    def begin_anew(self, partition: int = 0) -> None:
        """The topic has been made anew: it is followed from its beginning, and what is known stays."""

        def work(session: Session) -> None:
            session.execute(delete(QuarantineOffsetRow).where(QuarantineOffsetRow.partition == partition))

        transact(self._engine, work)

    def let_go(self, now: datetime) -> int:
        """Forget lines that the topic no longer keeps; tells how many."""

        def work(session: Session) -> int:
            result: Any = session.execute(delete(RefusedRow).where(RefusedRow.refused_at < now - KEPT))
            return int(result.rowcount)

        return transact(self._engine, work)

    def page(self, selection: Selection, *, limit: int, offset: int = 0) -> Page:
        """Lines of the selection, those refused last first."""
        with reading(self._engine) as session:
            fitting = _fits(selection)
            newest = select(RefusedRow).where(*fitting).order_by(RefusedRow.refused_at.desc(), RefusedRow.id)
            counts = select(RefusedRow.reason, func.count()).where(*fitting).group_by(RefusedRow.reason)
            reasons = dict(iter(session.execute(counts)))
            rows = session.scalars(newest.limit(limit).offset(offset))
            return Page([_line(row) for row in rows], sum(reasons.values()), reasons)

    def find(self, id_: str) -> RefusedLine | None:
        """One line by its id."""
        with reading(self._engine) as session:
            row = session.get(RefusedRow, id_)
            return None if row is None else _line(row)

    def oldest(self, selection: Selection, *, limit: int, after: RefusedLine | None = None) -> list[RefusedLine]:
        """Lines of the selection in the order of their receipt, from the one after ``after`` on."""
        at = func.coalesce(RefusedRow.received_at, RefusedRow.refused_at)
        query = select(RefusedRow).where(*_fits(selection)).order_by(at, RefusedRow.id).limit(limit)
        if after is not None:
            moment = after.received_at or after.refused_at
            query = query.where((at > moment) | ((at == moment) & (RefusedRow.id > after.id)))
        with reading(self._engine) as session:
            return [_line(row) for row in session.scalars(query)]

    def driven(self, ids: Iterable[str], *, at: datetime, by: str) -> None:
        """These lines are in the feed again."""
        wanted = list(ids)

        def work(session: Session) -> None:
            for id_ in wanted:
                if (row := session.get(RefusedRow, id_)) is not None:
                    row.driven_at, row.driven_by = at, by

        transact(self._engine, work)

    def still_refused(self, reasons: Mapping[str, tuple[str, str]]) -> None:
        """These lines were examined again and are wrong: reason and detail as of now, by id."""

        def work(session: Session) -> None:
            for id_, (reason, detail) in reasons.items():
                if (row := session.get(RefusedRow, id_)) is not None:
                    row.reason, row.detail = reason, detail

        transact(self._engine, work)

    def record(self, redrive: str, event: Event) -> None:
        """Write into the audit log who drove lines again, and what came of it."""
        transact(
            self._engine,
            lambda session: audit.append(session, "redrive_events", subject_id=redrive, event=event),
        )


def _enter(session: Session, refusal: Refusal) -> None:
    rejected = refusal.rejected
    id_ = line_id(rejected.line)
    row = session.get(RefusedRow, id_)
    if row is None:
        row = RefusedRow(id=id_, times=0, line=_text(rejected.line), name=_text(rejected.mn))
        row.received_at = _moment(rejected.received_at)
        session.add(row)
    elif row.driven_at is not None and not has_note(rejected.line):
        return  # the refusal from before it was driven again, told twice
    row.reason, row.detail, row.refused_at = _text(rejected.reason), _text(rejected.detail), refusal.refused_at
    row.times += 1
    row.driven_at, row.driven_by = None, ""


def _text(text: str) -> str:
    """Text that every database takes: PostgreSQL keeps no NUL."""
    return text.replace("\x00", "\\u0000").encode("utf-8", "replace").decode()[:LONGEST_TEXT]


def _moment(moment: datetime | None) -> datetime | None:
    """The moment, None for one that cannot be stored."""
    try:
        return None if moment is None else utc(moment)
    except (ValueError, OverflowError):
        return None


def _line(row: RefusedRow) -> RefusedLine:
    return RefusedLine(
        id=row.id,
        reason=row.reason,
        detail=row.detail,
        name=row.name,
        received_at=row.received_at,
        refused_at=row.refused_at,
        times=row.times,
        line=row.line,
        driven_at=row.driven_at,
        driven_by=row.driven_by,
    )


def _fits(selection: Selection) -> list[ColumnElement[bool]]:
    at = func.coalesce(RefusedRow.received_at, RefusedRow.refused_at)
    waits = RefusedRow.driven_at.is_(None)
    name = RefusedRow.name
    fitting: list[ColumnElement[bool] | None] = [
        None if selection.ids is None else RefusedRow.id.in_(selection.ids),
        None if selection.reason is None else RefusedRow.reason == selection.reason,
        None if selection.name is None else name == selection.name,
        None if selection.start is None else at >= selection.start,
        None if selection.end is None else at < selection.end,
        None if selection.within is None else name.in_(sorted(selection.within)),
        None if selection.not_within is None else name.not_in(sorted(selection.not_within)),
        {"waiting": waits, "driven": ~waits, "all": None}[selection.state],
    ]
    return [condition for condition in fitting if condition is not None]
