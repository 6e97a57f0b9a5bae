"""Tables of what people put into the feed: marks that they enter, and refused lines that they drive again."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from alerts.database import AuditLine, Base


class MarkRow(Base):
    """One mark as it was entered, so that it can be revoked by its id and entered twice without harm."""

    __tablename__ = "web_marks"

    id: Mapped[str] = mapped_column(primary_key=True)
    outlet: Mapped[str] = mapped_column(index=True)
    line: Mapped[str]
    revocation: Mapped[str | None]
    """The line that took it back."""
    in_feed: Mapped[bool]
    """Kafka has acknowledged the newest of the two."""


class RefusedRow(Base):
    """One refused line of ``cems.quarantine``. Refused again it stays one row, with the newest reason."""

    __tablename__ = "quarantine"
    __table_args__ = (Index("quarantine_newest", "refused_at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    """Made of the line's content, see ``contracts.quarantine``."""
    reason: Mapped[str] = mapped_column(index=True)
    detail: Mapped[str]
    name: Mapped[str] = mapped_column(index=True)
    """The MN that was logged in, the outlet of a JSON monitor; empty where the line names neither."""
    received_at: Mapped[datetime | None]
    """As the gateway stamped it; None for a line that says nothing of it."""
    refused_at: Mapped[datetime]
    """When Kafka got the refusal."""
    times: Mapped[int]
    """How often it has been refused."""
    line: Mapped[str]
    driven_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it went back into the feed; None: it waits here."""
    driven_by: Mapped[str]


class QuarantineOffsetRow(Base):
    """How far the table above has followed its topic."""

    __tablename__ = "quarantine_offsets"

    partition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    next_offset: Mapped[int] = mapped_column(BigInteger)


class RedriveEventRow(AuditLine):
    """Who drove refused lines again, which ones, and what came of it."""

    __tablename__ = "redrive_events"
