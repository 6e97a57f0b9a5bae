"""Sessions: a log-in at one browser, held by a random key of which only the hash is kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from people.accounts import known_person
from people.person import Person
from people.tables import PersonRow, SessionRow

KEPT = timedelta(days=30)
"""Rows of ended sessions are thrown away after this; the audit log keeps what they were."""


def hashed(secret: str) -> str:
    """What is kept of a random secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def begin(session: Session, row: PersonRow, *, address: str, lasts: timedelta, now: datetime) -> str:
    """A new session; gives the key that the browser holds. Never one that the browser came with."""
    session.execute(delete(SessionRow).where(SessionRow.expires_at < now - KEPT))
    key = secrets.token_urlsafe(32)
    session.add(
        SessionRow(key=hashed(key), person_id=row.id, begun_at=now, expires_at=now + lasts, address=address[:64])
    )
    row.logged_in_at = now
    return key


def person_of(session: Session, key: str, *, now: datetime) -> Person | None:
    """Who holds this key; None where it is unknown, over, ended, or the person may not come in any more."""
    found = session.execute(
        select(PersonRow)
        .join(SessionRow, SessionRow.person_id == PersonRow.id)
        .where(
            SessionRow.key == hashed(key),
            SessionRow.ended_at.is_(None),
            SessionRow.expires_at > now,
            PersonRow.disabled_at.is_(None),
        )
    ).scalar_one_or_none()
    return None if found is None else known_person(found)


def end(session: Session, key: str, *, now: datetime) -> None:
    """End one session. Ending it twice changes nothing."""
    row = session.get(SessionRow, hashed(key))
    if row is not None and row.ended_at is None:
        row.ended_at = now
