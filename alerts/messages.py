"""What is published of alerts and cases, to ``cems.alerts`` and to ``alerts/{county}``: a line for each event."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from alerts.audit import canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMessage:
    """An event of an alert, with the alert as it stands after it."""

    kind: str = "alert"
    event_id: str
    """``<alert>:<line of the audit log>``. Delivery is at least once: what has this id again is the same event."""
    event: str
    """``raised``, ``grew``, ``worsened``, ``eased``, ``ended``, ``resumed``, ``reopened``, ``acknowledged``,
    ``acknowledgement_expired``, ``escalated``, ``reminded``, ``assigned``, ``commented``, ``attached``, ``verified``,
    ``rectified`` or ``closed``."""
    at: datetime
    by: str
    reason: str
    detail: Mapping[str, Any]
    hash: str
    """Seal of the audit log at this event."""
    id: str
    county: str
    rule: str
    subject: Mapping[str, Any]
    subject_name: str
    severity: str
    level: str
    state: str
    deadline: datetime | None
    from_: datetime
    """Written ``from`` on the wire."""
    to: datetime | None
    """Until when the data showed it; None while they do."""
    evidence: Mapping[str, Any]
    assignee: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMessage:
    """An event of a supervision case, with the case as it stands after it."""

    kind: str = "case"
    event_id: str
    event: str
    """``opened``, ``evidence_joined``, ``evidence_updated``, ``rectifying``, ``clearance_requested``, ``verifying``,
    ``returned``, ``escalated``, ``reminded``, ``commented``, ``attached`` or ``cleared``."""
    at: datetime
    by: str
    reason: str
    detail: Mapping[str, Any]
    hash: str
    id: str
    county: str
    county_name: str
    trigger: str
    opened_at: datetime
    measure: str
    state: str
    deadline: datetime | None
    evidence: Mapping[str, Any]
    """By month, as in the ``case`` lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskMessage:
    """An event of a proposal, a work order or a silence, with what it is as it stands after it."""

    kind: str
    """``proposal``, ``work_order`` or ``silence``."""
    event_id: str
    event: str
    """``proposed``, ``grounds_joined``, ``confirmed``, ``declined``; ``ordered``, ``assigned``, ``done``, ``returned``,
    ``closed``, ``cancelled``, ``commented``, ``attached``; ``silenced``, ``silence_ended``; ``escalated``,
    ``reminded``."""
    at: datetime
    by: str
    reason: str
    detail: Mapping[str, Any]
    hash: str
    id: str
    county: str
    """Empty: all counties."""
    subject_name: str
    state: str
    level: str
    deadline: datetime | None
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """How far an audit log had come, kept outside of the database: a log that is shorter later has lost its end."""

    kind: str = "anchor"
    event_id: str
    """``anchor:<log>:<length>``."""
    log: str
    length: int
    hash: str
    at: datetime


Message = AlertMessage | CaseMessage | DeskMessage


def to_line(message: Message | Anchor) -> str:
    """The message as one line of JSON."""
    names = (field.name for field in fields(message))
    return canonical({("from" if name == "from_" else name): getattr(message, name) for name in names})
