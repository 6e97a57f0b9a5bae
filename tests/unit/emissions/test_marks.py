"""Marks: which count, how long, how late, and what contradicts them (R8)."""

from datetime import timedelta

import pytest

from tests.unit.emissions.world import HOUR, SO2, H, Stack, at, outlet, rules

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("kind", ["calibration", "maintenance", "fault", "out_of_control"])
@pytest.mark.parametrize(
    ("minutes", "counts"),
    [
        pytest.param(15, False, id="exactly 15 minutes do not count"),
        pytest.param(16, True, id="16 minutes count"),
    ],
)
def test_a_device_mark_needs_more_than_15_minutes(kind, minutes, counts):
    stack = Stack()
    stack.hour_data()
    stack.mark(kind, H, H + minutes * MINUTE, entered=H + HOUR)
    assert stack.hour().reason == (f"marked_{kind}" if counts else "ok")
    assert stack.hour().state == ("invalid" if counts else "valid")


def test_marks_of_one_kind_count_together_and_overlaps_once():
    stack = Stack()
    stack.hour_data()
    stack.mark("fault", H, H + 10 * MINUTE, name="a")
    stack.mark("fault", H + 5 * MINUTE, H + 15 * MINUTE, name="b")
    assert stack.hour().state == "valid"
    stack.mark("fault", H + 50 * MINUTE, H + 51 * MINUTE, name="c")
    assert stack.hour().reason == "marked_fault"


def test_marks_of_different_kinds_are_not_added_up():
    stack = Stack()
    stack.hour_data()
    stack.mark("fault", H, H + 10 * MINUTE, name="a")
    stack.mark("calibration", H + 10 * MINUTE, H + 20 * MINUTE, name="b")
    assert stack.hour().state == "valid"


def test_the_mark_entered_first_gives_the_reason():
    stack = Stack()
    stack.hour_data()
    stack.mark("fault", H, H + 20 * MINUTE, entered=H + 90 * MINUTE, name="a")
    stack.mark("calibration", H, H + 20 * MINUTE, entered=H + 80 * MINUTE, name="b")
    assert stack.hour().reason == "marked_calibration"


@pytest.mark.parametrize("kind", ["starting", "stopping", "accident"])
def test_an_operating_mark_leaves_the_hour_valid_and_unjudged(kind):
    stack = Stack()
    stack.hour_data(avg="99", zs="99")
    assert stack.hour().verdict == "exceeded"
    stack.mark(kind, H, H + HOUR)
    assert (stack.hour().state, stack.hour().verdict) == ("valid", "not_judged")


def test_only_the_first_60_accident_hours_of_a_year_are_excused():
    stack = Stack()
    start = at("2026-11-10 00:00")
    for n in range(62):
        stack.hour_data(start + n * HOUR, avg="99", zs="99")
    stack.mark("accident", start, start + 62 * HOUR)
    verdicts = [stack.hour(start + n * HOUR).verdict for n in range(62)]
    assert verdicts == ["not_judged"] * 60 + ["exceeded"] * 2


def test_an_earlier_accident_entered_later_spends_the_budget_first():
    stack = Stack(None, rules(accident_hours_per_year=1))
    for n in range(2):
        stack.hour_data(H + n * HOUR, avg="99", zs="99")
    stack.mark("accident", H + HOUR, H + 2 * HOUR, name="later")
    assert stack.hour(H + HOUR).verdict == "not_judged"
    stack.mark("accident", H, H + HOUR, name="earlier")
    assert [stack.hour(H + n * HOUR).verdict for n in range(2)] == ["not_judged", "exceeded"]


def test_the_accident_budget_starts_anew_with_the_calendar_year():
    stack = Stack(None, rules(accident_hours_per_year=1))
    last, first = at("2026-12-31 23:00"), at("2027-01-01 00:00")
    for hour in (last, first):
        stack.hour_data(hour, avg="99", zs="99")
    stack.mark("accident", last, first + HOUR)
    assert [stack.hour(h).verdict for h in (last, first)] == ["not_judged", "not_judged"]


