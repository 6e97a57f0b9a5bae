"""Tokens: how programs ask. A machine's has no owner; a person's own never sees or does more than the person."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from people.accounts import known_person, shown_name
from people.person import Person
from people.roles import RIGHTS, Role, Unfit, fitting
from people.sessions import hashed
from people.tables import PersonRow, TokenRow

PREFIX = "stackwatch_"
"""Makes a token that was published by mistake easy to find."""
LONGEST = timedelta(days=366)


class NoSuchToken(LookupError):
    """There is no such token, or it is somebody else's."""


def issue(
    session: Session,
    *,
    name: str,
    role: str,
    county: str | None,
    lasts: timedelta,
    by: str,
    now: datetime,
    owner: PersonRow | None = None,
) -> tuple[str, TokenRow]:
    """A new token: the text, which is shown once and kept nowhere, and its row.

    Raises:
        Unfit: the role does not go with the county, is more than the owner's, or the time is none.
    """
    if not timedelta(0) < lasts <= LONGEST:
        raise Unfit(f"a token lasts at least a moment and at most {LONGEST.days} days", "lasts", most=LONGEST.days)
    fit, held_for = fitting(role, county)
    if owner is not None and not _within(fit, held_for, known_person(owner)):
        raise Unfit("a token of yours cannot see or do more than you", "more_than_you")
    text = PREFIX + secrets.token_urlsafe(32)
    row = TokenRow(
        key=hashed(text),
        name=shown_name(name, login="token"),
        person_id=None if owner is None else owner.id,
        role=fit,
        county=held_for,
        created_at=now,
        created_by=by,
        expires_at=now + lasts,
    )
    session.add(row)
    session.flush()
    return text, row


def person_of(session: Session, text: str, *, now: datetime) -> tuple[int, Person] | None:
    """Number of the token and who asks by it; None where it is unknown, over or revoked, or its owner is out."""
    found = session.execute(
        select(TokenRow, PersonRow)
        .outerjoin(PersonRow, TokenRow.person_id == PersonRow.id)
        .where(TokenRow.key == hashed(text), TokenRow.revoked_at.is_(None), TokenRow.expires_at > now)
    ).one_or_none()
    if found is None:
        return None
    token, owner = found
    if token.person_id is None:
        machine = Person(
            id=None,
            login=f"token:{token.name}",
            name=token.name,
            role=Role(token.role),
            county=token.county,
            token=token.name,
        )
        return token.id, machine
    if owner is None or owner.disabled_at is not None:
        return None
    person = known_person(owner)
    if not _within(Role(token.role), token.county, person):
        return None  # the owner has become less since
    narrowed = replace(person, role=Role(token.role), county=token.county, token=token.name, must_change=False)
    return token.id, narrowed


def listed(session: Session, *, owner: int | None = None) -> list[TokenRow]:
    """Tokens that have not been revoked, the newest first: all, or those of one person."""
    query = select(TokenRow).where(TokenRow.revoked_at.is_(None)).order_by(TokenRow.id.desc())
    return list(session.scalars(query if owner is None else query.where(TokenRow.person_id == owner)))


def revoke(session: Session, token_id: int, *, now: datetime, owner: int | None = None) -> TokenRow:
    """Take a token back for good; ``owner``: only if it is this person's. Raises ``NoSuchToken``."""
    row = session.get(TokenRow, token_id)
    if row is None or (owner is not None and row.person_id != owner):
        raise NoSuchToken(f"there is no token {token_id}")
    row.revoked_at = row.revoked_at or now
    return row


def _within(role: Role, county: str | None, owner: Person) -> bool:
    """Whether a role held for a county is no more than the person has."""
    return RIGHTS[role] <= RIGHTS[owner.role] and owner.sees(county)
