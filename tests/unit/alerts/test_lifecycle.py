from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts import lifecycle
from alerts.escalation import Terms
from alerts.lifecycle import Acknowledged, Alert, Closed, Raised, Rectified, State, Verified
from alerts.transition import CLOCK, DATA, Incomplete, NotAllowed
from tests.unit.alerts.scene import DAY, HOUR, MINUTE, SECOND, T0

TERMS = Terms()

RAISED = Raised(since=T0, deadline=T0 + 4 * HOUR)
ACKNOWLEDGED = Acknowledged(since=T0, by="张三", deadline=T0 + DAY)
VIOLATION = Verified(since=T0, by="张三", violation=True, cause="treatment_failure", deadline=T0 + 30 * DAY)
NO_VIOLATION = Verified(since=T0, by="张三", violation=False, cause="monitor_fault", deadline=T0 + 7 * DAY)
RECTIFIED = Rectified(since=T0, by="张三", cause="treatment_failure", deadline=T0 + 7 * DAY)
CLOSED_VIOLATION = Closed(since=T0, by="张三", violation=True, cause="treatment_failure", reason="done")
CLOSED_OTHERWISE = Closed(since=T0, by="张三", violation=False, cause="monitor_fault", reason="repaired")


def alert(state: State, *, level: str = "county_inspector", severity: str = "warning", ended=None) -> Alert:
    return Alert(state=state, level=level, severity=severity, ended_by_data=ended)


def raised(severity: str) -> Alert:
    return lifecycle.raise_alert(severity=severity, ended_by_data=None, at=T0, reason="test", terms=TERMS)[0]


def acknowledge(a: Alert) -> lifecycle.Step:
    return lifecycle.acknowledge(a, by=" 李四 ", note="on my way", at=T0 + MINUTE, terms=TERMS)


def verify(a: Alert) -> lifecycle.Step:
    return lifecycle.verify(
        a, by="李四", violation=True, cause="treatment_failure", note="", at=T0 + MINUTE, terms=TERMS
    )


def rectify(a: Alert) -> lifecycle.Step:
    return lifecycle.rectify(a, by="李四", note="pump replaced", at=T0 + MINUTE, terms=TERMS)


def close(a: Alert) -> lifecycle.Step:
    return lifecycle.close(a, by="李四", reason="seen on site", at=T0 + MINUTE)


@pytest.mark.parametrize(
    ("severity", "within"),
    [
        pytest.param("severe", 30 * MINUTE, id="a severe alert must be acknowledged within half an hour"),
        pytest.param("warning", 4 * HOUR, id="every other alert within four hours"),
    ],
)
def test_raised_with_a_deadline_at_the_first_level(severity: str, within: timedelta) -> None:
    made = raised(severity)
    assert made.state == Raised(since=T0, deadline=T0 + within)
    assert (made.level, made.ended_by_data) == ("county_inspector", None)


@pytest.mark.parametrize(
    ("act", "state", "becomes"),
    [
        pytest.param(acknowledge, RAISED, Acknowledged, id="a raised alert is acknowledged"),
        pytest.param(verify, ACKNOWLEDGED, Verified, id="an acknowledged one is verified"),
        pytest.param(rectify, VIOLATION, Rectified, id="a violation is rectified"),
        pytest.param(close, RECTIFIED, Closed, id="what is rectified is closed"),
        pytest.param(close, NO_VIOLATION, Closed, id="what is no violation is closed at once"),
    ],
)
def test_the_way_forward(act, state: State, becomes: type[State]) -> None:
    after, event = act(alert(state))
    assert isinstance(after.state, becomes)
    assert after.state.since == event.at == T0 + MINUTE
    assert event.by == "李四"
    assert lifecycle.deadline_of(after.state) is None or lifecycle.deadline_of(after.state) > event.at


@pytest.mark.parametrize(
    ("act", "state"),
    [
        pytest.param(acknowledge, ACKNOWLEDGED, id="an acknowledged alert is not acknowledged again"),
        pytest.param(acknowledge, CLOSED_VIOLATION, id="a closed one is not acknowledged"),
        pytest.param(verify, RAISED, id="nothing is verified that nobody has acknowledged"),
        pytest.param(verify, VIOLATION, id="nothing is verified twice"),
        pytest.param(rectify, NO_VIOLATION, id="where there is no violation there is nothing to rectify"),
        pytest.param(rectify, ACKNOWLEDGED, id="nothing is rectified before it is verified"),
        pytest.param(close, RAISED, id="nothing is closed unseen"),
        pytest.param(close, ACKNOWLEDGED, id="nothing is closed unverified"),
        pytest.param(close, VIOLATION, id="a violation is not closed before it is rectified"),
        pytest.param(close, CLOSED_VIOLATION, id="nothing is closed twice"),
    ],
)
def test_refused(act, state: State) -> None:
    with pytest.raises(NotAllowed, match=lifecycle.NAMES[type(state)]):
        act(alert(state))


@pytest.mark.parametrize(
    ("act", "says"),
    [
        pytest.param(
            lambda: lifecycle.acknowledge(alert(RAISED), by="  ", note="", at=T0, terms=TERMS),
            "no name",
            id="nobody acts without a name",
        ),
        pytest.param(
            lambda: lifecycle.close(alert(RECTIFIED), by="clock", reason="late", at=T0),
            "not a person",
            id="the clock closes nothing",
        ),
        pytest.param(
            lambda: lifecycle.close(alert(RECTIFIED), by="李四", reason=" ", at=T0),
            "no reason",
            id="closing needs a reason",
        ),
        pytest.param(
            lambda: lifecycle.rectify(alert(VIOLATION), by="李四", note="", at=T0, terms=TERMS),
            "no reason",
            id="a rectification says how",
        ),
        pytest.param(
            lambda: lifecycle.verify(
                alert(ACKNOWLEDGED), by="李四", violation=True, cause="weather", note="", at=T0, terms=TERMS
            ),
            "weather",
            id="a cause is one of the list",
        ),
    ],
)
def test_incomplete(act, says: str) -> None:
    with pytest.raises(Incomplete, match=says):
        act()


