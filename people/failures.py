"""Failed log-ins under a name, counted alike whether there is such a person or not."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from people.lockout import FORGOTTEN, locked_for
from people.sessions import hashed
from people.tables import FailureRow


def wait_left(session: Session, login: str, *, now: datetime) -> timedelta:
    """How long nobody gets in under this name from now on; nothing: at once."""
    row = session.get(FailureRow, _key(login))
    if row is None or now - row.last_at > FORGOTTEN:
        return timedelta(0)
    return locked_for(row.count, row.last_at, now)


def failed(session: Session, login: str, *, now: datetime) -> int:
    """One more; gives how many there are in a row now."""
    session.execute(delete(FailureRow).where(FailureRow.last_at < now - FORGOTTEN))
    row = session.get(FailureRow, _key(login))
    if row is None:
        row = FailureRow(key=_key(login), count=0, last_at=now)
        session.add(row)
    row.count, row.last_at = row.count + 1, now
    return row.count


def forgotten(session: Session, login: str) -> None:
    """The right password: begin again at nought."""
    session.execute(delete(FailureRow).where(FailureRow.key == _key(login)))


def _key(login: str) -> str:
    return hashed(login.strip().lower())
