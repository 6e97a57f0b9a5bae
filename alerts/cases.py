"""The supervision case of a county 挂牌督办: opened, rectifying, clearance requested, verifying, cleared (R17).

Pure: the present is an argument. Data open a case and add evidence; only a person moves it on, and only a person
clears it. A deadline runs in every state but the last; each missed one brings the county the next measure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts.escalation import Terms, climb
from alerts.transition import CLOCK, DATA, Event, NotAllowed, person, stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """挂牌: the county is under supervision and has to begin."""

    since: datetime
    deadline: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectifying:
    """整改中: the county puts it right."""

    since: datetime
    deadline: datetime
    returned: int = 0
    """How often a verification has sent it back 退回."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearanceRequested:
    """申请销号: the county says that it is done."""

    since: datetime
    deadline: datetime
    by: str
    returned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifying:
    """核查: the city looks whether it is."""

    since: datetime
    deadline: datetime
    by: str
    returned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """销号: a person has cleared it, with a reason."""

    since: datetime
    by: str
    reason: str
    returned: int = 0


State = Opened | Rectifying | ClearanceRequested | Verifying | Cleared
STATES: dict[str, type[State]] = {
    "opened": Opened,
    "rectifying": Rectifying,
    "clearance_requested": ClearanceRequested,
    "verifying": Verifying,
    "cleared": Cleared,
}
NAMES: dict[type[State], str] = {type_: name for name, type_ in STATES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """What the machine knows about one case."""

    state: State
    measure: str
    """What missed deadlines have brought the county so far, one of ``Terms.case_measures``."""


Step = tuple[Supervision, Event]


def deadline_of(state: State) -> datetime | None:
    """When somebody must have acted; None only once it is cleared."""
    return None if isinstance(state, Cleared) else state.deadline


def open_case(*, at: datetime, reason: str, terms: Terms) -> Step:
    """A county is put under supervision."""
    state = Opened(since=at, deadline=at + terms.case_within["opened"])
    return Supervision(state=state, measure=terms.case_measures[0]), Event(name="opened", at=at, by=DATA, reason=reason)


def advance(case: Supervision, *, by: str, note: str, at: datetime, terms: Terms) -> Step:
    """One state on: begin to rectify, ask for clearance (with what was done), begin to verify."""
    name = person(by)
    state: State
    match case.state:
        case Opened():
            state = Rectifying(since=at, deadline=at + terms.case_within["rectifying"])
        case Rectifying(returned=returned):
            stated(note, "a request for clearance")
            deadline = at + terms.case_within["clearance_requested"]
            state = ClearanceRequested(since=at, deadline=deadline, by=name, returned=returned)
        case ClearanceRequested(returned=returned):
            state = Verifying(since=at, deadline=at + terms.case_within["verifying"], by=name, returned=returned)
        case _:
            raise _refused(case, "advanced")
    event = Event(name=NAMES[type(state)], at=at, by=name, reason=note.strip())
    return replace(case, state=state), event


def send_back(case: Supervision, *, by: str, reason: str, at: datetime, terms: Terms) -> Step:
    """退回: the verification found it not done; the county goes on rectifying, with a new deadline."""
    name, why = person(by), stated(reason, "a return")
    if not isinstance(case.state, Verifying):
        raise _refused(case, "returned")
    returned = case.state.returned + 1
    state = Rectifying(since=at, deadline=at + terms.case_within["rectifying"], returned=returned)
    return replace(case, state=state), Event(name="returned", at=at, by=name, reason=why, detail={"times": returned})


def clear(case: Supervision, *, by: str, reason: str, at: datetime) -> Step:
    """销号: a person clears the case after verification, with a reason. No data and no clock ever do."""
    name, why = person(by), stated(reason, "a clearance")
    if not isinstance(case.state, Verifying):
        raise _refused(case, "cleared")
    state = Cleared(since=at, by=name, reason=why, returned=case.state.returned)
    return replace(case, state=state), Event(name="cleared", at=at, by=name, reason=why)


def comment(case: Supervision, *, by: str, text: str, at: datetime) -> Step:
    """A person says something about it, in whatever state it is."""
    return case, Event(name="commented", at=at, by=person(by), reason=stated(text, "a comment"))


def attach(case: Supervision, *, by: str, note: str, file: Mapping[str, Any], at: datetime) -> Step:
    """A person adds a file to it; ``file`` says which."""
    return case, Event(name="attached", at=at, by=person(by), reason=note.strip(), detail=dict(file))


def tick(case: Supervision, *, now: datetime, terms: Terms) -> Step | None:
    """Nothing before the deadline; at it the next measure, and the state's full time anew from ``now``."""
    deadline = deadline_of(case.state)
    if isinstance(case.state, Cleared) or deadline is None or now < deadline:
        return None
    measure = climb(terms.case_measures, case.measure)
    name = NAMES[type(case.state)]
    state = replace(case.state, deadline=now + terms.case_within[name])
    event = Event(
        name="escalated" if measure != case.measure else "reminded",
        at=now,
        by=CLOCK,
        reason=f"still {name} at its deadline",
        detail={"deadline": deadline.isoformat(), "from": case.measure, "to": measure},
    )
    return Supervision(state=state, measure=measure), event


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where one month's evidence goes."""

    period: str
    evidence: Mapping[str, Any]
    case: str | None
    """Id of the case that it joins; None: it opens a new one, which the periods after it then join."""


def place(
    evidence: Mapping[str, Mapping[str, Any]], *, known: Mapping[str, str], open_id: str | None
) -> Sequence[Placement]:
    """Which case each month of a ``case`` line belongs to, oldest month first.

    A month that is known stays with its case, cleared or not: a correction is noted there and opens nothing. A month
    first seen joins the open case of (county, trigger), and where none is open it opens a new one (R17).

    Args:
        evidence: What each month adds, by period.
        known: Case id by period, for all cases of this county and trigger.
        open_id: The open one among them.
    """
    return [
        Placement(period=period, evidence=evidence[period], case=known.get(period, open_id))
        for period in sorted(evidence)
    ]


def _refused(case: Supervision, wanted: str) -> NotAllowed:
    return NotAllowed(f"cannot be {wanted}: it is {NAMES[type(case.state)]} since {case.state.since.isoformat()}")
