"""Accounts: what stands in the database about people, changed inside a transaction that the caller holds."""

import re
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from people.person import Person
from people.roles import Role, Unfit, fitting
from people.tables import PersonRow, SessionRow

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
LONGEST_NAME = 60
MACHINES = frozenset({"data", "clock", "system", "nobody"})
"""Names that stand in logs for no person."""


class NobodyThere(LookupError):
    """There is no such account."""


def login_name(text: str) -> str:
    """A name to log in with, as it is kept: lower case.

    Raises:
        Unfit: it is none.
    """
    login = text.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise Unfit(f"{text!r} is no name to log in with: 2 to 64 of a-z, 0-9, dot, dash, underscore, @", "login")
    if login in MACHINES:
        raise Unfit(f"{login!r} stands in logs for the platform itself", "reserved", name=login)
    return login


def shown_name(text: str, *, login: str) -> str:
    """What people call somebody; the login where nothing is given.

    Raises:
        Unfit: it is too long, or holds what cannot be shown.
    """
    name = " ".join(text.split()) or login
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Unfit(f"a name has at most {LONGEST_NAME} printable characters", "name", most=LONGEST_NAME)
    if name.lower() in MACHINES:
        raise Unfit(f"{name!r} stands in logs for the platform itself", "reserved", name=name)
    return name


def add(
    session: Session,
    *,
    login: str,
    name: str,
    role: str,
    county: str | None,
    password: str | None,
    must_change: bool,
    by: str,
    now: datetime,
) -> PersonRow:
    """A new account; ``password`` is the hash, None where the identity provider knows the person.

    Raises:
        Unfit: the name is taken or none, or the role does not go with the county.
    """
    known = login_name(login)
    if session.scalar(select(PersonRow.id).where(PersonRow.login == known)) is not None:
        raise Unfit(f"there is already somebody called {known!r}", "login_taken", login=known)
    fit, held_for = fitting(role, county)
    row = PersonRow(
        login=known,
        name=shown_name(name, login=known),
        role=fit,
        county=held_for,
        language="",
        password=password,
        must_change=must_change,
        created_at=now,
        created_by=by,
    )
    session.add(row)
    session.flush()
    return row


def by_login(session: Session, login: str) -> PersonRow | None:
    """The account of this name; None where there is none."""
    return session.scalar(select(PersonRow).where(PersonRow.login == login.strip().lower()))


def by_provider(session: Session, *, issuer: str, subject: str) -> PersonRow | None:
    """The account that is tied to somebody at the identity provider; None where there is none."""
    return session.scalar(select(PersonRow).where(PersonRow.oidc_issuer == issuer, PersonRow.oidc_subject == subject))


def by_id(session: Session, person_id: int) -> PersonRow:
    """The account of this number; raises ``NobodyThere``."""
    row = session.get(PersonRow, person_id)
    if row is None:
        raise NobodyThere(f"there is no person {person_id}")
    return row


def everybody(session: Session) -> list[PersonRow]:
    """All accounts, by login."""
    return list(session.scalars(select(PersonRow).order_by(PersonRow.login)))


def change_role(session: Session, row: PersonRow, *, role: str, county: str | None, now: datetime) -> None:
    """Another role or county; open sessions end, so that nothing on a screen is older than the right to see it.

    Raises:
        Unfit: see ``fitting``; or nobody would be left who can manage people.
    """
    fit, held_for = fitting(role, county)
    if fit is not Role.ADMINISTRATOR:
        _keep_an_administrator(session, row)
    row.role, row.county = fit, held_for
    end_sessions(session, row.id, now=now)


def disable(session: Session, row: PersonRow, *, now: datetime) -> None:
    """Let somebody in no more; sessions and tokens of theirs count no longer.

    Raises:
        Unfit: nobody would be left who can manage people.
    """
    _keep_an_administrator(session, row)
    row.disabled_at = row.disabled_at or now
    end_sessions(session, row.id, now=now)


def enable(row: PersonRow) -> None:
    """Let somebody in again."""
    row.disabled_at = None


def set_password(session: Session, row: PersonRow, *, password: str, must_change: bool, now: datetime) -> None:
    """Another password, as its hash; everything that was opened with the old one ends."""
    row.password, row.must_change = password, must_change
    end_sessions(session, row.id, now=now)


def end_sessions(session: Session, person_id: int, *, now: datetime) -> None:
    """End all sessions of a person."""
    session.execute(
        update(SessionRow)
        .where(SessionRow.person_id == person_id, SessionRow.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session="fetch")
    )


def known_person(row: PersonRow) -> Person:
    """The account as what pages and the interface ask about."""
    return Person(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        county=row.county,
        language=row.language,
        must_change=row.must_change,
    )


def _keep_an_administrator(session: Session, row: PersonRow) -> None:
    others = select(PersonRow.id).where(
        PersonRow.role == Role.ADMINISTRATOR, PersonRow.disabled_at.is_(None), PersonRow.id != row.id
    )
    if row.role == Role.ADMINISTRATOR and row.disabled_at is None and session.scalar(others.limit(1)) is None:
        raise Unfit(f"{row.login!r} is the only administrator", "only_administrator")
