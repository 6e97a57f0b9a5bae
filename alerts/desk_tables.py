"""Tables of the desk: its audit log, notices that wait or were held back, silences, proposals, work orders, files."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from alerts.database import AuditLine, Base


class DeskEventRow(AuditLine):
    """What happened to proposals, work orders and silences, and what else people did that must be provable."""

    __tablename__ = "desk_events"
    __table_args__ = (UniqueConstraint("subject_id", "digest", name="uq_desk_events_subject_id_digest"),)

    subject_id: Mapped[str] = mapped_column(index=True)
    """``<kind>:<id>``: proposal, work_order, silence ..."""


class NoticeRow(Base):
    """One event that one channel is to be told of: pending, then posted, withheld or dropped."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("event_id", "channel", name="uq_notices_event_id_channel"),
        Index("notices_waiting", "state", "not_before"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str]
    channel: Mapped[str]
    alert_id: Mapped[str] = mapped_column(ForeignKey("alerts.id"), index=True)
    county: Mapped[str]
    rule: Mapped[str]
    event: Mapped[str]
    severity: Mapped[str]
    line: Mapped[str]
    """The event's message, as JSON."""
    at: Mapped[datetime]
    not_before: Mapped[datetime]
    state: Mapped[str]
    """``pending``, ``posted``, ``withheld`` or ``dropped``."""
    why: Mapped[str]
    """Why it is not sent: ``silence:<id>``, ``inhibited:<alert>``, ``flapping``, ``untold``, ``over`` or
    ``superseded``."""
    letter: Mapped[str]
    """Key of the letter in the outbox that tells it; empty while there is none."""


class NoticeGroupRow(Base):
    """When a group of notices was last told."""

    __tablename__ = "notice_groups"

    key: Mapped[str] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]


class SilenceRow(Base):
    """One silence. Ended ones stay."""

    __tablename__ = "silences"

    id: Mapped[str] = mapped_column(primary_key=True)
    county: Mapped[str] = mapped_column(index=True)
    """Empty: all counties."""
    outlet: Mapped[str]
    rule: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    author: Mapped[str]
    reason: Mapped[str]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention


class ProposalRow(Base):
    """One proposed step against an enterprise."""

    __tablename__ = "proposals"

    id: Mapped[str] = mapped_column(primary_key=True)
    county: Mapped[str] = mapped_column(index=True)
    enterprise: Mapped[str] = mapped_column(index=True)
    enterprise_name: Mapped[str]
    livelihood: Mapped[bool]
    step: Mapped[str]
    grounds: Mapped[Mapping[str, Any]]
    """By alert: what it showed when it was last looked at."""
    proposed_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(index=True)
    state_detail: Mapped[Mapping[str, Any]]
    level: Mapped[str]
    deadline: Mapped[datetime | None] = mapped_column(index=True)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention


Index(
    "one_open_proposal",
    ProposalRow.enterprise,
    unique=True,
    sqlite_where=ProposalRow.state == "proposed",
    postgresql_where=ProposalRow.state == "proposed",
)


class WorkOrderRow(Base):
    """One work order for an outlet's monitor."""

    __tablename__ = "work_orders"

    id: Mapped[str] = mapped_column(primary_key=True)
    county: Mapped[str] = mapped_column(index=True)
    outlet: Mapped[str] = mapped_column(index=True)
    outlet_name: Mapped[str]
    kind: Mapped[str]
    planned: Mapped[bool]
    title: Mapped[str]
    alert_id: Mapped[str | None] = mapped_column(ForeignKey("alerts.id"), index=True)
    """The alert that it is to put right."""
    ordered_by: Mapped[str]
    ordered_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)
    """As ordered; the rates count by this, whatever happens later."""
    assignee: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    state_detail: Mapped[Mapping[str, Any]]
    level: Mapped[str]
    deadline: Mapped[datetime | None] = mapped_column(index=True)
    done_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    last_event: Mapped[int] = mapped_column(default=0)
    """Line of the audit log that last changed it."""
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention


class AttachmentRow(Base):
    """A file that a person added to an alert, a case or a work order."""

    __tablename__ = "attachments"

    id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(index=True)
    """``alert:<id>``, ``case:<id>`` or ``work_order:<id>``."""
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """None: it is in the folder."""
    added_by: Mapped[str]
    added_at: Mapped[datetime]
