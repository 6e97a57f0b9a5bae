"""Where people, their sessions and their tokens are kept. No password, session or token stands there in plain."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from stores.moment import Moment


class PeopleBase(DeclarativeBase):
    """All tables of this room, in the one database."""

    type_annotation_map = {datetime: Moment(), str: Text()}  # noqa: RUF012 - SQLAlchemy's own convention


class PersonRow(PeopleBase):
    """One account. It is never deleted: what somebody did keeps its name."""

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("oidc_issuer", "oidc_subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    """Lower case."""
    name: Mapped[str]
    role: Mapped[str]
    county: Mapped[str | None]
    language: Mapped[str]
    password: Mapped[str | None]
    """Argon2 with its own salt and parameters; None: logs in through the bureau's identity provider only."""
    must_change: Mapped[bool]
    oidc_issuer: Mapped[str | None]
    oidc_subject: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    disabled_at: Mapped[datetime | None]
    logged_in_at: Mapped[datetime | None]


class SessionRow(PeopleBase):
    """One log-in of a person at a browser, until it ends."""

    __tablename__ = "people_sessions"

    key: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of what the browser holds."""
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    begun_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str]
    ended_at: Mapped[datetime | None]


class TokenRow(PeopleBase):
    """A token of a machine (no owner), or one that a person made for a program of their own."""

    __tablename__ = "people_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the token; it is random and long, so it needs no slow hash."""
    name: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str]
    county: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class FailureRow(PeopleBase):
    """Failed log-ins under one name in a row, whether there is such a person or not."""

    __tablename__ = "people_failures"

    key: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the name: people type passwords there by mistake."""
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)
