"""Periods as people write them."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emissions.beijing import BEIJING
from web.periods import EXAMPLES, NotAPeriod, bounds, period_at


@pytest.mark.parametrize(
    ("window", "period", "start", "end"),
    [
        pytest.param("day", "2024-02-29", "2024-02-29", "2024-03-01", id="a leap day"),
        pytest.param("month", "2026-12", "2026-12-01", "2027-01-01", id="December ends with the year"),
        pytest.param("quarter", "2026-Q4", "2026-10-01", "2027-01-01", id="the fourth quarter"),
        pytest.param("year", "2026", "2026-01-01", "2027-01-01", id="a year"),
    ],
)
def test_bounds(window, period, start, end):
    first, after = bounds(window, period)
    assert (f"{first:%Y-%m-%d}", f"{after:%Y-%m-%d}") == (start, end)
    assert first.utcoffset() == BEIJING.utcoffset(None)


@pytest.mark.parametrize(
    ("window", "period"),
    [("day", "2026-02-30"), ("month", "2026-00"), ("quarter", "2026-Q5"), ("year", "26"), ("week", "2026-W1")],
)
def test_what_is_no_period_is_named(window, period):
    with pytest.raises(NotAPeriod) as error:
        bounds(window, period)
    assert repr(period) in str(error.value) or repr(window) in str(error.value)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(9998, 12, 31), timezones=st.just(BEIJING)),
    st.sampled_from(sorted(EXAMPLES)),
)
def test_a_moment_lies_in_its_period(moment, window):
    start, end = bounds(window, period_at(moment, window))
    assert start <= moment < end
