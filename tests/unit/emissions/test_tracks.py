"""In time and completed side by side, duplicates, revisions, and the counts behind the rates (R5, R10 to R14)."""

from datetime import timedelta

import pytest

from emissions.hourly import Hour
from emissions.tally import Tally, percent
from tests.unit.emissions.world import HOUR, SO2, H, Stack, at, outlet

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("received", "in_time"),
    [
        pytest.param(H + 2 * HOUR - SECOND, True, id="a second before the roll call"),
        pytest.param(H + 2 * HOUR, True, id="at the very instant of the roll call"),
        pytest.param(H + 2 * HOUR + timedelta(milliseconds=1), False, id="a millisecond late"),
    ],
)
@pytest.mark.parametrize("called_first", [True, False], ids=["call first in the feed", "packet first in the feed"])
def test_in_time_is_decided_by_receipt_and_not_by_place_in_the_feed(received, in_time, called_first):
    stack = Stack()
    if called_first:
        stack.call()
    stack.hour_data(received=received)
    if not called_first:
        stack.call()
    assert stack.hour().state == "valid"
    assert stack.hour().in_time is in_time
    assert stack.hour().in_time_state == ("valid" if in_time else "missing")
    assert stack.rate(track="in_time").received == (1 if in_time else 0)
    assert stack.rate(track="completed").received == 1


def test_late_data_completes_the_hour_and_leaves_the_in_time_track_alone():
    stack = Stack()
    stack.hour_data(H - HOUR)
    stack.call()
    stack.hour_data(received=H + 30 * HOUR)
    assert (stack.hour().revision, stack.hour().cause) == (1, "late_data")
    assert (stack.hour().in_time_state, stack.hour().in_time_reason) == ("missing", "not_received")


def test_a_duplicate_is_counted_and_has_no_effect():
    stack = Stack()
    stack.hour_data()
    assert not stack.hour_data(received=H + 3 * HOUR)
    assert stack.memory.head.duplicates > 0


def test_a_revision_wins_by_receipt_and_is_told_where_the_hour_had_been_judged():
    stack = Stack()
    stack.hour_data(avg="12", zs="12")
    stack.hour_data(avg="13", zs="13", received=H + 3 * HOUR)
    assert (stack.hour().raw_mg_m3, stack.hour().revision, stack.hour().cause) == (13.0, 1, "revised_value")
    (finding,) = stack.findings("revised_after_judgement")
    assert [c["new"] for c in finding.evidence["changes"]] == ["13", "13"]


def test_what_was_received_earlier_does_not_undo_a_revision():
    stack = Stack()
    stack.hour_data(avg="13", zs="13", received=H + 3 * HOUR)
    stack.hour_data(avg="12", zs="12", received=H + 2 * HOUR)
    assert stack.hour().raw_mg_m3 == 13.0
    assert stack.hour().in_time_state == "valid"


def test_a_revised_flag_after_the_roll_call_changes_only_the_completed_track():
    stack = Stack()
    stack.hour_data()
    stack.call()
    stack.hour_data(flag="D", received=H + 5 * HOUR)
    assert (stack.hour().state, stack.hour().in_time_state) == ("invalid", "valid")
    assert stack.rate(track="in_time").valid == 1
    assert stack.rate(track="completed").valid == 0


def test_a_second_roll_call_changes_nothing():
    stack = Stack()
    stack.call()
    assert not stack.call()


def test_an_hour_counts_only_once_it_was_called():
    stack = Stack()
    stack.hour_data()
    assert stack.rate() is None
    stack.call()
    assert stack.rate().due == 1


def test_counts_of_a_mixed_day():
    stack = Stack(outlet(pollutants=("a34013", SO2)))
    stack.packet("2011", H, H, {})
    stack.hour_data(H)
    stack.hour_data(H, pollutant="a34013")
    stack.hour_data(H + HOUR, flag="D")
    stack.mark("stopped", H + 2 * HOUR, H + 3 * HOUR)
    for n in range(4):
        stack.call(H + n * HOUR)
    rate = stack.rate()
    assert (rate.due, rate.excluded, rate.expected, rate.received, rate.valid) == (8, 2, 6, 3, 2)
    assert (rate.transmission_pct, rate.validity_pct, rate.effective_pct) == (50.0, 66.67, 33.33)


