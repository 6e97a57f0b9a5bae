"""Alerts and cases in the database: what data and time do to them, what people do.

Every change is one transaction: the row, its line in the audit log and what has to be sent of it, or nothing at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from alerts import cases, lifecycle, notices, ticking
from alerts.attachments import Folder
from alerts.database import AlertRow, CaseRow, DatabaseUnavailable, prepare
from alerts.filing import Files
from alerts.intake import Intake
from alerts.names import names_of
from alerts.ordering import WorkOrders
from alerts.policy import Policy
from alerts.proposing import Proposals
from alerts.queries import NotFound, Reader
from alerts.recording import Recorder, alert_of, case_of, drop_anchors, evidence_of
from alerts.silencing import Silences
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
        livelihood: frozenset[str] = frozenset(),
        attachments: Path | None = None,
    ) -> None:
        """Over an open database.

        Args:
            engine: The database, its schema up to date.
            policy: What the rulebook decides.
            name_of: What people call an outlet, an enterprise or a county.
            wall: Real time, for what is sent over networks.
            livelihood: Enterprises that cannot simply be stopped 民生.
            attachments: Folder for the contents of files; None: the database keeps them.
        """
        super().__init__(engine)
        self.policy = policy or Policy()
        self._recorder = Recorder(policy=self.policy, name_of=name_of, livelihood=livelihood)
        self._intake = Intake(recorder=self._recorder)
        self._wall = wall
        self._folder = Folder(attachments) if attachments is not None else None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        policy: Policy,
        password: SecretStr | None = None,
        register: Register | None = None,
        attachments: Path | None = None,
    ) -> Self:
        """Open a database after bringing its schema up to date; the register gives the names that people read.

        Raises:
            DatabaseUnavailable: it cannot be reached.
            ValueError: the address is none that can be used.
        """
        engine = prepare(url, password=password)
        if register is None:
            return cls(engine, policy=policy, attachments=attachments)
        livelihood = frozenset(one.id for one in register.enterprises.values() if one.livelihood)
        return cls(engine, policy=policy, name_of=names_of(register), livelihood=livelihood, attachments=attachments)

    # -- the desk beside alerts and cases -------------------------------------------------------------------------

    @property
    def orders(self) -> WorkOrders:
        """Work orders."""
        return WorkOrders(self, self._recorder, self._wall)

    @property
    def proposals(self) -> Proposals:
        """Proposed steps against enterprises."""
        return Proposals(self, self._recorder, self._wall)

    @property
    def silences(self) -> Silences:
        """Silences."""
        return Silences(self, self._recorder, self._wall)

    @property
    def files(self) -> Files:
        """Attached files."""
        return Files(self, self.orders, self._recorder, self._wall, self._folder)

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
        if not self.policy.grouping.wait:
            notices.settle(session, self.policy, self._recorder.name_of, now=now, wall=wall)

    def pass_time(self, *, now: datetime, limit: int = 200) -> int:
        """Do what missed deadlines bring, at most ``limit`` of each kind; returns how many there were.

        Tells also of what has waited for others of its kind, and lowers what has been less severe for long enough.
        """
        at = to_beijing(now)
        with reading(self.engine) as session:
            due = ticking.anything_due(session, self.policy, now=at)
        if not due:
            return 0
        wall = self._wall()
        return transact(
            self.engine, lambda session: ticking.tick(session, self._recorder, now=at, wall=wall, limit=limit)
        )

    def anchor(self, *, now: datetime) -> dict[str, tuple[int, str]]:
        """Publish the heads of the audit logs that have grown since; returns them. See ``alerts.anchors``."""
        return transact(self.engine, lambda session: drop_anchors(session, now=to_beijing(now), wall=self._wall()))

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

    def assign(
        self, alert_id: str, *, assignee: str, by: str, now: datetime, note: str = "", version: int | None = None
    ) -> AlertView:
        """Somebody is named who is to look into the alert."""
        at, terms = to_beijing(now), self.policy.terms
        return self._alert(
            alert_id,
            version,
            lambda a: lifecycle.assign(a, assignee=assignee, by=by, note=note, at=at, terms=terms),
        )

    def comment(self, alert_id: str, *, by: str, text: str, now: datetime) -> AlertView:
        """A person says something about the alert."""
        at, terms = to_beijing(now), self.policy.terms
        return self._alert(alert_id, None, lambda a: lifecycle.comment(a, by=by, text=text, at=at, terms=terms))

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

    def comment_case(self, case_id: str, *, by: str, text: str, now: datetime) -> CaseView:
        """A person says something about the case."""
        at = to_beijing(now)
        return self._case(case_id, None, lambda c: cases.comment(c, by=by, text=text, at=at))

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
