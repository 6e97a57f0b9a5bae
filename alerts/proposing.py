"""Proposals of the enterprise ladder in the database (R18): data propose, people decide, deadlines escalate."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import ladder
from alerts.database import AlertRow
from alerts.desk_tables import DeskEventRow, ProposalRow
from alerts.desk_views import ProposalView, proposal_view
from alerts.queries import NotFound, Reader, only_county
from alerts.recording import Recorder, Subject
from alerts.transaction import Conflict, reading, transact
from alerts.views import EventView, event_view
from emissions.beijing import to_beijing
from emissions.finding import finding_id

RULE = "hourly_exceedance"
KIND = "proposal"


def proposal_of(row: ProposalRow) -> ladder.Proposal:
    """The row as the state machine sees it."""
    state = msgspec.convert(dict(row.state_detail), ladder.STATES[row.state])
    return ladder.Proposal(state=state, level=row.level)


def _record(session: Session, recorder: Recorder, row: ProposalRow, step: ladder.Step, *, wall: datetime) -> None:
    proposal, event = step
    row.state = ladder.NAMES[type(proposal.state)]
    row.state_detail = msgspec.to_builtins(proposal.state)
    row.deadline = ladder.deadline_of(proposal.state)
    row.level = proposal.level
    session.add(row)
    session.flush()
    content = {
        "enterprise": row.enterprise,
        "livelihood": row.livelihood,
        "step": row.step,
        "grounds": row.grounds,
        "proposed_at": row.proposed_at,
        "state_detail": row.state_detail,
    }
    about = Subject(
        kind=KIND,
        id=row.id,
        county=row.county,
        name=row.enterprise_name,
        state=row.state,
        level=row.level,
        deadline=row.deadline,
        content=content,
    )
    recorder.desk(session, about, event, wall=wall)


def consider(session: Session, recorder: Recorder, alert: AlertRow, *, now: datetime, wall: datetime) -> None:
    """What an exceedance means for its enterprise: it joins the open proposal, makes a new one, or neither."""
    ground, terms = _ground(alert), recorder.policy.ladder
    if (
        terms is None
        or ground is None
        or (alert.state_detail.get("violation") is False and alert.state in {"verified", "closed"})
    ):
        return
    enterprise = str(alert.evidence.get("enterprise", ""))
    known = session.scalars(select(ProposalRow).where(ProposalRow.enterprise == enterprise)).all()
    waits = next((row for row in known if row.state == "proposed"), None)
    if waits is not None:
        joins, grown = alert.id not in waits.grounds, waits.grounds.get(alert.id) != ground
        waits.grounds = {**waits.grounds, alert.id: ground}
        if joins:
            step = ladder.grounds_joined(proposal_of(waits), at=now, detail={"alert": alert.id})
            _record(session, recorder, waits, step, wall=wall)
        elif grown:
            session.flush()
        return
    livelihood = enterprise in recorder.livelihood
    newest = datetime.fromisoformat(ground["newest_hour"])
    declined = [_since(row) for row in known if row.state == "declined"]
    if declined and newest < max(declined) + terms.grace:
        return
    taken = [ladder.Taken(step=row.step, at=_since(row)) for row in known if row.state == "confirmed"]
    wanted = ladder.next_step(terms, taken, livelihood=livelihood, exceeded_at=newest)
    if wanted is None:
        return
    row = ProposalRow(
        id=finding_id(KIND, enterprise, wanted, alert.id, str(len(known))),
        county=alert.county,
        enterprise=enterprise,
        enterprise_name=recorder.name_of(enterprise),
        livelihood=livelihood,
        step=wanted,
        grounds={alert.id: ground},
        proposed_at=now,
    )
    reason = f"{ground['hours']} hours over the limit"
    step = ladder.propose(step=wanted, at=now, reason=reason, terms=recorder.policy.terms)
    _record(session, recorder, row, step, wall=wall)


def _since(row: ProposalRow) -> datetime:
    return datetime.fromisoformat(str(row.state_detail["since"]))


def _ground(alert: AlertRow) -> dict[str, Any] | None:
    """What an exceedance alert shows; None for any other, for one that was corrected away, or of a strange shape."""
    evidence = alert.evidence
    if alert.rule != RULE or not evidence.get("enterprise"):
        return None
    try:
        hours = sorted(to_beijing(datetime.fromisoformat(hour["hour"])).isoformat() for hour in evidence["hours"])
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    if not hours:
        return None
    return {
        "outlet": alert.subject.get("outlet"),
        "pollutant": evidence.get("pollutant"),
        "hours": len(hours),
        "newest_hour": hours[-1],
        "peak_multiple": evidence.get("peak_multiple"),
        "ended_by_data": alert.ended_by_data.isoformat() if alert.ended_by_data else None,
    }


def pass_time(session: Session, recorder: Recorder, *, now: datetime, wall: datetime, limit: int) -> int:
    """What missed deadlines bring; returns how many there were."""
    count = 0
    due = select(ProposalRow).where(ProposalRow.deadline <= now).order_by(ProposalRow.deadline, ProposalRow.id)
    for row in session.scalars(due.limit(limit)).all():
        if (step := ladder.tick(proposal_of(row), now=now, terms=recorder.policy.terms)) is not None:
            _record(session, recorder, row, step, wall=wall)
            count += 1
    return count


class Proposals:
    """What people see of proposals, and what they decide."""

    def __init__(self, desk: Reader, recorder: Recorder, wall: Callable[[], datetime]) -> None:
        self._desk = desk
        self._recorder = recorder
        self._wall = wall

    def all(
        self,
        *,
        county: str | None = None,
        enterprise: str | None = None,
        state: str | None = None,
        limit: int = 200,
        offset: int = 0,
    ) -> list[ProposalView]:
        """Proposals, newest first; ``state`` is ``proposed``, ``confirmed`` or ``declined``."""
        query = select(ProposalRow).order_by(ProposalRow.proposed_at.desc(), ProposalRow.id)
        query = only_county(query, ProposalRow.county, county, self._desk.county).limit(limit).offset(offset)
        if enterprise is not None:
            query = query.where(ProposalRow.enterprise == enterprise)
        if state is not None:
            query = query.where(ProposalRow.state == state)
        with reading(self._desk.engine) as session:
            return [proposal_view(row) for row in session.scalars(query)]

    def one(self, proposal_id: str) -> ProposalView:
        """One proposal; raises ``NotFound``."""
        with reading(self._desk.engine) as session:
            return proposal_view(self._found(session, proposal_id))

    def timeline(self, proposal_id: str) -> list[EventView]:
        """All that happened to a proposal, oldest first."""
        query = select(DeskEventRow).where(DeskEventRow.subject_id == f"{KIND}:{proposal_id}")
        with reading(self._desk.engine) as session:
            self._found(session, proposal_id)
            return [event_view(row) for row in session.scalars(query.order_by(DeskEventRow.sequence))]

    def confirm(
        self, proposal_id: str, *, by: str, reason: str, now: datetime, version: int | None = None
    ) -> ProposalView:
        """A person takes the step. Raises ``NotFound``, ``NotAllowed``, ``Incomplete``."""
        at = to_beijing(now)
        return self._act(proposal_id, version, lambda p: ladder.confirm(p, by=by, reason=reason, at=at))

    def decline(
        self, proposal_id: str, *, by: str, reason: str, now: datetime, version: int | None = None
    ) -> ProposalView:
        """A person decides against the step. Raises as ``confirm``."""
        at = to_beijing(now)
        return self._act(proposal_id, version, lambda p: ladder.decline(p, by=by, reason=reason, at=at))

    def _act(
        self, proposal_id: str, version: int | None, decide: Callable[[ladder.Proposal], ladder.Step]
    ) -> ProposalView:
        def act(session: Session) -> ProposalView:
            row = self._found(session, proposal_id)
            if version is not None and version != row.version:
                raise Conflict(f"it has changed since it was read: now {row.state}{_by(row.state_detail)}")
            _record(session, self._recorder, row, decide(proposal_of(row)), wall=self._wall())
            session.flush()
            return proposal_view(row)

        return transact(self._desk.engine, act)

    def _found(self, session: Session, proposal_id: str) -> ProposalRow:
        row = session.get(ProposalRow, proposal_id)
        if row is None or not self._desk.sees(row.county):
            raise NotFound(f"there is no proposal {proposal_id!r}")
        return row


def _by(detail: Mapping[str, Any]) -> str:
    return f", by {detail['by']}" if detail.get("by") else ""