def test_nothing_expected_has_no_rate():
    stack = Stack()
    stack.mark("stopped", H, H + HOUR)
    stack.call()
    rate = stack.rate()
    assert (rate.expected, rate.effective_pct, rate.transmission_pct, rate.validity_pct) == (0, None, None, None)


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        pytest.param(0, 0, None, id="nothing of nothing is no percentage"),
        pytest.param(0, 7, 0.0, id="nothing of something"),
        pytest.param(9, 10, 90.0, id="exactly ninety"),
        pytest.param(8999, 10000, 89.99, id="just under ninety"),
        pytest.param(89995, 100000, 90.0, id="half rounds to the even digit above"),
        pytest.param(89985, 100000, 89.98, id="half rounds to the even digit below"),
    ],
)
def test_percent(part, whole, shown):
    assert percent(part, whole) == shown


@pytest.mark.parametrize(
    ("valid", "expected", "below"),
    [
        pytest.param(90, 100, False, id="exactly 90 % is not below"),
        pytest.param(8999, 10000, True, id="89.99 % is below"),
        pytest.param(899999, 1000000, True, id="shown as 90.00 % and still below"),
        pytest.param(0, 0, False, id="nothing expected is not below"),
    ],
)
def test_below_ninety_compares_integers(valid, expected, below):
    assert Tally(due=expected, valid=valid).below(90) is below


@pytest.mark.parametrize(
    ("hour", "window", "period"),
    [
        pytest.param("2026-11-30 23:00", "month", "2026-11", id="last hour of November in Beijing"),
        pytest.param("2026-12-01 00:00", "month", "2026-12", id="first hour of December in Beijing"),
        pytest.param("2026-12-31 23:00", "quarter", "2026-Q4", id="last hour of the quarter"),
        pytest.param("2027-01-01 00:00", "quarter", "2027-Q1", id="first hour of the quarter"),
        pytest.param("2026-12-31 23:00", "year", "2026", id="last hour of the year"),
        pytest.param("2027-01-01 00:00", "year", "2027", id="first hour of the year"),
        pytest.param("2026-12-01 07:00", "day", "2026-12-01", id="still November in UTC"),
    ],
)
def test_hours_fall_into_periods_of_beijing_time(hour, window, period):
    stack = Stack()
    stack.call(at(hour))
    assert stack.rate(window).period == period


def test_months_quarters_and_years_add_up_days():
    stack = Stack()
    for hour in (at("2026-11-30 22:00"), at("2026-11-30 23:00"), at("2026-12-01 00:00")):
        stack.hour_data(hour)
        stack.call(hour)
    assert stack.rate("month", period="2026-11").due == 2
    assert stack.rate("month", period="2026-12").due == 1
    assert stack.rate("quarter", period="2026-Q4").due == 3
    assert stack.rate("year", period="2026").due == 3


def test_a_settled_month_is_said_to_be_settled_at_the_5th():
    stack = Stack()
    stack.call(at("2026-11-30 23:00"))
    assert not stack.rate("month", period="2026-11").settled
    stack.call(at("2026-12-04 21:00"))
    assert not stack.rate("month", period="2026-11").settled
    stack.call(at("2026-12-04 22:00"))
    assert stack.rate("month", period="2026-11").settled
    assert stack.rate("day", period="2026-11-30").settled
    assert not stack.rate("quarter", period="2026-Q4").settled


def test_hours_published_again_keep_counting_their_revisions():
    stack = Stack()
    stack.call()
    stack.hour_data(received=H + 3 * HOUR)
    stack.hour_data(received=H + 4 * HOUR, avg="13", zs="13")
    stack.mark("fault", H, H + HOUR)
    assert [h.revision for h in stack.said if isinstance(h, Hour)] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        pytest.param({"connected_from": H}, True, id="connected when the hour began"),
        pytest.param({"connected_from": H + SECOND}, False, id="connected a second later"),
        pytest.param({"connected_from": None}, False, id="not yet connected by the register"),
        pytest.param({"must_monitor": False}, False, id="need not be monitored"),
    ],
)
def test_only_outlets_that_must_be_monitored_count_from_their_connection_on(fields, counts):
    stack = Stack(outlet(**fields))
    stack.call()
    assert (stack.rate() is not None) is counts
