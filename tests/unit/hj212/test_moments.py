"""Times of 14 and 17 digits, Beijing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hj212.moments import BEIJING, data_time, qn_of, text_of


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("20261124100000", datetime(2026, 11, 24, 10, tzinfo=BEIJING), id="14 digits"),
        pytest.param("20261124100000123", datetime(2026, 11, 24, 10, 0, 0, 123_000, BEIJING), id="17 digits"),
        pytest.param("20240229235959", datetime(2024, 2, 29, 23, 59, 59, tzinfo=BEIJING), id="a leap day"),
        pytest.param("20260229000000", None, id="a leap day of no leap year"),
        pytest.param("20261124240000", None, id="hour 24"),
        pytest.param("20261124106000", None, id="minute 60"),
        pytest.param("20261124100060", None, id="a leap second"),
        pytest.param("00000000000000", None, id="zeros"),
        pytest.param("2026112410000", None, id="13 digits"),
        pytest.param("202611241000001", None, id="15 digits"),
        pytest.param("20261124T10000", None, id="a letter"),
        pytest.param("+2026112410000", None, id="a sign"),
        pytest.param("２０２６１１２４１０００００", None, id="digits of another script"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_data_time(text, moment):
    assert data_time(text) == moment


@given(
    st.datetimes(timezones=st.sampled_from([UTC, BEIJING]), min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1))
)
def test_a_moment_written_is_read_again(moment):
    assert data_time(text_of(moment)) == moment.replace(microsecond=0)
    assert data_time(qn_of(moment)) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@pytest.mark.parametrize("write", [text_of, qn_of])
def test_a_moment_without_a_zone_is_no_moment(write):
    with pytest.raises(ValueError, match="no time zone"):
        write(datetime(2026, 11, 24))
