from datetime import timedelta

import pytest

from alerts import cases
from alerts.cases import ClearanceRequested, Cleared, Opened, Rectifying, State, Supervision, Verifying
from alerts.escalation import Terms
from alerts.transition import CLOCK, Incomplete, NotAllowed
from tests.unit.alerts.scene import DAY, HOUR, SECOND, T0

TERMS = Terms()

OPENED = Opened(since=T0, deadline=T0 + 3 * DAY)
RECTIFYING = Rectifying(since=T0, deadline=T0 + 30 * DAY, returned=1)
REQUESTED = ClearanceRequested(since=T0, deadline=T0 + 7 * DAY, by="县", returned=1)
VERIFYING = Verifying(since=T0, deadline=T0 + 7 * DAY, by="市", returned=1)
CLEARED = Cleared(since=T0, by="市", reason="seen", returned=1)


def case(state: State, measure: str = "none") -> Supervision:
    return Supervision(state=state, measure=measure)


def advance(c: Supervision) -> cases.Step:
    return cases.advance(c, by="王五", note="report 12", at=T0 + HOUR, terms=TERMS)


def send_back(c: Supervision) -> cases.Step:
    return cases.send_back(c, by="王五", reason="still under", at=T0 + HOUR, terms=TERMS)


def clear(c: Supervision) -> cases.Step:
    return cases.clear(c, by="王五", reason="verified on site", at=T0 + HOUR)


@pytest.mark.parametrize(
    ("act", "state", "becomes", "within"),
    [
        pytest.param(advance, OPENED, Rectifying, 30 * DAY, id="opened: rectification begins, thirty days"),
        pytest.param(
            advance, RECTIFYING, ClearanceRequested, 7 * DAY, id="rectifying: clearance is asked for, seven days"
        ),
        pytest.param(advance, REQUESTED, Verifying, 7 * DAY, id="requested: verification begins, seven days"),
        pytest.param(send_back, VERIFYING, Rectifying, 30 * DAY, id="verification returns it: thirty days again"),
        pytest.param(clear, VERIFYING, Cleared, None, id="verification clears it: no deadline any more"),
    ],
)
def test_the_way_forward(act, state: State, becomes: type[State], within: timedelta | None) -> None:
    after, event = act(case(state))
    assert isinstance(after.state, becomes)
    assert cases.deadline_of(after.state) == (None if within is None else T0 + HOUR + within)
    assert (event.by, event.at) == ("王五", T0 + HOUR)


def test_returns_are_counted_through_all_states() -> None:
    after, event = send_back(case(VERIFYING))
    assert after.state.returned == event.detail["times"] == 2
    after, _ = advance(after)
    after, _ = advance(after)
    after, _ = clear(after)
    assert after.state.returned == 2


@pytest.mark.parametrize(
    ("act", "state"),
    [
        pytest.param(clear, OPENED, id="an opened case is not cleared"),
        pytest.param(clear, RECTIFYING, id="a case under rectification is not cleared"),
        pytest.param(clear, REQUESTED, id="a request alone clears nothing"),
        pytest.param(clear, CLEARED, id="nothing is cleared twice"),
        pytest.param(send_back, OPENED, id="what nobody verifies is not returned"),
        pytest.param(send_back, REQUESTED, id="a request is verified before it is returned"),
        pytest.param(advance, VERIFYING, id="verification ends by clearing or returning only"),
        pytest.param(advance, CLEARED, id="a cleared case does not move"),
    ],
)
def test_refused(act, state: State) -> None:
    with pytest.raises(NotAllowed, match=cases.NAMES[type(state)]):
        act(case(state))


@pytest.mark.parametrize("by", ["", "data", "Clock", " system "])
def test_only_a_person_clears(by: str) -> None:
    with pytest.raises(Incomplete):
        cases.clear(case(VERIFYING), by=by, reason="rate is back", at=T0)


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda: cases.clear(case(VERIFYING), by="王五", reason="", at=T0), id="a clearance"),
        pytest.param(
            lambda: cases.send_back(case(VERIFYING), by="王五", reason=" ", at=T0, terms=TERMS), id="a return"
        ),
        pytest.param(
            lambda: cases.advance(case(RECTIFYING), by="王五", note="", at=T0, terms=TERMS),
            id="a request for clearance",
        ),
    ],
)
def test_needs_a_reason(act) -> None:
    with pytest.raises(Incomplete, match="no reason"):
        act()


@pytest.mark.parametrize(
    ("state", "measure", "after_measure", "event"),
    [
        pytest.param(OPENED, "none", "preliminary_notice", "escalated", id="the first missed deadline: 预警通知"),
        pytest.param(RECTIFYING, "preliminary_notice", "interview", "escalated", id="the second: 约谈"),
        pytest.param(REQUESTED, "interview", "interview", "reminded", id="after that it is said again"),
        pytest.param(VERIFYING, "none", "preliminary_notice", "escalated", id="also while the city verifies"),
    ],
)
def test_a_missed_deadline(state: State, measure: str, after_measure: str, event: str) -> None:
    deadline = cases.deadline_of(state)
    assert cases.tick(case(state, measure), now=deadline - SECOND, terms=TERMS) is None
    after, happened = cases.tick(case(state, measure), now=deadline, terms=TERMS)
    assert (after.measure, happened.name, happened.by) == (after_measure, event, CLOCK)
    assert type(after.state) is type(state)
    assert cases.deadline_of(after.state) > deadline


def test_time_clears_nothing() -> None:
    assert cases.tick(case(CLEARED), now=T0 + 1000 * DAY, terms=TERMS) is None


@pytest.mark.parametrize(
    ("known", "open_id", "expected"),
    [
        pytest.param({}, None, {"2026-10": None, "2026-11": None}, id="no case: the months open one"),
        pytest.param({}, "A", {"2026-10": "A", "2026-11": "A"}, id="new months join the open case"),
        pytest.param({"2026-10": "A"}, "A", {"2026-10": "A", "2026-11": "A"}, id="a further month joins"),
        pytest.param(
            {"2026-10": "A"}, None, {"2026-10": "A", "2026-11": None}, id="a month seen after clearance opens anew"
        ),
        pytest.param({"2026-10": "A"}, "B", {"2026-10": "A", "2026-11": "B"}, id="each month stays with its case"),
    ],
)
def test_where_evidence_goes(known: dict[str, str], open_id: str | None, expected: dict[str, str | None]) -> None:
    placed = cases.place({"2026-11": {}, "2026-10": {}}, known=known, open_id=open_id)
    assert {p.period: p.case for p in placed} == expected
    assert [p.period for p in placed] == ["2026-10", "2026-11"]
