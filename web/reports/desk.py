"""What the alert database adds to a month's report: alerts and how soon they were taken, cases opened and cleared."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from alerts.database import AlertEventRow, AlertRow, CaseRow, DatabaseUnavailable, EvidenceRow
from alerts.desk_tables import WorkOrderRow
from alerts.work_orders import Counted, OrderRates, Share, rates
from emissions.beijing import to_beijing

_MISSED = ("escalated", "reminded")
"""What a missed deadline leaves in an alert's log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCounts:
    """Alerts of one county that were raised in the month."""

    raised: int = 0
    due: int = 0
    """Those that somebody has acknowledged, or whose deadline has passed."""
    in_time: int = 0
    """Those of them that were acknowledged before the first deadline passed."""
    open: int = 0
    """Those that are not closed."""

    def plus(self, other: "AlertCounts") -> "AlertCounts":
        """The sum, count by count."""
        return AlertCounts(
            raised=self.raised + other.raised,
            due=self.due + other.due,
            in_time=self.in_time + other.in_time,
            open=self.open + other.open,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """One supervision case that was opened, cleared or open in the month."""

    id: str
    county: str
    trigger: str
    opened_at: datetime
    state: str
    measure: str
    cleared_at: datetime | None
    periods: tuple[str, ...]
    """Months whose evidence is in it, oldest first; the first of them opened it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """All of it, by county code."""

    alerts: dict[str, AlertCounts]
    cases: tuple[CaseLine, ...]
    """The newest first."""
    orders: dict[str, OrderRates]
    """Work orders that fell due in the month."""


NO_ORDERS = OrderRates(closing=Share(of=0, done=0, in_time=0), maintenance=Share(of=0, done=0, in_time=0))


def read_desk(engine: Engine, *, period: str, start: datetime, end: datetime, now: datetime) -> Desk:
    """Alerts raised in [start, end), cases open in it or with evidence of it. Raises ``DatabaseUnavailable``."""
    raised = select(AlertRow.id, AlertRow.county, AlertRow.state).where(
        AlertRow.raised_at >= start, AlertRow.raised_at < end
    )
    told = (
        select(AlertEventRow.subject_id, AlertEventRow.name)
        .join(AlertRow, AlertRow.id == AlertEventRow.subject_id)
        .where(AlertRow.raised_at >= start, AlertRow.raised_at < end)
        .where(AlertEventRow.name.in_(("acknowledged", *_MISSED)))
        .order_by(AlertEventRow.sequence)
    )
    due = select(WorkOrderRow).where(WorkOrderRow.due_at >= start, WorkOrderRow.due_at < end)
    known = select(CaseRow).order_by(CaseRow.opened_at.desc(), CaseRow.id)
    try:
        with Session(engine) as session:
            alerts = session.execute(raised).all()
            first: dict[str, str] = {}
            for id_, name in session.execute(told):
                first.setdefault(id_, name)
            periods: dict[str, list[str]] = {}
            for case_id, of_month in session.execute(select(EvidenceRow.case_id, EvidenceRow.period)):
                periods.setdefault(case_id, []).append(of_month)
            orders: dict[str, list[Counted]] = {}
            for order in session.scalars(due):
                orders.setdefault(order.county, []).append(_counted(order))
            cases = [_case_line(row, tuple(sorted(periods.get(row.id, ())))) for row in session.scalars(known)]
    except DBAPIError as error:
        raise DatabaseUnavailable(str(error.orig)) from error
    counts: dict[str, AlertCounts] = {}
    for id_, county, state in alerts:
        one = AlertCounts(
            raised=1, due=int(id_ in first), in_time=int(first.get(id_) == "acknowledged"), open=int(state != "closed")
        )
        counts[county] = counts.get(county, AlertCounts()).plus(one)
    return Desk(
        alerts=counts,
        orders={county: rates(mine, start=start, end=end, as_of=now) for county, mine in orders.items()},
        cases=tuple(case for case in cases if period in case.periods or _open_in(case, start, end)),
    )


def _counted(order: WorkOrderRow) -> Counted:
    return Counted(
        kind=order.kind,
        planned=order.planned,
        due_at=order.due_at,
        done_at=order.done_at,
        closed_at=order.closed_at,
        cancelled_at=order.cancelled_at,
    )


def _open_in(case: CaseLine, start: datetime, end: datetime) -> bool:
    return case.opened_at < end and (case.cleared_at is None or case.cleared_at >= start)


def _case_line(row: CaseRow, periods: tuple[str, ...]) -> CaseLine:
    cleared = row.state_detail.get("since") if row.state == "cleared" else None
    return CaseLine(
        id=row.id,
        county=row.county,
        trigger=row.trigger,
        opened_at=row.opened_at,
        state=row.state,
        measure=row.measure,
        cleared_at=None if cleared is None else to_beijing(datetime.fromisoformat(str(cleared))),
        periods=periods,
    )


def opened_by(cases: tuple[CaseLine, ...], period: str) -> Counter[str]:
    """Cases that a month's data have opened, by county."""
    return Counter(case.county for case in cases if case.periods[:1] == (period,))


def cleared_in(cases: tuple[CaseLine, ...], start: datetime, end: datetime) -> Counter[str]:
    """Cases that a person cleared in the span, by county."""
    return Counter(case.county for case in cases if case.cleared_at is not None and start <= case.cleared_at < end)
