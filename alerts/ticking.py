"""What the passing of time does to everything that has a deadline."""

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from alerts import cases, lifecycle, notices, ordering, proposing
from alerts.database import AlertRow, CaseRow
from alerts.desk_tables import ProposalRow, WorkOrderRow
from alerts.policy import Policy
from alerts.recording import Recorder, alert_of, case_of

_DUE: tuple[tuple[Any, Any], ...] = (
    (AlertRow, AlertRow.deadline),
    (AlertRow, AlertRow.review_at),
    (CaseRow, CaseRow.deadline),
    (ProposalRow, ProposalRow.deadline),
    (WorkOrderRow, WorkOrderRow.deadline),
)
"""What time may move, and when."""


def anything_due(session: Session, policy: Policy, *, now: datetime) -> bool:
    """Whether ``tick`` may have anything to do. Cheap, and takes no lock."""
    return any(
        session.scalars(select(table.id).where(column <= now).limit(1)).first() is not None for table, column in _DUE
    ) or notices.waiting(session, policy, now=now)


def tick(session: Session, recorder: Recorder, *, now: datetime, wall: datetime, limit: int) -> int:
    """One step for everything that is due, at most ``limit`` of each kind; returns how many steps there were."""
    terms, count = recorder.policy.terms, 0
    due = or_(AlertRow.deadline <= now, AlertRow.review_at <= now)
    due_alerts = select(AlertRow).where(due).order_by(AlertRow.deadline, AlertRow.id)
    for row in session.scalars(due_alerts.limit(limit)).all():
        if (step := lifecycle.tick(alert_of(row), now=now, terms=terms)) is not None:
            recorder.alert(session, row, step, wall=wall)
            count += 1
    due_cases = select(CaseRow).where(CaseRow.deadline <= now).order_by(CaseRow.deadline, CaseRow.id)
    for case_row in session.scalars(due_cases.limit(limit)).all():
        if (moved := cases.tick(case_of(case_row), now=now, terms=terms)) is not None:
            recorder.case(session, case_row, moved, wall=wall)
            count += 1
    count += proposing.pass_time(session, recorder, now=now, wall=wall, limit=limit)
    count += ordering.pass_time(session, recorder, now=now, wall=wall, limit=limit)
    session.flush()
    notices.settle(session, recorder.policy, recorder.name_of, now=now, wall=wall)
    return count