def test_a_stop_mark_excludes_the_hour_whether_values_came_or_not():
    stack = Stack()
    stack.hour_data(avg="1", zs="1", o2="20.9")
    stack.mark("stopped", H, H + 2 * HOUR)
    assert (stack.hour().state, stack.hour().reason) == ("excluded", "stopped")
    stack.call(H + HOUR)
    assert (stack.hour(H + HOUR).state, stack.hour(H + HOUR).reason) == ("excluded", "stopped")


NOON = at("2026-11-25 12:00")


@pytest.mark.parametrize(
    ("entered", "in_time"),
    [
        pytest.param(NOON, "excluded", id="at noon of the next day: in time"),
        pytest.param(NOON + timedelta(seconds=1), "missing", id="a second after noon: completed track only"),
    ],
)
def test_a_late_mark_counts_only_in_the_completed_track(entered, in_time):
    stack = Stack()
    stack.hour_data(H - HOUR)
    stack.call(H)
    stack.mark("stopped", H, H + HOUR, entered=entered)
    assert stack.hour().state == "excluded"
    assert stack.hour().in_time_state == in_time
    assert stack.hour().in_time is (in_time == "excluded")
    assert stack.rate(track="in_time").excluded == (1 if in_time == "excluded" else 0)
    assert stack.rate(track="completed").excluded == 1


def test_a_revoked_mark_is_undone_on_both_tracks():
    stack = Stack()
    stack.hour_data()
    stack.call()
    stack.mark("fault", H, H + HOUR)
    assert (stack.hour().state, stack.hour().in_time_state) == ("invalid", "invalid")
    stack.mark("fault", H, H + HOUR, entered=NOON + 48 * HOUR, revoked=True)
    assert (stack.hour().state, stack.hour().in_time_state) == ("valid", "valid")
    assert stack.hour().cause == "mark_revoked"
    assert stack.rate().valid == 1


def test_a_revoking_that_overtakes_its_mark_still_revokes_it():
    stack = Stack()
    stack.hour_data()
    stack.mark("fault", H, H + HOUR, entered=H + 3 * HOUR, revoked=True)
    stack.mark("fault", H, H + HOUR, entered=H + 2 * HOUR)
    assert stack.hour().state == "valid"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        pytest.param({"avg": "1", "zs": "1", "o2": "14.99", "flow": "41"}, True, id="it burns and blows"),
        pytest.param({"avg": "1", "zs": "1", "o2": "15.0", "flow": "41"}, False, id="15 % oxygen does not contradict"),
        pytest.param({"avg": "1", "zs": "1", "o2": "14.9", "flow": "20"}, False, id="20 % of the usual flow does not"),
        pytest.param({"avg": "7.01", "zs": "7.01", "o2": "20.9"}, True, id="over 20 % of the limit"),
        pytest.param({"avg": "7", "zs": "7", "o2": "20.9"}, False, id="exactly 20 % of the limit does not"),
    ],
)
def test_a_stop_that_the_data_contradict_is_told_and_stays(sent, told):
    stack = Stack()
    for n in range(1, 6):
        stack.hour_data(H - n * HOUR, flow="100")
    stack.hour_data(**sent)
    stack.mark("stopped", H, H + HOUR)
    assert stack.hour().state == "excluded"
    assert bool(stack.findings("stopped_but_running")) is told


def test_a_device_mark_goes_before_the_flag_and_behind_a_confirmed_stop():
    stack = Stack(outlet(pollutants=(SO2,)))
    stack.hour_data(flag="D")
    stack.mark("fault", H, H + HOUR)
    assert stack.hour().reason == "marked_fault"
    stopped = Stack()
    stopped.hour_data(flag="F", o2="20.5")
    stopped.mark("fault", H, H + HOUR)
    assert (stopped.hour().state, stopped.hour().reason) == ("excluded", "stopped")
