"""The life of an alert: raised, acknowledged, verified, rectified, closed (R18, R19).

Pure: the present is an argument. One class per state, so that no field means nothing in some phase. Data and people
are kept apart: data raise an alert, let it grow and say that it ended; only a person acknowledges, verifies, rectifies
and closes it. A deadline runs in every state but the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.escalation import Terms, climb
from alerts.severities import worse
from alerts.transition import CLOCK, DATA, Event, Incomplete, NotAllowed, person, stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """Nobody has taken it yet."""

    since: datetime
    deadline: datetime
    """Someone must acknowledge it before this moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """Somebody looks into it."""

    since: datetime
    by: str
    deadline: datetime
    """The acknowledgement expires at this moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A person has said whether it is a violation, and why it came about."""

    since: datetime
    by: str
    violation: bool
    cause: str
    deadline: datetime
    """To be rectified, or closed if it is no violation, before this moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectified:
    """The violation has been put right."""

    since: datetime
    by: str
    cause: str
    deadline: datetime
    """To be closed before this moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A person has closed it; what the data say stands beside it."""

    since: datetime
    by: str
    violation: bool
    cause: str
    reason: str


State = Raised | Acknowledged | Verified | Rectified | Closed
STATES: dict[str, type[State]] = {
    "raised": Raised,
    "acknowledged": Acknowledged,
    "verified": Verified,
    "rectified": Rectified,
    "closed": Closed,
}
NAMES: dict[type[State], str] = {type_: name for name, type_ in STATES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What the machine knows about one alert."""

    state: State
    level: str
    """Who answers for it now, one of ``Terms.levels``."""
    severity: str
    ended_by_data: datetime | None
    """Until when the data showed it; None while they still do. Not the same as closed (R19)."""
    assignee: str = ""
    """Who is to look into it; empty: nobody yet."""
    calmer: str | None = None
    """The lower severity that the data show now, while the alert's own is held."""
    calmer_since: datetime | None = None


Step = tuple[Alert, Event]


def deadline_of(state: State) -> datetime | None:
    """When somebody must have acted; None only once it is closed."""
    return None if isinstance(state, Closed) else state.deadline


def review_at(alert: Alert, terms: Terms) -> datetime | None:
    """When the severity is to be lowered if nothing else comes; None while there is no reason to."""
    if isinstance(alert.state, Closed) or alert.calmer_since is None:
        return None
    return alert.calmer_since + terms.lower_after


def raise_alert(*, severity: str, ended_by_data: datetime | None, at: datetime, reason: str, terms: Terms) -> Step:
    """A new alert, at the lowest level, with its deadline running from the moment people can know of it."""
    state = Raised(since=at, deadline=at + terms.acknowledge_after(severity))
    alert = Alert(state=state, level=terms.levels[0], severity=severity, ended_by_data=ended_by_data)
    return alert, Event(name="raised", at=at, by=DATA, reason=reason, detail={"severity": severity})


def observe(alert: Alert, *, severity: str, ended_by_data: datetime | None, at: datetime, terms: Terms) -> Step:
    """What a newer version of the finding does: it grows, worsens, eases, ends or goes on again.

    A violation that was closed while its data still go on, or go on again, is raised anew: nobody has seen those.
    What a person found to be no violation stays closed. The severity rises at once and falls with hysteresis.
    """
    held = _hold(alert, severity, at, terms)
    name = "grew"
    if ended_by_data is not None and alert.ended_by_data is None:
        name = "ended"
    elif ended_by_data is None and alert.ended_by_data is not None:
        name = "resumed"
    elif worse(held.severity, than=alert.severity):
        name = "worsened"
    elif held.severity != alert.severity:
        name = "eased"
    state = alert.state
    within = terms.acknowledge_after(held.severity)
    if isinstance(state, Closed) and state.violation and ended_by_data is None:
        name = "reopened"
        held = replace(held, severity=severity, calmer=None, calmer_since=None, level=terms.levels[0], assignee="")
        state = Raised(since=at, deadline=at + terms.acknowledge_after(severity))
    elif isinstance(state, Raised) and worse(held.severity, than=alert.severity):
        state = replace(state, deadline=min(state.deadline, at + within))
    after = replace(held, state=state, ended_by_data=ended_by_data)
    detail = {"severity": after.severity, "was": alert.severity} if after.severity != alert.severity else {}
    return after, Event(name=name, at=at, by=DATA, reason=_OBSERVED[name], detail=detail)


_OBSERVED = {
    "grew": "the finding has more evidence",
    "worsened": "the finding has become more severe",
    "eased": "the finding has been less severe for long enough",
    "ended": "the data no longer show it",
    "resumed": "the data show it again",
    "reopened": "the data go on after it was closed",
}


def _hold(alert: Alert, severity: str, at: datetime, terms: Terms) -> Alert:
    """The alert with its severity as the data have it now, a lower one only after it has held for a while."""
    if not worse(alert.severity, than=severity):
        return replace(alert, severity=severity, calmer=None, calmer_since=None)
    since = at if alert.calmer_since is None else alert.calmer_since
    if at >= since + terms.lower_after:
        return replace(alert, severity=severity, calmer=None, calmer_since=None)
    return replace(alert, calmer=severity, calmer_since=since)


def acknowledge(alert: Alert, *, by: str, note: str, at: datetime, terms: Terms) -> Step:
    """Somebody takes it. Late is better than never: the deadline escalates, it does not forbid."""
    name = person(by)
    if not isinstance(alert.state, Raised):
        raise _refused(alert, "acknowledged")
    state = Acknowledged(since=at, by=name, deadline=at + terms.acknowledgement_lasts)
    return replace(alert, state=state, assignee=alert.assignee or name), Event(
        name="acknowledged", at=at, by=name, reason=note.strip()
    )


