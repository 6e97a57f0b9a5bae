"""The outbox: what has to be sent is written with what caused it, and sent afterwards, at least once.

Each destination is served on its own, so that one that fails holds up no other. Every attempt is logged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session

from alerts.database import AttemptRow, OutboxRow
from alerts.transaction import reading, transact

KAFKA = "kafka"
MQTT = "mqtt"
CHANNEL = "channel:"
"""Prefix of the destinations that are channels of the rulebook."""

WAITING, SENT, GIVEN_UP = "waiting", "sent", "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and for how long a failed sending is tried again; real time."""

    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=10)
    give_up_after: timedelta | None = timedelta(hours=24)
    """None: never. Then it is given up, kept, and counted as undelivered."""

    loan: timedelta = timedelta(seconds=20)
    """A letter that is being sent is nobody else's for so long; more than any notifier may take."""

    def wait(self, attempts: int) -> timedelta:
        """Pause after this many failed attempts: doubled each time, up to the longest."""
        return min(self.first * (1 << min(attempts - 1, 20)), self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One thing to send."""

    id: int
    dedupe_key: str
    """The same for every attempt: a receiver that has seen it can drop it."""
    destination: str
    address: str
    payload: str
    created_at: datetime
    attempts: int


def post(session: Session, *, destination: str, address: str, payload: str, dedupe_key: str, at: datetime) -> None:
    """Put one letter into the outbox, in the caller's transaction. ``at`` is real time."""
    session.add(
        OutboxRow(
            dedupe_key=dedupe_key,
            destination=destination,
            address=address,
            payload=payload,
            created_at=at,
            attempts=0,
            next_attempt_at=at,
            settled=WAITING,
        )
    )


def posted(session: Session, dedupe_keys: Sequence[str]) -> set[str]:
    """Which of these letters have ever been put into the outbox."""
    return set(session.scalars(select(OutboxRow.dedupe_key).where(OutboxRow.dedupe_key.in_(dedupe_keys))))


def waiting(engine: Engine, destination: str, *, limit: int = 100) -> list[Letter]:
    """Letters that wait for one destination, oldest first, whether or not their next attempt is due."""
    with reading(engine) as session:
        return [_letter(row) for row in session.scalars(_waiting(destination).limit(limit))]


def claim(engine: Engine, destination: str, *, now: datetime, patience: Patience, limit: int = 100) -> list[Letter]:
    """Letters for one destination whose next attempt is due, oldest first, lent to the caller.

    Nobody else is given them before ``patience.loan`` is over; if the caller has died by then, somebody else is.
    """
    due = _waiting(destination).where(OutboxRow.next_attempt_at <= now).limit(limit)
    with reading(engine) as session:
        if session.scalars(due.limit(1)).first() is None:
            return []

    def lend(session: Session) -> list[Letter]:
        rows = session.scalars(due).all()
        for row in rows:
            row.next_attempt_at = now + patience.loan
        return [_letter(row) for row in rows]

    return transact(engine, lend)


def _waiting(destination: str) -> Select[OutboxRow]:
    query = select(OutboxRow).where(OutboxRow.destination == destination, OutboxRow.settled == WAITING)
    return query.order_by(OutboxRow.id)


def _letter(row: OutboxRow) -> Letter:
    return Letter(
        id=row.id,
        dedupe_key=row.dedupe_key,
        destination=row.destination,
        address=row.address,
        payload=row.payload,
        created_at=row.created_at,
        attempts=row.attempts,
    )


def settle(engine: Engine, results: Sequence[tuple[Letter, str | None]], *, now: datetime, patience: Patience) -> int:
    """Log one attempt for each letter, with its error or None; returns how many were given up for good."""

    def enter(session: Session) -> int:
        given_up = 0
        for letter, error in results:
            row = session.get_one(OutboxRow, letter.id)
            session.add(AttemptRow(outbox_id=row.id, at=now, delivered=error is None, error=error or ""))
            row.attempts += 1
            if error is None:
                row.settled = SENT
            elif row.settled == WAITING and _too_long(row, now=now, patience=patience):
                row.settled = GIVEN_UP
                given_up += 1
            else:
                row.next_attempt_at = now + patience.wait(row.attempts)
        return given_up

    return transact(engine, enter)


def _too_long(row: OutboxRow, *, now: datetime, patience: Patience) -> bool:
    return patience.give_up_after is not None and now - row.created_at >= patience.give_up_after


def backlog(engine: Engine) -> dict[str, int]:
    """Letters that wait, by destination."""
    query = (
        select(OutboxRow.destination, func.count().label("waiting"))
        .where(OutboxRow.settled == WAITING)
        .group_by(OutboxRow.destination)
    )
    with reading(engine) as session:
        return {row.destination: row.waiting for row in session.execute(query)}


def oldest(engine: Engine) -> dict[str, tuple[int, datetime]]:
    """Letters that wait, by destination: how many, and since when the oldest does."""
    query = (
        select(OutboxRow.destination, func.count().label("waiting"), func.min(OutboxRow.created_at).label("since"))
        .where(OutboxRow.settled == WAITING)
        .group_by(OutboxRow.destination)
    )
    with reading(engine) as session:
        return {row.destination: (row.waiting, row.since) for row in session.execute(query)}


def attempts(engine: Engine, dedupe_key: str) -> list[tuple[datetime, bool, str]]:
    """The log of one letter: when it was tried, whether it went out, and the error."""
    query = (
        select(AttemptRow.at, AttemptRow.delivered, AttemptRow.error)
        .join(OutboxRow, OutboxRow.id == AttemptRow.outbox_id)
        .where(OutboxRow.dedupe_key == dedupe_key)
        .order_by(AttemptRow.id)
    )
    with reading(engine) as session:
        return [(at, delivered, error) for at, delivered, error in session.execute(query)]
