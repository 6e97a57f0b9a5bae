"""Work orders 运维工单: maintenance and repair at an outlet's monitor, with a due date, done by one, closed by one.

Pure: the present is an argument. ``open`` → ``done`` → ``closed``; what was not done well goes back to ``open``; one
that is not needed any more is ``cancelled``, with a reason.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts.escalation import Terms, climb
from alerts.transition import CLOCK, Event, Incomplete, NotAllowed, person, stated
from emissions.tally import percent

KINDS = ("maintenance", "repair")


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Somebody has to do it."""

    since: datetime
    deadline: datetime
    returned: int = 0
    """How often it has come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Somebody says that it is done; somebody has to look."""

    since: datetime
    by: str
    deadline: datetime
    returned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Somebody has looked and closed it."""

    since: datetime
    by: str
    done_by: str
    done_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """It is not needed any more."""

    since: datetime
    by: str
    reason: str


State = Open | Done | Closed | Cancelled
STATES: dict[str, type[State]] = {"open": Open, "done": Done, "closed": Closed, "cancelled": Cancelled}
NAMES: dict[type[State], str] = {type_: name for name, type_ in STATES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the machine knows about one work order."""

    state: State
    level: str
    assignee: str = ""


Step = tuple[Order, Event]


def deadline_of(state: State) -> datetime | None:
    """When somebody must have acted; None at its end."""
    return state.deadline if isinstance(state, Open | Done) else None


def order(*, due_at: datetime, assignee: str, by: str, note: str, at: datetime, terms: Terms) -> Step:
    """A person orders something to be done by ``due_at``."""
    name = person(by)
    if due_at <= at:
        raise Incomplete(f"due at {due_at.isoformat()}, which is not after now, {at.isoformat()}")
    state = Open(since=at, deadline=due_at)
    made = Order(state=state, level=terms.levels[0], assignee=assignee.strip())
    return made, Event(name="ordered", at=at, by=name, reason=note.strip(), detail={"due_at": due_at})


def assign(given: Order, *, assignee: str, by: str, note: str, at: datetime) -> Step:
    """Somebody is named who is to do it."""
    name, to = person(by), person(assignee)
    if not isinstance(given.state, Open):
        raise _refused(given, "assigned")
    detail = {"to": to, "was": given.assignee}
    return replace(given, assignee=to), Event(name="assigned", at=at, by=name, reason=note.strip(), detail=detail)


def report_done(given: Order, *, by: str, note: str, at: datetime, terms: Terms) -> Step:
    """Somebody says that it is done, and what was done."""
    name, what = person(by), stated(note, "a report")
    if not isinstance(given.state, Open):
        raise _refused(given, "reported as done")
    state = Done(since=at, by=name, deadline=at + terms.order_close_within, returned=given.state.returned)
    return replace(given, state=state), Event(name="done", at=at, by=name, reason=what)


def send_back(given: Order, *, by: str, reason: str, at: datetime, terms: Terms) -> Step:
    """It was not done well: to be done again, with the time of a repair."""
    name, why = person(by), stated(reason, "a return")
    if not isinstance(given.state, Done):
        raise _refused(given, "returned")
    returned = given.state.returned + 1
    state = Open(since=at, deadline=at + terms.repair_within, returned=returned)
    return replace(given, state=state), Event(name="returned", at=at, by=name, reason=why, detail={"times": returned})


def close(given: Order, *, by: str, note: str, at: datetime) -> Step:
    """Somebody has looked: it is done."""
    name = person(by)
    if not isinstance(given.state, Done):
        raise _refused(given, "closed")
    state = Closed(since=at, by=name, done_by=given.state.by, done_at=given.state.since)
    return replace(given, state=state), Event(name="closed", at=at, by=name, reason=note.strip())


def cancel(given: Order, *, by: str, reason: str, at: datetime) -> Step:
    """It is not needed any more. What was overdue by then still counts as due (see ``rates``)."""
    name, why = person(by), stated(reason, "cancelling")
    if not isinstance(given.state, Open):
        raise _refused(given, "cancelled")
    return replace(given, state=Cancelled(since=at, by=name, reason=why)), Event(
        name="cancelled", at=at, by=name, reason=why
    )


def comment(given: Order, *, by: str, text: str, at: datetime) -> Step:
    """A person says something about it, in whatever state it is."""
    return given, Event(name="commented", at=at, by=person(by), reason=stated(text, "a comment"))


def attach(given: Order, *, by: str, note: str, file: Mapping[str, Any], at: datetime) -> Step:
    """A person adds a file to it; ``file`` says which."""
    return given, Event(name="attached", at=at, by=person(by), reason=note.strip(), detail=dict(file))


def tick(given: Order, *, now: datetime, terms: Terms) -> Step | None:
    """Nothing before the deadline; at it the next level is called, and again as often as reminders go out."""
    state = given.state
    if not isinstance(state, Open | Done) or now < state.deadline:
        return None
    level = climb(terms.levels, given.level)
    after = replace(given, level=level, state=replace(state, deadline=now + terms.remind_every))
    detail = {"deadline": state.deadline.isoformat(), "from": given.level, "to": level}
    name = "escalated" if level != given.level else "reminded"
    awaited = "done" if isinstance(state, Open) else "closed"
    return after, Event(name=name, at=now, by=CLOCK, reason=f"not {awaited} in time", detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One order as the rates see it."""

    kind: str
    planned: bool
    due_at: datetime
    done_at: datetime | None
    """When it was last reported as done; None while it is not."""
    closed_at: datetime | None
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many."""

    of: int
    """Orders that were due."""
    done: int
    in_time: int
    """Of ``done``, those before they were due."""

    @property
    def pct(self) -> float | None:
        """``done / of`` in percent with two decimals; None where nothing was due."""
        return percent(self.done, self.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRates:
    """The two rates of one period."""

    closing: Share
    """工单办结率: orders closed / orders due."""
    maintenance: Share
    """运维任务完成率: planned maintenance done / planned maintenance due."""


def rates(orders: Iterable[Counted], *, start: datetime, end: datetime, as_of: datetime) -> OrderRates:
    """Both rates over orders that fell due in [start, end) and not after ``as_of``.

    An order that was cancelled before it was due is not counted; one that was cancelled afterwards was due and is not
    closed, so nobody cancels a rate into order.
    """
    due = [
        one
        for one in orders
        if start <= one.due_at < end
        and one.due_at <= as_of
        and not (one.cancelled_at is not None and one.cancelled_at < one.due_at)
    ]
    planned = [one for one in due if one.planned and one.kind == "maintenance"]
    return OrderRates(
        closing=_share([(one.due_at, one.closed_at) for one in due], as_of),
        maintenance=_share([(one.due_at, one.done_at) for one in planned], as_of),
    )


def _share(pairs: Iterable[tuple[datetime, datetime | None]], as_of: datetime) -> Share:
    counted = list(pairs)
    done = [(due, at) for due, at in counted if at is not None and at <= as_of]
    return Share(of=len(counted), done=len(done), in_time=sum(at <= due for due, at in done))


def _refused(given: Order, wanted: str) -> NotAllowed:
    state = given.state
    by = "" if isinstance(state, Open) else f" by {state.by}"
    return NotAllowed(f"cannot be {wanted}: it is {NAMES[type(state)]}{by} since {state.since.isoformat()}")