@pytest.mark.parametrize(
    ("state", "level", "after_level", "event", "becomes"),
    [
        pytest.param(
            RAISED, "county_inspector", "county_head", "escalated", Raised, id="unanswered: to the county head"
        ),
        pytest.param(RAISED, "county_head", "city_supervisor", "escalated", Raised, id="still unanswered: to the city"),
        pytest.param(
            RAISED, "city_supervisor", "city_supervisor", "reminded", Raised, id="at the top it is said again"
        ),
        pytest.param(
            ACKNOWLEDGED,
            "county_head",
            "county_head",
            "acknowledgement_expired",
            Raised,
            id="an acknowledgement without action expires at its level",
        ),
        pytest.param(
            VIOLATION, "county_inspector", "county_head", "escalated", Verified, id="not rectified: escalates"
        ),
        pytest.param(
            NO_VIOLATION, "county_inspector", "county_head", "escalated", Verified, id="not closed: escalates"
        ),
        pytest.param(RECTIFIED, "county_inspector", "county_head", "escalated", Rectified, id="rectified, not closed"),
        pytest.param(
            RAISED, "province", "city_supervisor", "escalated", Raised, id="a level the ladder lost goes to the top"
        ),
    ],
)
def test_a_missed_deadline(state: State, level: str, after_level: str, event: str, becomes: type[State]) -> None:
    deadline = lifecycle.deadline_of(state)
    assert deadline is not None
    before = alert(state, level=level)
    assert lifecycle.tick(before, now=deadline - SECOND, terms=TERMS) is None
    step = lifecycle.tick(before, now=deadline, terms=TERMS)
    assert step is not None
    after, happened = step
    assert (after.level, happened.name, happened.by) == (after_level, event, CLOCK)
    assert isinstance(after.state, becomes)
    assert lifecycle.deadline_of(after.state) > deadline


def test_noticed_late_it_is_one_step_and_the_next_level_has_its_full_time() -> None:
    now = T0 + 100 * HOUR
    step = lifecycle.tick(alert(RAISED, severity="severe"), now=now, terms=TERMS)
    assert step is not None
    assert step[0].level == "county_head"
    assert lifecycle.deadline_of(step[0].state) == now + 30 * MINUTE


def test_what_is_closed_has_no_deadline() -> None:
    assert lifecycle.deadline_of(CLOSED_VIOLATION) is None
    assert lifecycle.tick(alert(CLOSED_VIOLATION), now=T0 + 1000 * DAY, terms=TERMS) is None


@pytest.mark.parametrize(
    ("state", "was_ended", "ended", "event", "becomes"),
    [
        pytest.param(RAISED, None, None, "grew", Raised, id="one more hour: it grows"),
        pytest.param(RAISED, None, T0, "ended", Raised, id="ended by data is not closed"),
        pytest.param(ACKNOWLEDGED, None, T0, "ended", Acknowledged, id="ended by data leaves the person's state"),
        pytest.param(ACKNOWLEDGED, T0, None, "resumed", Acknowledged, id="a correction shows that it goes on"),
        pytest.param(
            CLOSED_VIOLATION, None, None, "reopened", Raised, id="a closed violation that goes on is raised anew"
        ),
        pytest.param(
            CLOSED_VIOLATION, T0, None, "reopened", Raised, id="a closed violation that resumes is raised anew"
        ),
        pytest.param(CLOSED_VIOLATION, None, T0, "ended", Closed, id="a closed violation may end"),
        pytest.param(CLOSED_VIOLATION, T0, T0, "grew", Closed, id="late evidence of an ended one reopens nothing"),
        pytest.param(CLOSED_OTHERWISE, None, None, "grew", Closed, id="what was no violation stays closed"),
        pytest.param(CLOSED_OTHERWISE, T0, None, "resumed", Closed, id="... also when it resumes"),
    ],
)
def test_newer_data(state: State, was_ended: datetime | None, ended: datetime | None, event: str, becomes) -> None:
    before = alert(state, ended=was_ended, level="county_head")
    after, happened = lifecycle.observe(before, severity="warning", ended_by_data=ended, at=T0 + HOUR, terms=TERMS)
    assert (happened.name, happened.by) == (event, DATA)
    assert isinstance(after.state, becomes)
    assert after.ended_by_data == ended
    assert after.level == ("county_inspector" if event == "reopened" else "county_head")


def test_turning_severe_brings_the_deadline_nearer_and_never_further() -> None:
    after, event = lifecycle.observe(alert(RAISED), severity="severe", ended_by_data=None, at=T0 + MINUTE, terms=TERMS)
    assert lifecycle.deadline_of(after.state) == T0 + 31 * MINUTE
    assert (event.name, event.detail) == ("worsened", {"severity": "severe", "was": "warning"})
    soon = replace(RAISED, deadline=T0 + 2 * MINUTE)
    after, _ = lifecycle.observe(alert(soon), severity="severe", ended_by_data=None, at=T0 + MINUTE, terms=TERMS)
    assert lifecycle.deadline_of(after.state) == T0 + 2 * MINUTE
    milder, _ = lifecycle.observe(after, severity="warning", ended_by_data=None, at=T0 + MINUTE, terms=TERMS)
    assert lifecycle.deadline_of(milder.state) == T0 + 2 * MINUTE