def verify(alert: Alert, *, by: str, violation: bool, cause: str, note: str, at: datetime, terms: Terms) -> Step:
    """A person says whether it is a violation, and the cause out of the rulebook's list."""
    name = person(by)
    if cause not in terms.causes:
        raise Incomplete(f"cause {cause!r} is not one of {', '.join(terms.causes)}")
    if not isinstance(alert.state, Acknowledged):
        raise _refused(alert, "verified")
    within = terms.rectify_within if violation else terms.close_within
    state = Verified(since=at, by=name, violation=violation, cause=cause, deadline=at + within)
    detail = {"violation": violation, "cause": cause}
    return replace(alert, state=state), Event(name="verified", at=at, by=name, reason=note.strip(), detail=detail)


def rectify(alert: Alert, *, by: str, note: str, at: datetime, terms: Terms) -> Step:
    """The violation has been put right; ``note`` says how."""
    name, how = person(by), stated(note, "a rectification")
    if not isinstance(alert.state, Verified) or not alert.state.violation:
        raise _refused(alert, "rectified")
    state = Rectified(since=at, by=name, cause=alert.state.cause, deadline=at + terms.close_within)
    return replace(alert, state=state), Event(name="rectified", at=at, by=name, reason=how)


def close(alert: Alert, *, by: str, reason: str, at: datetime) -> Step:
    """A person closes what was rectified, or what was verified to be no violation."""
    name, why = person(by), stated(reason, "closing")
    match alert.state:
        case Rectified(cause=cause):
            violation = True
        case Verified(violation=False, cause=cause):
            violation = False
        case _:
            raise _refused(alert, "closed")
    state = Closed(since=at, by=name, violation=violation, cause=cause, reason=why)
    return replace(alert, state=state), Event(name="closed", at=at, by=name, reason=why)


def assign(alert: Alert, *, assignee: str, by: str, note: str, at: datetime, terms: Terms) -> Step:
    """Somebody is named who is to look into it; one who was named before is relieved."""
    name, to = person(by), person(assignee)
    if isinstance(alert.state, Closed):
        raise _refused(alert, "assigned")
    after = replace(_acted(alert, at, terms), assignee=to)
    return after, Event(name="assigned", at=at, by=name, reason=note.strip(), detail={"to": to, "was": alert.assignee})


def comment(alert: Alert, *, by: str, text: str, at: datetime, terms: Terms) -> Step:
    """A person says something about it, in whatever state it is."""
    name, said = person(by), stated(text, "a comment")
    return _acted(alert, at, terms), Event(name="commented", at=at, by=name, reason=said)


def attach(alert: Alert, *, by: str, note: str, file: Mapping[str, Any], at: datetime, terms: Terms) -> Step:
    """A person adds a file to it; ``file`` says which."""
    name = person(by)
    return _acted(alert, at, terms), Event(name="attached", at=at, by=name, reason=note.strip(), detail=dict(file))


def _acted(alert: Alert, at: datetime, terms: Terms) -> Alert:
    """R19: an acknowledgement expires without action, so whoever does something about it keeps it alive."""
    if not isinstance(alert.state, Acknowledged):
        return alert
    return replace(alert, state=replace(alert.state, deadline=at + terms.acknowledgement_lasts))


def tick(alert: Alert, *, now: datetime, terms: Terms) -> Step | None:
    """What the passing of time does: nothing before the deadline, at it one step, however late it is noticed.

    A missed deadline moves the alert up one level and starts the deadline anew from ``now``, so that the next level
    has its full time; at the top it is repeated. An acknowledgement that expires puts the alert back.
    """
    state = alert.state
    if isinstance(state, Closed):
        return None
    if now < state.deadline:
        return _ease(alert, now=now, terms=terms)
    missed = {"deadline": state.deadline.isoformat()}
    if isinstance(state, Acknowledged):
        raised = Raised(since=now, deadline=now + terms.acknowledge_after(alert.severity))
        reason = f"nothing followed the acknowledgement by {state.by}"
        expired = Event(name="acknowledgement_expired", at=now, by=CLOCK, reason=reason, detail=missed)
        return replace(alert, state=raised, assignee=""), expired
    level = climb(terms.levels, alert.level)
    within = _again(alert, terms) if level != alert.level else terms.remind_every
    after = replace(alert, level=level, state=replace(state, deadline=now + within))
    name = "escalated" if level != alert.level else "reminded"
    detail = missed | {"from": alert.level, "to": level}
    return after, Event(name=name, at=now, by=CLOCK, reason=f"not {_AWAITED[type(state)]} in time", detail=detail)


def _ease(alert: Alert, *, now: datetime, terms: Terms) -> Step | None:
    due = review_at(alert, terms)
    if due is None or now < due or alert.calmer is None:
        return None
    detail = {"severity": alert.calmer, "was": alert.severity}
    after = replace(alert, severity=alert.calmer, calmer=None, calmer_since=None)
    return after, Event(name="eased", at=now, by=CLOCK, reason=_OBSERVED["eased"], detail=detail)


_AWAITED: dict[type[State], str] = {Raised: "acknowledged", Verified: "rectified or closed", Rectified: "closed"}


def _again(alert: Alert, terms: Terms) -> timedelta:
    match alert.state:
        case Verified(violation=True):
            return terms.rectify_within
        case Verified() | Rectified():
            return terms.close_within
        case _:
            return terms.acknowledge_after(alert.severity)


def _refused(alert: Alert, wanted: str) -> NotAllowed:
    state = alert.state
    by = "" if isinstance(state, Raised) else f" by {state.by}"
    return NotAllowed(f"cannot be {wanted}: it is {NAMES[type(state)]}{by} since {state.since.isoformat()}")
