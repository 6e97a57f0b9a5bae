"""What pages and the API ask of the alert database."""

import copy
from typing import Any, Self, TypeVar

from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from alerts import audit, outbox
from alerts.anchors import Anchors
from alerts.database import AlertEventRow, AlertRow, AttemptRow, CaseEventRow, CaseRow, OutboxRow
from alerts.desk_tables import NoticeRow
from alerts.desk_views import Attempt, NoticeView, notice_view
from alerts.recording import evidence_of
from alerts.transaction import reading
from alerts.views import AlertView, CaseView, EventView, alert_view, case_view, event_view

Row = TypeVar("Row", AlertRow, CaseRow)


class NotFound(LookupError):
    """There is no such alert or case."""


class Reader:
    """Read-only questions. All raise ``DatabaseUnavailable`` when it cannot be reached.

    One that was narrowed to a county finds nothing of any other: what is there is ``NotFound`` all the same.
    """

    county: str | None = None
    """The only county that is seen; None: all."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def of_county(self, county: str) -> Self:
        """The same desk for somebody who may see and touch one county only."""
        narrowed = copy.copy(self)
        narrowed.county = county
        return narrowed

    def sees(self, county: str) -> bool:
        """Whether something of this county is there for whoever asks."""
        return self.county is None or self.county == county

    def found(self, session: Session, table: type[Row], key: str) -> Row:
        """The row with this id, if it is of a county that is seen; raises ``NotFound``."""
        row = found(session, table, key)
        if not self.sees(row.county):
            raise _missing(table, key)
        return row

    def alerts(
        self,
        *,
        county: str | None = None,
        state: str | None = None,
        by_deadline: bool = False,
        limit: int = 200,
        offset: int = 0,
    ) -> list[AlertView]:
        """Alerts, newest first; ``state`` is one of the states, or ``open`` for all that are not closed.

        ``by_deadline``: the nearest deadline first, and those that have none last, the newest of them first.
        """
        newest = (AlertRow.raised_at.desc(), AlertRow.id)
        order = (AlertRow.deadline.is_(None), AlertRow.deadline, *newest) if by_deadline else newest
        query = select(AlertRow).order_by(*order).limit(limit).offset(offset)
        query = only_county(query, AlertRow.county, county, self.county)
        if state is not None:
            query = query.where(AlertRow.state != "closed" if state == "open" else AlertRow.state == state)
        with reading(self.engine) as session:
            return [alert_view(row) for row in session.scalars(query)]

    def alert(self, alert_id: str) -> AlertView:
        """One alert; raises ``NotFound``."""
        with reading(self.engine) as session:
            return alert_view(self.found(session, AlertRow, alert_id))

    def timeline(self, alert_id: str) -> list[EventView]:
        """All that happened to an alert, oldest first."""
        query = select(AlertEventRow).where(AlertEventRow.subject_id == alert_id).order_by(AlertEventRow.sequence)
        with reading(self.engine) as session:
            self.found(session, AlertRow, alert_id)
            return [event_view(row) for row in session.scalars(query)]

    def cases(
        self, *, county: str | None = None, state: str | None = None, limit: int = 200, offset: int = 0
    ) -> list[CaseView]:
        """Cases, newest first; ``state`` is one of the states, or ``open`` for all that are not cleared."""
        query = select(CaseRow).order_by(CaseRow.opened_at.desc(), CaseRow.id).limit(limit).offset(offset)
        query = only_county(query, CaseRow.county, county, self.county)
        if state is not None:
            query = query.where(CaseRow.state != "cleared" if state == "open" else CaseRow.state == state)
        with reading(self.engine) as session:
            return [case_view(row, evidence_of(session, row.id)) for row in session.scalars(query).all()]

    def case(self, case_id: str) -> CaseView:
        """One case; raises ``NotFound``."""
        with reading(self.engine) as session:
            return case_view(self.found(session, CaseRow, case_id), evidence_of(session, case_id))

    def case_timeline(self, case_id: str) -> list[EventView]:
        """All that happened to a case, oldest first."""
        query = select(CaseEventRow).where(CaseEventRow.subject_id == case_id).order_by(CaseEventRow.sequence)
        with reading(self.engine) as session:
            self.found(session, CaseRow, case_id)
            return [event_view(row) for row in session.scalars(query)]

    def notices(self, alert_id: str) -> list[NoticeView]:
        """What became of an alert's notices, each with the log of its attempts; raises ``NotFound``."""
        with reading(self.engine) as session:
            self.found(session, AlertRow, alert_id)
            rows = session.scalars(select(NoticeRow).where(NoticeRow.alert_id == alert_id).order_by(NoticeRow.id)).all()
            tried: dict[str, list[Attempt]] = {}
            log = (
                select(OutboxRow.dedupe_key, AttemptRow.at, AttemptRow.delivered, AttemptRow.error)
                .join(OutboxRow, OutboxRow.id == AttemptRow.outbox_id)
                .where(OutboxRow.dedupe_key.in_({row.letter for row in rows if row.letter}))
                .order_by(AttemptRow.id)
            )
            for key, at, delivered, error in session.execute(log):
                tried.setdefault(key, []).append(Attempt(at=at, delivered=delivered, error=error))
            return [notice_view(row, tried.get(row.letter, [])) for row in rows]

    def broken_audit(self, anchors: Anchors | None = None) -> list[audit.Broken]:
        """Where the audit logs are not what was written, or not what was published; nothing if they are."""
        with reading(self.engine) as session:
            return audit.verify(session, anchors)

    def audit_lengths(self) -> dict[str, tuple[int, str]]:
        """Lines and last seal of every audit log, by its name."""
        with reading(self.engine) as session:
            return audit.lengths(session)

    def backlog(self) -> dict[str, int]:
        """Letters that wait to be sent, by destination."""
        return outbox.backlog(self.engine)


def only_county(query: Select[Any], column: Any, *counties: str | None) -> Select[Any]:
    """The query narrowed to every county that is given; two different ones leave nothing."""
    for only in {county for county in counties if county is not None}:
        query = query.where(column == only)
    return query


def found(session: Session, table: type[Row], key: str) -> Row:
    """The row with this id; raises ``NotFound``."""
    row = session.get(table, key)
    if row is None:
        raise _missing(table, key)
    return row


def _missing(table: type[AlertRow] | type[CaseRow], key: str) -> NotFound:
    return NotFound(f"there is no {'alert' if table is AlertRow else 'case'} {key!r}")
