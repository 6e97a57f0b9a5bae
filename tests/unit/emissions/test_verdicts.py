"""Verdicts and limits (R9), episodes of exceedance (R18)."""

from datetime import date, timedelta

import pytest

from tests.unit.emissions.world import HOUR, SO2, H, Stack, at, limit, outlet, rules


@pytest.mark.parametrize(
    ("zs", "verdict"),
    [
        pytest.param("34.99", "within", id="below the limit"),
        pytest.param("35.0", "within", id="equal to the limit is within"),
        pytest.param("35.01", "exceeded", id="just over the limit"),
        pytest.param("0", "within", id="zero"),
    ],
)
def test_verdict_at_the_limit(zs, verdict):
    stack = Stack()
    stack.hour_data(avg=zs, zs=zs)
    assert stack.hour().verdict == verdict


def test_a_computed_value_equal_to_the_limit_is_within():
    stack = Stack()
    stack.hour_data(avg="23.1", zs=None, o2="11.1")  # 23.1 · 15 / 9.9 is 35 and not a hair more
    assert stack.hour().converted_mg_m3 == 35.0
    assert stack.hour().verdict == "within"


@pytest.mark.parametrize(
    ("o2", "verdict"),
    [
        pytest.param("18.99", "exceeded", id="18.99 % still burns"),
        pytest.param("19.0", "not_judged", id="19.0 % is not combusting"),
        pytest.param("20.9", "not_judged", id="air"),
    ],
)
def test_nothing_is_judged_where_nothing_burns(o2, verdict):
    stack = Stack()
    stack.hour_data(avg="40", zs="400", o2=o2)
    assert (stack.hour().state, stack.hour().verdict) == ("valid", verdict)


@pytest.mark.parametrize("sent", [{"flag": "D"}, {"avg": ""}, {"avg": "-1"}])
def test_an_invalid_hour_is_not_judged(sent):
    stack = Stack()
    stack.hour_data(**({"zs": "99"} | sent))
    assert (stack.hour().state, stack.hour().verdict) == ("invalid", "not_judged")


def test_the_permit_goes_before_the_standard():
    stack = Stack(outlet(permits_mg_m3={SO2: 20.0}))
    stack.hour_data(avg="25", zs="25")
    assert (stack.hour().verdict, stack.hour().limit_mg_m3) == ("exceeded", 20.0)
    assert stack.hour().evidence["limit_source"] == "permit"


def test_without_a_limit_nothing_is_judged_and_it_is_said_once():
    stack = Stack(outlet(standard="unknown", reference_o2_pct=6.0))
    for n in range(3):
        stack.hour_data(H + n * HOUR)
    assert stack.hour().verdict == "not_judged"
    assert stack.hour().evidence["verdict_reason"] == "no_limit"
    assert len([f for f in stack.said if getattr(f, "rule", "") == "no_limit"]) == 1


def test_the_row_in_force_at_the_hour_counts_to_the_last_minute_of_beijing_time():
    old = limit(SO2, 100.0, valid_to=date(2026, 11, 23))
    new = limit(SO2, 35.0, valid_from=date(2026, 11, 24))
    stack = Stack(None, rules(old, new))
    stack.hour_data(at("2026-11-23 23:00"), avg="50", zs="50")
    stack.hour_data(at("2026-11-24 00:00"), avg="50", zs="50")
    assert stack.hour(at("2026-11-23 23:00")).verdict == "within"
    assert stack.hour(at("2026-11-24 00:00")).verdict == "exceeded"


def test_other_rules_judge_the_known_hours_again():
    stack = Stack()
    stack.hour_data(avg="20", zs="20")
    stack.rules = rules(limit(SO2, 15.0), version="v2")
    stack.hour_data(H + HOUR, avg="1", zs="1")
    assert (stack.hour().verdict, stack.hour().cause, stack.hour().revision) == ("exceeded", "rules", 1)


def exceed(stack: Stack, *hours: int) -> None:
    for n in hours:
        stack.hour_data(H + n * HOUR, avg="40", zs="40")


def comply(stack: Stack, *hours: int) -> None:
    for n in hours:
        stack.hour_data(H + n * HOUR, avg="4", zs="4")


def test_an_episode_opens_grows_and_ends_after_one_hour_within():
    stack = Stack()
    exceed(stack, 0)
    (first,) = stack.findings("hourly_exceedance")
    assert (first.from_, first.to, first.severity) == (H, None, "warning")
    exceed(stack, 1)
    comply(stack, 2)
    (ended,) = stack.findings("hourly_exceedance")
    assert ended.id == first.id
    assert ended.to == H + 2 * HOUR
    assert len(ended.evidence["hours"]) == 2
    exceed(stack, 3)
    assert len(stack.findings("hourly_exceedance")) == 2


def test_hours_that_are_not_judged_do_not_end_an_episode():
    stack = Stack()
    exceed(stack, 0)
    stack.hour_data(H + HOUR, flag="D")
    stack.call(H + 2 * HOUR)
    exceed(stack, 3)
    (episode,) = stack.findings("hourly_exceedance")
    assert len(episode.evidence["hours"]) == 2
    assert episode.to is None


def test_more_than_twice_the_limit_is_severe():
    stack = Stack()
    stack.hour_data(avg="70.01", zs="70.01")
    assert stack.findings("hourly_exceedance")[0].severity == "severe"
    calm = Stack()
    calm.hour_data(avg="70", zs="70")
    assert calm.findings("hourly_exceedance")[0].severity == "warning"


def test_the_same_breach_sent_again_is_no_second_finding():
    stack = Stack()
    exceed(stack, 0, 1)
    comply(stack, 2)
    said = len(stack.said)
    exceed(stack, 0, 1)
    comply(stack, 2)
    assert len(stack.said) == said


def test_a_backfilled_hour_before_an_episode_joins_it():
    stack = Stack()
    exceed(stack, 1)
    exceed(stack, 0)
    (episode,) = stack.findings("hourly_exceedance")
    assert episode.from_ == H
    assert len(episode.evidence["hours"]) == 2


def test_a_backfilled_hour_with_a_good_hour_between_is_an_episode_of_its_own():
    stack = Stack()
    comply(stack, 1)
    exceed(stack, 2)
    exceed(stack, 0)
    early, late = sorted(stack.findings("hourly_exceedance"), key=lambda f: f.from_)
    assert (early.from_, early.to) == (H, H + HOUR)
    assert (late.from_, late.to) == (H + 2 * HOUR, None)


def test_a_correction_stays_in_the_evidence():
    stack = Stack()
    exceed(stack, 0, 1)
    stack.hour_data(H, received=H + timedelta(hours=5), avg="4", zs="4")
    (episode,) = stack.findings("hourly_exceedance")
    assert episode.evidence["corrected"] == [H.isoformat()]
    assert len(episode.evidence["hours"]) == 1
