"""What pages and the API are given of the desk: work orders, proposals, silences, files, notices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.desk_tables import AttachmentRow, NoticeRow, ProposalRow, SilenceRow, WorkOrderRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView:
    """One proposed step against an enterprise (R18)."""

    id: str
    county: str
    enterprise: str
    enterprise_name: str
    livelihood: bool
    step: str
    """``fine_at_once``, ``rectify_at_once``, ``stop_to_rectify``, ``daily_fine``, ``close_down`` ..."""
    grounds: Mapping[str, Any]
    """By alert: outlet, pollutant, hours, newest_hour, peak_multiple."""
    proposed_at: datetime
    state: str
    """``proposed``, ``confirmed`` or ``declined``."""
    state_detail: Mapping[str, Any]
    level: str
    deadline: datetime | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrderView:
    """One work order 运维工单."""

    id: str
    county: str
    outlet: str
    outlet_name: str
    kind: str
    """``maintenance`` or ``repair``."""
    planned: bool
    title: str
    alert_id: str | None
    ordered_by: str
    ordered_at: datetime
    due_at: datetime
    assignee: str
    state: str
    """``open``, ``done``, ``closed`` or ``cancelled``."""
    state_detail: Mapping[str, Any]
    level: str
    deadline: datetime | None
    done_at: datetime | None
    closed_at: datetime | None
    cancelled_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceView:
    """One silence."""

    id: str
    county: str
    """Empty: all counties. Likewise ``outlet`` and ``rule``."""
    outlet: str
    rule: str
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    """When a person has ended it early."""
    author: str
    reason: str
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentView:
    """One attached file, without its content."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to send a notice."""

    at: datetime
    delivered: bool
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """What became of one event's notice on one channel."""

    event_id: str
    event: str
    channel: str
    at: datetime
    not_before: datetime
    state: str
    """``pending``, ``posted``, ``withheld`` or ``dropped``."""
    why: str
    """``silence:<id>``, ``inhibited:<alert>``, ``flapping``, ``untold``, ``over``, ``superseded`` or empty."""
    attempts: list[Attempt]


def proposal_view(row: ProposalRow) -> ProposalView:
    """The row, detached."""
    return ProposalView(
        id=row.id,
        county=row.county,
        enterprise=row.enterprise,
        enterprise_name=row.enterprise_name,
        livelihood=row.livelihood,
        step=row.step,
        grounds=row.grounds,
        proposed_at=row.proposed_at,
        state=row.state,
        state_detail=row.state_detail,
        level=row.level,
        deadline=row.deadline,
        version=row.version,
    )


def order_view(row: WorkOrderRow) -> WorkOrderView:
    """The row, detached."""
    return WorkOrderView(
        id=row.id,
        county=row.county,
        outlet=row.outlet,
        outlet_name=row.outlet_name,
        kind=row.kind,
        planned=row.planned,
        title=row.title,
        alert_id=row.alert_id,
        ordered_by=row.ordered_by,
        ordered_at=row.ordered_at,
        due_at=row.due_at,
        assignee=row.assignee,
        state=row.state,
        state_detail=row.state_detail,
        level=row.level,
        deadline=row.deadline,
        done_at=row.done_at,
        closed_at=row.closed_at,
        cancelled_at=row.cancelled_at,
        version=row.version,
    )


def silence_view(row: SilenceRow) -> SilenceView:
    """The row, detached."""
    return SilenceView(
        id=row.id,
        county=row.county,
        outlet=row.outlet,
        rule=row.rule,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        author=row.author,
        reason=row.reason,
        created_at=row.created_at,
        version=row.version,
    )


def attachment_view(row: AttachmentRow) -> AttachmentView:
    """The row, detached, without its content."""
    return AttachmentView(
        id=row.id,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        added_by=row.added_by,
        added_at=row.added_at,
    )


def notice_view(row: NoticeRow, attempts: list[Attempt]) -> NoticeView:
    """The row, detached."""
    return NoticeView(
        event_id=row.event_id,
        event=row.event,
        channel=row.channel,
        at=row.at,
        not_before=row.not_before,
        state=row.state,
        why=row.why,
        attempts=attempts,
    )
