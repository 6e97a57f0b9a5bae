"""What pages and the API are given: alerts, cases and their time lines, free of the database."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.database import AlertRow, AuditLine, CaseRow


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """One alert as it stands."""

    id: str
    rule: str
    subject: Mapping[str, Any]
    subject_name: str
    county: str
    severity: str
    started_at: datetime
    ended_by_data: datetime | None
    """Until when the data showed it; None while they do. Stands beside ``state``, which only people close."""
    known_at: datetime
    evidence: Mapping[str, Any]
    raised_at: datetime
    state: str
    """``raised``, ``acknowledged``, ``verified``, ``rectified`` or ``closed``."""
    state_detail: Mapping[str, Any]
    """Fields of the state's class in ``alerts.lifecycle``: since, by, cause ..."""
    level: str
    deadline: datetime | None
    version: int
    """Hand it back with an action to have the action refused if anything has changed meanwhile."""
    assignee: str = ""
    """Who is to look into it; empty: nobody yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """One supervision case as it stands."""

    id: str
    county: str
    county_name: str
    trigger: str
    opened_at: datetime
    state: str
    """``opened``, ``rectifying``, ``clearance_requested``, ``verifying`` or ``cleared``."""
    state_detail: Mapping[str, Any]
    measure: str
    """``none``, ``preliminary_notice`` or ``interview``."""
    deadline: datetime | None
    version: int
    evidence: Mapping[str, Mapping[str, Any]]
    """By month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One line of a time line."""

    sequence: int
    name: str
    at: datetime
    by: str
    """A person, or ``data`` or ``clock``."""
    reason: str
    detail: Mapping[str, Any]
    hash: str


def alert_view(row: AlertRow) -> AlertView:
    """The row, detached."""
    return AlertView(
        id=row.id,
        rule=row.rule,
        subject=row.subject,
        subject_name=row.subject_name,
        county=row.county,
        severity=row.severity,
        started_at=row.started_at,
        ended_by_data=row.ended_by_data,
        known_at=row.known_at,
        evidence=row.evidence,
        raised_at=row.raised_at,
        state=row.state,
        state_detail=row.state_detail,
        level=row.level,
        deadline=row.deadline,
        version=row.version,
        assignee=row.assignee or "",
    )


def case_view(row: CaseRow, evidence: Mapping[str, Mapping[str, Any]]) -> CaseView:
    """The row, detached, with its evidence by month."""
    return CaseView(
        id=row.id,
        county=row.county,
        county_name=row.county_name,
        trigger=row.trigger,
        opened_at=row.opened_at,
        state=row.state,
        state_detail=row.state_detail,
        measure=row.measure,
        deadline=row.deadline,
        version=row.version,
        evidence=evidence,
    )


def event_view(row: AuditLine) -> EventView:
    """The line, detached."""
    return EventView(
        sequence=row.sequence,
        name=row.name,
        at=row.at,
        by=row.by,
        reason=row.reason,
        detail=json.loads(row.detail),
        hash=row.hash,
    )
