"""The enterprise ladder: which step an exceedance is a reason for, and who takes it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts import ladder
from alerts.database import open_database
from alerts.escalation import Terms
from alerts.ladder import Ladder, Taken
from alerts.policy import Policy
from alerts.repository import Conflict, Incomplete, NotAllowed, Repository
from emissions.finding import Finding
from tests.unit.alerts.scene import DAY, HOUR, T0, exceedance

LADDER = Ladder()


def taken(*steps: str, days_ago: float = 2) -> list[Taken]:
    return [Taken(step=step, at=T0 - days_ago * DAY + n * HOUR) for n, step in enumerate(steps)]


@pytest.mark.parametrize(
    ("before", "livelihood", "step"),
    [
        pytest.param([], False, "fine_at_once", id="the first exceedance: fine at once"),
        pytest.param(taken("fine_at_once"), False, "rectify_at_once", id="again: rectify at once"),
        pytest.param(taken("fine_at_once", "rectify_at_once"), False, "stop_to_rectify", id="again: stop production"),
        pytest.param(
            taken("fine_at_once", "rectify_at_once"), True, "daily_fine", id="a heat supplier: fine by the day"
        ),
        pytest.param(
            taken("fine_at_once", "rectify_at_once", "stop_to_rectify"), False, "close_down", id="again: close down"
        ),
        pytest.param(taken("close_down"), False, None, id="nothing comes after closing down"),
        pytest.param(taken("fine_at_once", days_ago=0.5), False, None, id="a step taken today answers it"),
        pytest.param(taken("fine_at_once", days_ago=1), False, "rectify_at_once", id="a day later it does not"),
        pytest.param(taken("stop_to_rectify", days_ago=400), False, "fine_at_once", id="after a year it begins anew"),
        pytest.param(taken("given up"), False, "close_down", id="a step that the ladder lost counts as the last"),
    ],
)
def test_next_step(before: list[Taken], livelihood: bool, step: str | None) -> None:
    assert ladder.next_step(LADDER, before, livelihood=livelihood, exceeded_at=T0) == step


def test_a_missed_decision_goes_up_and_is_repeated_at_the_top() -> None:
    terms = Terms()
    proposal, event = ladder.propose(step="fine_at_once", at=T0, reason="2 hours", terms=terms)
    assert (proposal.level, event.detail) == ("county_head", {"step": "fine_at_once"})
    assert ladder.tick(proposal, now=T0 + 3 * DAY - HOUR, terms=terms) is None
    moved = ladder.tick(proposal, now=T0 + 3 * DAY, terms=terms)
    assert moved is not None
    assert (moved[0].level, moved[1].name) == ("city_supervisor", "escalated")
    again = ladder.tick(moved[0], now=T0 + 6 * DAY, terms=terms)
    assert again is not None
    assert (again[1].name, ladder.deadline_of(again[0].state)) == ("reminded", T0 + 7 * DAY)


class Desk:
    """A desk with a ladder, over an enterprise that exceeds."""

    def __init__(self, url: str, *, livelihood: bool = False) -> None:
        self.repository = Repository(
            open_database(url),
            policy=Policy(ladder=LADDER),
            livelihood=frozenset({"e1"} if livelihood else ()),
            name_of=lambda code: f"<{code}>",
        )

    def exceeds(self, name: str, at: datetime, hours: int = 1) -> Finding:
        finding = exceedance(hours, name=name)
        listed = [
            {"hour": (at + n * HOUR).isoformat(), "converted_mg_m3": 40.0, "limit_mg_m3": 35.0} for n in range(hours)
        ]
        finding = replace(
            finding, from_=at, known_at=at + (hours + 1) * HOUR, evidence={**finding.evidence, "hours": listed}
        )
        assert self.repository.take_in([finding], now=at + (hours + 1) * HOUR) == []
        return finding

    @property
    def open(self) -> list[str]:
        return [proposal.step for proposal in self.repository.proposals.all(state="proposed")]


@pytest.fixture
def desk(fresh: str):
    made = Desk(fresh)
    yield made
    made.repository.engine.dispose()


def confirm(desk: Desk, at: datetime) -> None:
    (proposal,) = desk.repository.proposals.all(state="proposed")
    desk.repository.proposals.confirm(proposal.id, by="李四", reason="核实", now=at)


def test_step_by_step_up_to_closing_down_each_taken_by_a_person(desk: Desk) -> None:
    at, steps = T0, []
    for turn in range(5):
        desk.exceeds(f"f{turn}", at)
        steps += desk.open
        if desk.open:
            confirm(desk, at + 3 * HOUR)
        at += 3 * DAY
    assert steps == ["fine_at_once", "rectify_at_once", "stop_to_rectify", "close_down"]


def test_a_heat_supplier_is_fined_by_the_day_instead_of_stopped(fresh: str) -> None:
    desk, at, steps = Desk(fresh, livelihood=True), T0, []
    for turn in range(4):
        desk.exceeds(f"f{turn}", at)
        steps += desk.open
        confirm(desk, at + 3 * HOUR)
        at += 3 * DAY
    desk.repository.engine.dispose()
    assert steps == ["fine_at_once", "rectify_at_once", "daily_fine", "close_down"]


def test_exceedances_join_the_open_proposal(desk: Desk) -> None:
    desk.exceeds("f1", T0)
    desk.exceeds("f1", T0, hours=2)
    desk.exceeds("f2", T0 + DAY)
    (proposal,) = desk.repository.proposals.all()
    assert {alert: ground["hours"] for alert, ground in proposal.grounds.items()} == {"f1": 2, "f2": 1}
    assert proposal.enterprise_name == "<e1>"
    names = [event.name for event in desk.repository.proposals.timeline(proposal.id)]
    assert names == ["proposed", "grounds_joined"]


def test_an_episode_that_goes_on_after_a_step_is_a_reason_for_the_next_after_a_day(desk: Desk) -> None:
    desk.exceeds("f1", T0)
    confirm(desk, T0 + 3 * HOUR)
    desk.exceeds("f1", T0, hours=20)
    assert desk.open == [], "it has not had a day yet"
    desk.exceeds("f1", T0, hours=29)
    assert desk.open == ["rectify_at_once"]


def test_what_was_declined_is_proposed_again_only_by_what_exceeds_a_day_later(desk: Desk) -> None:
    finding = desk.exceeds("f1", T0)
    (proposal,) = desk.repository.proposals.all()
    desk.repository.proposals.decline(proposal.id, by="李四", reason="测量故障", now=T0 + 3 * HOUR)
    desk.repository.take_in([replace(finding, known_at=T0 + 5 * HOUR)], now=T0 + 5 * HOUR)
    assert desk.open == []
    desk.exceeds("f2", T0 + 2 * DAY)
    assert desk.open == ["fine_at_once"]


def test_an_exceedance_that_was_no_violation_is_no_reason(desk: Desk) -> None:
    desk.exceeds("f1", T0)
    confirm(desk, T0 + 3 * HOUR)
    desk.exceeds("f2", T0 + HOUR)
    desk.repository.acknowledge("f2", by="王五", now=T0 + DAY)
    desk.repository.verify("f2", by="王五", violation=False, cause="monitor_fault", now=T0 + DAY)
    desk.exceeds("f2", T0 + HOUR, hours=60)
    assert desk.open == []


def test_without_a_ladder_nothing_is_proposed(fresh: str) -> None:
    repository = Repository(open_database(fresh))
    repository.take_in([exceedance()], now=T0)
    assert repository.proposals.all() == []
    repository.engine.dispose()


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param({"hours": "none"}, id="hours of another shape"),
        pytest.param({"hours": [{"hour": "soon"}]}, id="an hour that is none"),
        pytest.param({"hours": []}, id="all hours corrected away"),
        pytest.param({"enterprise": ""}, id="nobody's outlet"),
    ],
)
def test_strange_evidence_raises_an_alert_and_proposes_nothing(desk: Desk, evidence: dict[str, object]) -> None:
    finding = exceedance()
    strange = replace(finding, evidence={**finding.evidence, **evidence})
    assert desk.repository.take_in([strange], now=T0) == []
    assert len(desk.repository.alerts()) == 1
    assert desk.open == []


def test_a_decision_needs_a_person_a_reason_and_the_page_as_it_is(desk: Desk) -> None:
    desk.exceeds("f1", T0)
    (proposal,) = desk.repository.proposals.all()
    with pytest.raises(Incomplete, match="reason"):
        desk.repository.proposals.confirm(proposal.id, by="李四", reason=" ", now=T0)
    with pytest.raises(Incomplete, match="not a person"):
        desk.repository.proposals.confirm(proposal.id, by="clock", reason="x", now=T0)
    desk.exceeds("f2", T0 + timedelta(hours=2))
    with pytest.raises(Conflict):
        desk.repository.proposals.confirm(proposal.id, by="李四", reason="x", now=T0, version=proposal.version)
    confirm(desk, T0 + DAY)
    with pytest.raises(NotAllowed, match="confirmed by 李四"):
        desk.repository.proposals.decline(proposal.id, by="王五", reason="x", now=T0)
