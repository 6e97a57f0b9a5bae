"""How many hours may still be missed, and when the line is crossed at this pace."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emissions.beijing import BEIJING, HOUR
from emissions.budget import budget
from emissions.tally import Tally

START = datetime(2026, 11, 11, tzinfo=BEIJING)
END = datetime(2026, 12, 1, tzinfo=BEIJING)
HOURS = 480


def tally(valid: int, expected: int) -> Tally:
    return Tally(due=expected, received=valid, valid=valid)


def of(so_far: Tally, recent: Tally, *, remaining: int = HOURS, next_hour: datetime = START):
    return budget(so_far, next_hour=next_hour, end=END, remaining=remaining, recent=recent, threshold_pct=90)


@pytest.mark.parametrize(
    ("so_far", "left"),
    [
        pytest.param(tally(240, 240), 72, id="nothing missed: a tenth of the month"),
        pytest.param(tally(230, 240), 62, id="what is missed is taken off"),
        pytest.param(tally(168, 240), 0, id="all used up: nothing more may be missed"),
        pytest.param(tally(167, 240), -1, id="one too many: out of reach"),
        pytest.param(tally(0, 0), 48, id="the month has just begun"),
    ],
)
def test_what_may_still_be_missed(so_far, left):
    assert of(so_far, Tally()).left == left


def test_a_tenth_that_is_no_whole_hour_is_rounded_down():
    found = of(tally(0, 0), Tally(), remaining=19)
    assert (found.total, found.allowed) == (19, 1)


def test_excluded_hours_are_not_expected():
    found = of(Tally(due=240, excluded=40, received=200, valid=200), Tally())
    assert (found.total, found.allowed, found.missed) == (680, 68, 0)


@pytest.mark.parametrize(
    ("so_far", "recent", "falls", "recovers"),
    [
        # 240 of 240: a margin of 24 hours; at 80 % each hour uses a tenth.
        pytest.param(tally(240, 240), tally(8, 10), 240, None, id="it falls in the hour after the margin is used"),
        pytest.param(tally(216, 240), tally(8, 10), 0, None, id="exactly on the line: the next hour"),
        pytest.param(tally(240, 240), tally(9, 10), None, None, id="a pace exactly on the line never falls"),
        pytest.param(tally(240, 240), tally(10, 10), None, None, id="nothing missed lately"),
        pytest.param(tally(240, 240), tally(86, 100), None, None, id="too slow for this month"),
        pytest.param(tally(240, 240), Tally(), None, None, id="no pace is known"),
        pytest.param(tally(215, 240), tally(10, 10), None, 9, id="below: it recovers at this pace"),
        pytest.param(tally(215, 240), tally(9, 10), None, None, id="below, and the pace only keeps it there"),
        pytest.param(tally(100, 240), tally(10, 10), None, None, id="too far below for this month"),
    ],
)
def test_when_the_line_is_crossed(so_far, recent, falls, recovers):
    found = of(so_far, recent)
    assert found.falls_at == (None if falls is None else START + falls * HOUR)
    assert found.recovers_at == (None if recovers is None else START + recovers * HOUR)


def test_nothing_is_crossed_when_the_month_is_over():
    found = of(tally(648, 720), tally(0, 10), remaining=0, next_hour=END)
    assert (found.left, found.falls_at) == (0, None)


@given(
    valid=st.integers(0, 500),
    more=st.integers(0, 500),
    recent_valid=st.integers(0, 72),
    recent_more=st.integers(0, 72),
    per_hour=st.integers(1, 9),
    hours=st.integers(1, 700),
)
def test_the_hour_named_is_the_first_on_the_other_side(valid, more, recent_valid, recent_more, per_hour, hours):
    so_far, recent = tally(valid, valid + more), tally(recent_valid, recent_valid + recent_more)
    found = budget(
        so_far,
        next_hour=START,
        end=START + timedelta(hours=hours),
        remaining=per_hour * hours,
        recent=recent,
        threshold_pct=90,
    )

    def below_after(count: int) -> bool:
        """Counts times ``recent.expected``, so that they stay whole."""
        scale = max(recent.expected, 1)
        counted_valid = so_far.valid * scale + count * per_hour * recent.valid
        return counted_valid * 100 < 90 * (so_far.expected * scale + count * per_hour * recent.expected)

    crossing = found.falls_at or found.recovers_at
    if crossing is None:
        assert not recent.expected or below_after(hours) == so_far.below(90)
    else:
        count = int((crossing - START) / HOUR) + 1
        assert 1 <= count <= hours
        assert below_after(count) != so_far.below(90)
        assert below_after(count - 1) == so_far.below(90)
