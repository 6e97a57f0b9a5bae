"""The enterprise ladder (R18): the software proposes, a person takes each step.

即超即罚, 立行立改, 停产整治 or for a livelihood supplier 按日计罚, 关闭.

Pure: the present is an argument. An exceedance is a lead until somebody has looked at it, so nothing here acts by
itself: a proposal waits, before a deadline, for a person who confirms or declines it with a reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.escalation import Terms, climb
from alerts.transition import CLOCK, DATA, Event, NotAllowed, person, stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The steps and what leads from one to the next."""

    steps: tuple[str, ...] = ("fine_at_once", "rectify_at_once", "stop_to_rectify", "close_down")
    livelihood: tuple[str, ...] = ("fine_at_once", "rectify_at_once", "daily_fine", "close_down")
    """For a supplier that cannot be stopped 民生."""
    grace: timedelta = timedelta(hours=24)
    """What exceeds this long after a step was taken is a reason for the next one."""
    remembered: timedelta = timedelta(days=365)
    """A step taken longer ago counts no more."""

    def of(self, *, livelihood: bool) -> tuple[str, ...]:
        """The steps for an enterprise of this kind."""
        return self.livelihood if livelihood else self.steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A step that a person has taken."""

    step: str
    at: datetime


def next_step(ladder: Ladder, taken: Sequence[Taken], *, livelihood: bool, exceeded_at: datetime) -> str | None:
    """Which step an exceedance is a reason for; None where a step taken already answers it, or all have been taken.

    Args:
        ladder: The steps.
        taken: Steps that were taken against the enterprise, in any order.
        livelihood: Whether it supplies heat or the like.
        exceeded_at: Begin of the newest exceeded hour.
    """
    steps = ladder.of(livelihood=livelihood)
    counting = [one for one in taken if one.at > exceeded_at - ladder.remembered]
    if not counting:
        return steps[0]
    last = max(counting, key=lambda one: one.at)
    if exceeded_at < last.at + ladder.grace:
        return None
    step = climb(steps, last.step)
    return None if step == last.step else step


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """It waits for a person."""

    since: datetime
    deadline: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A person has taken the step."""

    since: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """A person has decided against it."""

    since: datetime
    by: str
    reason: str


State = Proposed | Confirmed | Declined
STATES: dict[str, type[State]] = {"proposed": Proposed, "confirmed": Confirmed, "declined": Declined}
NAMES: dict[type[State], str] = {type_: name for name, type_ in STATES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the machine knows about one proposal."""

    state: State
    level: str
    """Who is to decide now, one of ``Terms.levels``."""


Step = tuple[Proposal, Event]


def deadline_of(state: State) -> datetime | None:
    """When somebody must have decided; None once somebody has."""
    return state.deadline if isinstance(state, Proposed) else None


def propose(*, step: str, at: datetime, reason: str, terms: Terms) -> Step:
    """The software proposes a step. The head of the county decides, or whoever is the first level above the first."""
    state = Proposed(since=at, deadline=at + terms.decide_within)
    level = climb(terms.levels, terms.levels[0])
    return Proposal(state=state, level=level), Event(
        name="proposed", at=at, by=DATA, reason=reason, detail={"step": step}
    )


def grounds_joined(proposal: Proposal, *, at: datetime, detail: Mapping[str, Any]) -> Step:
    """One more exceedance, or more of one, while it waits."""
    return proposal, Event(name="grounds_joined", at=at, by=DATA, reason="more exceedances", detail=dict(detail))


def confirm(proposal: Proposal, *, by: str, reason: str, at: datetime) -> Step:
    """A person takes the step."""
    name, why = person(by), stated(reason, "a confirmation")
    if not isinstance(proposal.state, Proposed):
        raise _refused(proposal, "confirmed")
    state = Confirmed(since=at, by=name, reason=why)
    return replace(proposal, state=state), Event(name="confirmed", at=at, by=name, reason=why)


def decline(proposal: Proposal, *, by: str, reason: str, at: datetime) -> Step:
    """A person decides against it. The same exceedance proposes nothing again; another one may."""
    name, why = person(by), stated(reason, "declining")
    if not isinstance(proposal.state, Proposed):
        raise _refused(proposal, "declined")
    state = Declined(since=at, by=name, reason=why)
    return replace(proposal, state=state), Event(name="declined", at=at, by=name, reason=why)


def tick(proposal: Proposal, *, now: datetime, terms: Terms) -> Step | None:
    """Nothing before the deadline; at it the next level is called, at the top it is called again."""
    state = proposal.state
    if not isinstance(state, Proposed) or now < state.deadline:
        return None
    level = climb(terms.levels, proposal.level)
    within = terms.decide_within if level != proposal.level else terms.remind_every
    after = Proposal(state=replace(state, deadline=now + within), level=level)
    detail = {"deadline": state.deadline.isoformat(), "from": proposal.level, "to": level}
    name = "escalated" if level != proposal.level else "reminded"
    return after, Event(name=name, at=now, by=CLOCK, reason="not decided in time", detail=detail)


def _refused(proposal: Proposal, wanted: str) -> NotAllowed:
    state = proposal.state
    by = "" if isinstance(state, Proposed) else f" by {state.by}"
    return NotAllowed(f"cannot be {wanted}: it is {NAMES[type(state)]}{by} since {state.since.isoformat()}")
