"""Work orders in the database: people order, do, return, close and cancel; deadlines escalate."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import work_orders
from alerts.database import AlertRow
from alerts.desk_tables import DeskEventRow, WorkOrderRow
from alerts.desk_views import WorkOrderView, order_view
from alerts.queries import NotFound, Reader, only_county
from alerts.recording import Recorder, Subject
from alerts.transaction import Conflict, reading, transact
from alerts.transition import Incomplete, stated
from alerts.views import EventView, event_view
from alerts.work_orders import Counted, Order, OrderRates, Step
from emissions.beijing import to_beijing

KIND = "work_order"
LONGEST_TITLE = 200


def order_of(row: WorkOrderRow) -> Order:
    """The row as the state machine sees it."""
    state = msgspec.convert(dict(row.state_detail), work_orders.STATES[row.state])
    return Order(state=state, level=row.level, assignee=row.assignee)


def record(session: Session, recorder: Recorder, row: WorkOrderRow, step: Step, *, wall: datetime) -> None:
    """One step of a work order: the row, its line in the log, and what has to be sent of it."""
    order, event = step
    state = order.state
    row.state = work_orders.NAMES[type(state)]
    row.state_detail = msgspec.to_builtins(state)
    row.deadline, row.level, row.assignee = work_orders.deadline_of(state), order.level, order.assignee
    row.done_at = {"done": state.since, "closed": getattr(state, "done_at", None)}.get(row.state)
    row.closed_at = state.since if row.state == "closed" else None
    row.cancelled_at = state.since if row.state == "cancelled" else None
    session.add(row)
    session.flush()
    content = {
        "outlet": row.outlet,
        "kind": row.kind,
        "planned": row.planned,
        "title": row.title,
        "alert_id": row.alert_id,
        "due_at": row.due_at,
        "assignee": row.assignee,
        "state_detail": row.state_detail,
    }
    about = Subject(
        kind=KIND,
        id=row.id,
        county=row.county,
        name=row.outlet_name,
        state=row.state,
        level=row.level,
        deadline=row.deadline,
        content=content,
    )
    row.last_event = recorder.desk(session, about, event, wall=wall)
    session.flush()


def pass_time(session: Session, recorder: Recorder, *, now: datetime, wall: datetime, limit: int) -> int:
    """What missed deadlines bring; returns how many there were."""
    count = 0
    due = select(WorkOrderRow).where(WorkOrderRow.deadline <= now).order_by(WorkOrderRow.deadline, WorkOrderRow.id)
    for row in session.scalars(due.limit(limit)).all():
        if (step := work_orders.tick(order_of(row), now=now, terms=recorder.policy.terms)) is not None:
            record(session, recorder, row, step, wall=wall)
            count += 1
    return count


class WorkOrders:
    """What people see of work orders, and what they do with them. Actions raise NotFound, NotAllowed, Incomplete."""

    def __init__(self, desk: Reader, recorder: Recorder, wall: Callable[[], datetime]) -> None:
        self._desk = desk
        self._recorder = recorder
        self._terms = recorder.policy.terms
        self._wall = wall

    def all(
        self,
        *,
        county: str | None = None,
        outlet: str | None = None,
        state: str | None = None,
        limit: int = 200,
        offset: int = 0,
    ) -> list[WorkOrderView]:
        """Work orders, the one due first at the top; ``state`` is a state, or ``unsettled`` for open and done."""
        query = select(WorkOrderRow).order_by(WorkOrderRow.due_at, WorkOrderRow.id)
        query = only_county(query, WorkOrderRow.county, county, self._desk.county).limit(limit).offset(offset)
        if outlet is not None:
            query = query.where(WorkOrderRow.outlet == outlet)
        if state is not None:
            states = ("open", "done") if state == "unsettled" else (state,)
            query = query.where(WorkOrderRow.state.in_(states))
        with reading(self._desk.engine) as session:
            return [order_view(row) for row in session.scalars(query)]

    def one(self, order_id: str) -> WorkOrderView:
        """One work order; raises ``NotFound``."""
        with reading(self._desk.engine) as session:
            return order_view(self.found(session, order_id))

    def timeline(self, order_id: str) -> list[EventView]:
        """All that happened to a work order, oldest first."""
        query = select(DeskEventRow).where(DeskEventRow.subject_id == f"{KIND}:{order_id}")
        with reading(self._desk.engine) as session:
            self.found(session, order_id)
            return [event_view(row) for row in session.scalars(query.order_by(DeskEventRow.sequence))]

    def rates(self, *, start: datetime, end: datetime, now: datetime, county: str | None = None) -> OrderRates:
        """工单办结率 and 运维任务完成率 of orders due in [start, end)."""
        query = select(WorkOrderRow).where(WorkOrderRow.due_at >= start, WorkOrderRow.due_at < end)
        query = only_county(query, WorkOrderRow.county, county, self._desk.county)
        with reading(self._desk.engine) as session:
            counted = [_counted(row) for row in session.scalars(query)]
        return work_orders.rates(counted, start=start, end=end, as_of=now)

    def order(
        self,
        *,
        outlet: str,
        county: str,
        kind: str,
        title: str,
        by: str,
        now: datetime,
        due_at: datetime | None = None,
        planned: bool = False,
        assignee: str = "",
        note: str = "",
        alert_id: str | None = None,
    ) -> WorkOrderView:
        """A person orders something to be done at an outlet of this county.

        Args:
            outlet, county: Where; whether the outlet is one of the county's is for the caller to know.
            kind: ``maintenance`` or ``repair``.
            title: What is to be done.
            by, note: Who orders it, and what else there is to say.
            now: The platform's time.
            due_at: When it must be done; None: the rulebook's time for a repair from now.
            planned: It is part of a plan, not an answer to something.
            assignee: Who is to do it.
            alert_id: The alert that it answers, of the same county.
        """
        at = to_beijing(now)
        if kind not in work_orders.KINDS:
            raise Incomplete(f"kind {kind!r} is not one of {', '.join(work_orders.KINDS)}")
        what = stated(title, "a work order")
        if len(what) > LONGEST_TITLE:
            raise Incomplete(f"a title of more than {LONGEST_TITLE} characters")
        due = to_beijing(due_at) if due_at is not None else at + self._terms.repair_within
        step = work_orders.order(due_at=due, assignee=assignee, by=by, note=note, at=at, terms=self._terms)

        def act(session: Session) -> WorkOrderView:
            if not self._desk.sees(county):
                raise NotFound(f"there is no outlet {outlet!r}")
            if alert_id is not None:
                alert = self._desk.found(session, AlertRow, alert_id)
                if alert.county != county:
                    raise Incomplete(f"alert {alert_id!r} is of another county")
            row = WorkOrderRow(
                id=uuid4().hex[:20],
                county=county,
                outlet=outlet,
                outlet_name=self._recorder.name_of(outlet),
                kind=kind,
                planned=planned,
                title=what,
                alert_id=alert_id,
                ordered_by=step[1].by,
                ordered_at=at,
                due_at=due,
            )
            record(session, self._recorder, row, step, wall=self._wall())
            return order_view(row)

        return transact(self._desk.engine, act)

    def assign(
        self, order_id: str, *, assignee: str, by: str, now: datetime, note: str = "", version: int | None = None
    ) -> WorkOrderView:
        """Somebody is named who is to do it."""
        at = to_beijing(now)
        return self._act(order_id, version, lambda o: work_orders.assign(o, assignee=assignee, by=by, note=note, at=at))

    def done(self, order_id: str, *, by: str, note: str, now: datetime, version: int | None = None) -> WorkOrderView:
        """Somebody says that it is done; ``note`` says what was done."""
        at, terms = to_beijing(now), self._terms
        return self._act(order_id, version, lambda o: work_orders.report_done(o, by=by, note=note, at=at, terms=terms))

    def send_back(
        self, order_id: str, *, by: str, reason: str, now: datetime, version: int | None = None
    ) -> WorkOrderView:
        """It was not done well."""
        at, terms = to_beijing(now), self._terms
        return self._act(
            order_id, version, lambda o: work_orders.send_back(o, by=by, reason=reason, at=at, terms=terms)
        )

    def close(
        self, order_id: str, *, by: str, now: datetime, note: str = "", version: int | None = None
    ) -> WorkOrderView:
        """Somebody has looked: it is done."""
        at = to_beijing(now)
        return self._act(order_id, version, lambda o: work_orders.close(o, by=by, note=note, at=at))

    def cancel(
        self, order_id: str, *, by: str, reason: str, now: datetime, version: int | None = None
    ) -> WorkOrderView:
        """It is not needed any more."""
        at = to_beijing(now)
        return self._act(order_id, version, lambda o: work_orders.cancel(o, by=by, reason=reason, at=at))

    def comment(self, order_id: str, *, by: str, text: str, now: datetime) -> WorkOrderView:
        """A person says something about it."""
        at = to_beijing(now)
        return self._act(order_id, None, lambda o: work_orders.comment(o, by=by, text=text, at=at))

    def _act(self, order_id: str, version: int | None, decide: Callable[[Order], Step]) -> WorkOrderView:
        def act(session: Session) -> WorkOrderView:
            row = self.found(session, order_id)
            if version is not None and version != row.version:
                by = row.state_detail.get("by")
                raise Conflict(f"it has changed since it was read: now {row.state}" + (f", by {by}" if by else ""))
            record(session, self._recorder, row, decide(order_of(row)), wall=self._wall())
            return order_view(row)

        return transact(self._desk.engine, act)

    def found(self, session: Session, order_id: str) -> WorkOrderRow:
        """The row with this id, if it is of a county that is seen; raises ``NotFound``."""
        row = session.get(WorkOrderRow, order_id)
        if row is None or not self._desk.sees(row.county):
            raise NotFound(f"there is no work order {order_id!r}")
        return row


def _counted(row: WorkOrderRow) -> Counted:
    return Counted(
        kind=row.kind,
        planned=row.planned,
        due_at=row.due_at,
        done_at=row.done_at,
        closed_at=row.closed_at,
        cancelled_at=row.cancelled_at,
    )
