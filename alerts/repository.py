"""Alerts and cases in the database: what data and time do to them, what people do.

Every change is one transaction: the row, its line in the audit log and what has to be sent of it, or nothing at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from pydantic import SecretStr
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from alerts import cases, lifecycle
from alerts.database import AlertRow, CaseRow, DatabaseUnavailable, prepare
from alerts.intake import Intake
from alerts.names import names_of
from alerts.policy import Policy
from alerts.queries import NotFound, Reader
from alerts.recording import Recorder, alert_of, case_of, evidence_of
from alerts.transaction import Conflict, NeverTaken, reading, transact
from alerts.transition import Incomplete, NotAllowed
from alerts.views import AlertView, CaseView, alert_view, case_view
from emissions.beijing import to_beijing
from emissions.finding import Case, Finding
from emissions.register import Register

__all__ = ["Conflict", "DatabaseUnavailable", "Incomplete", "NotAllowed", "NotFound", "Refused", "Repository"]


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that the database will never take, and why."""

    index: int
    why: str


class Repository(Reader):
    """The alert database. Safe to share between threads; several processes may use one database."""

    def __init__(
        self,
        engine: Engine,
        *,
        policy: Policy | None = None,
        name_of: Callable[[str], str] = lambda code: code,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(engine)
        self.policy = policy or Policy()
        self._recorder = Recorder(policy=self.policy, name_of=name_of)
        self._intake = Intake(recorder=self._recorder)
        self._wall = wall

    @classmethod
    def open(
        cls, url: str, *, policy: Policy, password: SecretStr | None = None, register: Register | None = None
    ) -> Self:
        """Open a database after bringing its schema up to date; the register gives the names that people read.

        Raises:
            DatabaseUnavailable: it cannot be reached.
            ValueError: the address is none that can be used.
        """
        engine = prepare(url, password=password)
        return cls(engine, policy=policy, name_of=names_of(register)) if register else cls(engine, policy=policy)

    # -- what data and time do ------------------------------------------------------------------------------------

    def take_in(self, messages: Sequence[Finding | Case], *, now: datetime) -> list[Refused]:
        """Take in lines in order, in one transaction; those that can never be taken are left out and handed back.

        Raises:
            DatabaseUnavailable: nothing was taken.
        """
        if not messages:
            return []
        try:
            transact(self.engine, lambda session: self._take(session, messages, to_beijing(now)))
            return []
        except (NeverTaken, Conflict) as error:
            if len(messages) == 1:
                return [Refused(0, str(error))]
        refused = []
        for index, message in enumerate(messages):
            refused += [Refused(index, bad.why) for bad in self.take_in([message], now=now)]
        return refused

    def _take(self, session: Session, messages: Sequence[Finding | Case], now: datetime) -> None:
        wall = self._wall()
        for message in messages:
            if isinstance(message, Finding):
                self._intake.finding(session, message, now=now, wall=wall)
            else:
                self._intake.case(session, message, now=now, wall=wall)
        session.flush()

    def pass_time(self, *, now: datetime, limit: int = 200) -> int:
        """Do what missed deadlines bring, at most ``limit`` of each kind; returns how many there were."""
        with reading(self.engine) as session:
            missed = session.scalars(select(AlertRow.id).where(AlertRow.deadline <= now).limit(1)).first()
            missed = missed or session.scalars(select(CaseRow.id).where(CaseRow.deadline <= now).limit(1)).first()
        return transact(self.engine, lambda session: self._tick(session, to_beijing(now), limit)) if missed else 0

    def _tick(self, session: Session, now: datetime, limit: int) -> int:
        wall, terms, count = self._wall(), self.policy.terms, 0
        due_alerts = select(AlertRow).where(AlertRow.deadline <= now).order_by(AlertRow.deadline, AlertRow.id)
        for row in session.scalars(due_alerts.limit(limit)).all():
            if (step := lifecycle.tick(alert_of(row), now=now, terms=terms)) is not None:
                self._recorder.alert(session, row, step, wall=wall)
                count += 1
        due_cases = select(CaseRow).where(CaseRow.deadline <= now).order_by(CaseRow.deadline, CaseRow.id)
        for case_row in session.scalars(due_cases.limit(limit)).all():
            if (moved := cases.tick(case_of(case_row), now=now, terms=terms)) is not None:
                self._recorder.case(session, case_row, moved, wall=wall)
                count += 1
        return count

    # -- what people do with alerts -------------------------------------------------------------------------------
    # All raise NotFound, NotAllowed (its Conflict where the page was out of date) and Incomplete.

    def acknowledge(
        self, alert_id: str, *, by: str, now: datetime, note: str = "", version: int | None = None
    ) -> AlertView:
        """Somebody takes the alert."""
        terms = self.policy.terms
        return self._alert(
            alert_id, version, lambda a: lifecycle.acknowledge(a, by=by, note=note, at=to_beijing(now), terms=terms)
        )

    def verify(
        self,
        alert_id: str,
        *,
        by: str,
        violation: bool,
        cause: str,
        now: datetime,
        note: str = "",
        version: int | None = None,
    ) -> AlertView:
        """A person says whether it is a violation, and the cause (``lifecycle.CAUSES``)."""
        terms = self.policy.terms
        return self._alert(
            alert_id,
            version,
            lambda a: lifecycle.verify(
                a, by=by, violation=violation, cause=cause, note=note, at=to_beijing(now), terms=terms
            ),
        )

    def rectify(self, alert_id: str, *, by: str, note: str, now: datetime, version: int | None = None) -> AlertView:
        """The violation has been put right; ``note`` says how."""
        terms = self.policy.terms
        return self._alert(
            alert_id, version, lambda a: lifecycle.rectify(a, by=by, note=note, at=to_beijing(now), terms=terms)
        )

    def close(self, alert_id: str, *, by: str, reason: str, now: datetime, version: int | None = None) -> AlertView:
        """A person closes the alert."""
        return self._alert(alert_id, version, lambda a: lifecycle.close(a, by=by, reason=reason, at=to_beijing(now)))

    # -- what people do with cases --------------------------------------------------------------------------------

    def advance_case(
        self, case_id: str, *, by: str, now: datetime, note: str = "", version: int | None = None
    ) -> CaseView:
        """One state on: rectifying, clearance requested, verifying."""
        terms = self.policy.terms
        return self._case(
            case_id, version, lambda c: cases.advance(c, by=by, note=note, at=to_beijing(now), terms=terms)
        )

    def return_case(self, case_id: str, *, by: str, reason: str, now: datetime, version: int | None = None) -> CaseView:
        """退回: verification found it not done."""
        terms = self.policy.terms
        return self._case(
            case_id, version, lambda c: cases.send_back(c, by=by, reason=reason, at=to_beijing(now), terms=terms)
        )

    def clear_case(self, case_id: str, *, by: str, reason: str, now: datetime, version: int | None = None) -> CaseView:
        """销号: a person clears the case."""
        return self._case(case_id, version, lambda c: cases.clear(c, by=by, reason=reason, at=to_beijing(now)))

    def _alert(
        self, alert_id: str, version: int | None, decide: Callable[[lifecycle.Alert], lifecycle.Step]
    ) -> AlertView:
        def act(session: Session) -> AlertView:
            row = self.found(session, AlertRow, alert_id)
            _current(row, version)
            self._recorder.alert(session, row, decide(alert_of(row)), wall=self._wall())
            session.flush()
            return alert_view(row)

        return transact(self.engine, act)

    def _case(self, case_id: str, version: int | None, decide: Callable[[cases.Supervision], cases.Step]) -> CaseView:
        def act(session: Session) -> CaseView:
            row = self.found(session, CaseRow, case_id)
            _current(row, version)
            self._recorder.case(session, row, decide(case_of(row)), wall=self._wall())
            session.flush()
            return case_view(row, evidence_of(session, row.id))

        return transact(self.engine, act)


def _current(row: AlertRow | CaseRow, version: int | None) -> None:
    """The page showed this version; anything newer has to be read first."""
    if version is not None and version != row.version:
        by = row.state_detail.get("by")
        raise Conflict(f"it has changed since it was read: now {row.state}" + (f", by {by}" if by else ""))
