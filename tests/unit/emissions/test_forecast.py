"""The mean of the running hour, should the rest hold the last value."""

from datetime import datetime, timedelta

import pytest

from emissions.beijing import BEIJING
from emissions.forecast import Sample, forecast, held

HOUR_START = datetime(2026, 11, 24, 10, tzinfo=BEIJING)


def at(minute: float) -> datetime:
    return HOUR_START + timedelta(minutes=minute)


def sample(start: float, end: float, value: float) -> Sample:
    return Sample(start=at(start), end=at(end), mg_m3=value)


def of(*samples: Sample, now: float, limit: float | None = 35.0):
    return forecast(samples, hour=HOUR_START, now=at(now), limit_mg_m3=limit)


def test_nothing_known_gives_no_forecast():
    assert of(now=20) is None


def test_what_lies_in_another_hour_is_not_known():
    assert of(sample(-10, 0, 50.0), sample(60, 70, 50.0), now=20) is None


def test_the_rest_holds_the_last_value():
    found = of(sample(0, 10, 20.0), sample(10, 20, 50.0), now=20)
    assert (found.known_minutes, found.mean_so_far, found.last) == (20, 35.0, 50.0)
    assert found.mean_if_held == pytest.approx((20 * 10 + 50 * 50) / 60)
    assert found.exceeds


def test_minutes_that_nobody_knows_are_left_out():
    found = of(sample(0, 10, 20.0), now=30)
    assert found.mean_if_held == 20.0
    assert found.known_minutes == 10


def test_a_minute_counts_once():
    found = of(sample(0, 10, 20.0), sample(5, 15, 50.0), now=15)
    assert found.known_minutes == 15
    assert found.mean_so_far == pytest.approx((20 * 10 + 50 * 5) / 15)


@pytest.mark.parametrize(
    ("value", "exceeds"),
    [
        pytest.param(35.0, False, id="equal to the limit is within"),
        pytest.param(35.01, True, id="anything above is over"),
    ],
)
def test_the_line_is_strict(value, exceeds):
    assert of(sample(0, 30, value), now=30).exceeds is exceeds


@pytest.mark.parametrize(
    ("value", "headroom"),
    [
        pytest.param(20.0, 50.0, id="the rest may average more than the limit"),
        pytest.param(80.0, -10.0, id="it exceeds whatever comes"),
    ],
)
def test_what_the_rest_may_average(value, headroom):
    assert of(sample(0, 30, value), now=30).headroom == pytest.approx(headroom)


def test_without_a_limit_nothing_exceeds():
    found = of(sample(0, 30, 500.0), now=30, limit=None)
    assert (found.exceeds, found.headroom) == (False, None)


def test_a_finished_hour_has_no_rest():
    found = of(sample(0, 60, 20.0), now=70)
    assert (found.mean_if_held, found.headroom) == (20.0, None)


def test_a_momentary_value_holds_until_the_next_and_not_for_ever():
    found = held([(at(0), 1.0), (at(1), 2.0), (at(20), 3.0)], until=at(21))
    assert found == [sample(0, 1, 1.0), sample(1, 6, 2.0), sample(20, 21, 3.0)]


def test_no_momentary_value_gives_no_sample():
    assert held([], until=at(21)) == []
