"""Writes one step of an alert or of a case: the row, its line in the audit log, and what has to be sent of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import cases, lifecycle, notices, outbox, routing, wording
from alerts.audit import append, canonical, lengths
from alerts.database import AlertRow, CaseRow, ChainRow, EvidenceRow
from alerts.escalation import Terms
from alerts.messages import AlertMessage, Anchor, CaseMessage, DeskMessage, Message, to_line
from alerts.policy import Policy
from alerts.routing import Channel
from alerts.transition import Event


def alert_of(row: AlertRow) -> lifecycle.Alert:
    """The row as the life cycle sees it."""
    state = msgspec.convert(dict(row.state_detail), lifecycle.STATES[row.state])
    return lifecycle.Alert(
        state=state,
        level=row.level,
        severity=row.severity,
        ended_by_data=row.ended_by_data,
        assignee=row.assignee or "",
        calmer=row.calmer,
        calmer_since=row.calmer_since,
    )


def put_alert(row: AlertRow, alert: lifecycle.Alert, terms: Terms) -> None:
    """Write what the life cycle decided into the row."""
    row.state = lifecycle.NAMES[type(alert.state)]
    row.state_detail = msgspec.to_builtins(alert.state)
    row.deadline = lifecycle.deadline_of(alert.state)
    row.level = alert.level
    row.severity = alert.severity
    row.ended_by_data = alert.ended_by_data
    row.assignee, row.calmer, row.calmer_since = alert.assignee, alert.calmer, alert.calmer_since
    row.review_at = lifecycle.review_at(alert, terms)


def case_of(row: CaseRow) -> cases.Supervision:
    """The row as the state machine sees it."""
    return cases.Supervision(
        state=msgspec.convert(dict(row.state_detail), cases.STATES[row.state]), measure=row.measure
    )


def put_case(row: CaseRow, case: cases.Supervision) -> None:
    """Write what the state machine decided into the row."""
    row.state = cases.NAMES[type(case.state)]
    row.state_detail = msgspec.to_builtins(case.state)
    row.deadline = cases.deadline_of(case.state)
    row.measure = case.measure


DESK_LOG = "desk_events"


def drop_anchors(session: Session, *, now: datetime, wall: datetime) -> dict[str, tuple[int, str]]:
    """Publish how far each audit log has come that has grown since it was last published; returns those."""
    heads = {log: head for log, head in lengths(session).items() if head[0]}
    keys = {log: f"anchor:{log}:{length}" for log, (length, _) in heads.items()}
    known = outbox.posted(session, [f"{key}:{outbox.KAFKA}" for key in keys.values()])
    grown = {log: head for log, head in heads.items() if f"{keys[log]}:{outbox.KAFKA}" not in known}
    for log, (length, seal) in grown.items():
        line = to_line(Anchor(event_id=keys[log], log=log, length=length, hash=seal, at=now))
        key = f"{keys[log]}:{outbox.KAFKA}"
        outbox.post(session, destination=outbox.KAFKA, address="", payload=line, dedupe_key=key, at=wall)
    return grown


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an event of the desk is about, as it stands after it."""

    kind: str
    """``proposal``, ``work_order`` or ``silence``."""
    id: str
    county: str
    name: str
    state: str
    level: str
    deadline: datetime | None
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Records steps in the caller's transaction."""

    policy: Policy
    name_of: Callable[[str], str] = field(default=lambda code: code)
    """What people call an outlet, an enterprise or a county."""
    livelihood: frozenset[str] = frozenset()
    """Enterprises that cannot simply be stopped 民生."""

    def alert(self, session: Session, row: AlertRow, step: lifecycle.Step, *, wall: datetime) -> None:
        """One step of an alert. ``wall`` is real time, for the outbox; the step has its own moment."""
        alert, event = step
        put_alert(row, alert, self.policy.terms)
        row.last_event = _next(session, "alert_events")
        session.add(row)
        session.flush()
        line = append(session, "alert_events", subject_id=row.id, event=event)
        message = AlertMessage(
            event_id=f"{row.id}:{line.sequence}",
            event=event.name,
            at=event.at,
            by=event.by,
            reason=event.reason,
            detail=event.detail,
            hash=line.hash,
            id=row.id,
            county=row.county,
            rule=row.rule,
            subject=row.subject,
            subject_name=row.subject_name,
            severity=row.severity,
            level=row.level,
            state=row.state,
            deadline=row.deadline,
            from_=row.started_at,
            to=row.ended_by_data,
            evidence=row.evidence,
            assignee=row.assignee,
        )
        _publish(session, message, wall=wall)
        if event.name in self.policy.routes.notify:
            for channel in routing.for_alert(
                self.policy.channels, county=row.county, level=row.level, rule=row.rule, severity=row.severity
            ):
                notices.enqueue(session, self.policy, channel, row, message, now=event.at)

    def case(self, session: Session, row: CaseRow, step: cases.Step, *, wall: datetime) -> None:
        """One step of a case."""
        case, event = step
        put_case(row, case)
        row.last_event = _next(session, "case_events")
        session.add(row)
        session.flush()
        line = append(session, "case_events", subject_id=row.id, event=event)
        message = CaseMessage(
            event_id=f"{row.id}:{line.sequence}",
            event=event.name,
            at=event.at,
            by=event.by,
            reason=event.reason,
            detail=event.detail,
            hash=line.hash,
            id=row.id,
            county=row.county,
            county_name=row.county_name,
            trigger=row.trigger,
            opened_at=row.opened_at,
            measure=row.measure,
            state=row.state,
            deadline=row.deadline,
            evidence=evidence_of(session, row.id),
        )
        _publish(session, message, wall=wall)
        if event.name in self.policy.routes.notify_case:
            for channel in routing.for_case(self.policy.channels, county=row.county):
                self._notify(session, channel, message, severity="severe", wall=wall)

    def desk(self, session: Session, about: Subject, event: Event, *, wall: datetime) -> int:
        """One event of a proposal, a work order or a silence; returns its line in the log."""
        line = append(session, DESK_LOG, subject_id=f"{about.kind}:{about.id}", event=event)
        message = DeskMessage(
            kind=about.kind,
            event_id=f"{about.kind}:{about.id}:{line.sequence}",
            event=event.name,
            at=event.at,
            by=event.by,
            reason=event.reason,
            detail=event.detail,
            hash=line.hash,
            id=about.id,
            county=about.county,
            subject_name=about.name,
            state=about.state,
            level=about.level,
            deadline=about.deadline,
            content=about.content,
        )
        _publish(session, message, wall=wall)
        if about.kind != "silence" and event.name in self.policy.routes.notify_desk:
            for channel in routing.for_case(self.policy.channels, county=about.county):
                self._notify(session, channel, message, severity="warning", wall=wall)
        return line.sequence

    def _notify(self, session: Session, channel: Channel, message: Message, *, severity: str, wall: datetime) -> None:
        text = wording.text_for(message, language=channel.language, name_of=self.name_of)
        notice = {
            "event_id": message.event_id,
            "county": message.county,
            "event": message.event,
            "kind": message.kind,
            "id": message.id,
            "severity": severity,
            "title": text.title,
            "body": text.body,
        }
        destination = f"{outbox.CHANNEL}{channel.name}"
        key = f"{message.event_id}:{destination}"
        payload = canonical(notice)
        outbox.post(session, destination=destination, address=message.county, payload=payload, dedupe_key=key, at=wall)


def _next(session: Session, log: str) -> int:
    """The number of the line that is about to be written; the row's new value for it makes its version a new one."""
    return session.get_one(ChainRow, log).length + 1


def evidence_of(session: Session, case_id: str) -> dict[str, Mapping[str, Any]]:
    """What each month adds to a case, oldest month first."""
    rows = session.scalars(select(EvidenceRow).where(EvidenceRow.case_id == case_id).order_by(EvidenceRow.period))
    return {row.period: row.evidence for row in rows}


def _publish(session: Session, message: Message, *, wall: datetime) -> None:
    line = to_line(message)
    for destination, address in ((outbox.KAFKA, message.county), (outbox.MQTT, f"alerts/{message.county or 'all'}")):
        key = f"{message.event_id}:{destination}"
        outbox.post(session, destination=destination, address=address, payload=line, dedupe_key=key, at=wall)
