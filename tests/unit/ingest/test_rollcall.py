from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emissions.beijing import BEIJING
from ingest.rollcall import Progress, calls, due_lines, joined, last_due
from tests.unit.ingest.town import outlet, register

MIDNIGHT = datetime(2026, 11, 1, tzinfo=BEIJING)
HOUR = timedelta(hours=1)
TWO_HOURS = 2 * HOUR


def at(hour):
    return MIDNIGHT + hour * HOUR


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(at(10), at(8), id="the roll call of an instant is made at that instant"),
        pytest.param(at(10) - timedelta(microseconds=1), at(7), id="and not before"),
        pytest.param(at(10.99), at(8), id="the hour holds until the next"),
    ],
)
def test_an_hour_is_called_two_hours_after_its_start(now, expected):
    assert last_due(now, TWO_HOURS) == expected


def test_every_outlet_that_must_be_monitored_is_called_for_every_hour_from_its_connection():
    town = register(
        outlet("A", "1", connected_from=MIDNIGHT),
        outlet("B", "", connected_from=at(1)),
        outlet("C", "3", connected_from=at(0.5)),
        outlet("D", "4", connected_from=MIDNIGHT, must_monitor=False),
        outlet("E", "5", connected_from=None),
    )
    called = [(due.outlet, due.mn, due.hour) for due in due_lines(town, after=None, until=at(1))]
    assert called == [("A", "1", at(0)), ("A", "1", at(1)), ("B", "", at(1)), ("C", "3", at(1))]


def test_only_hours_after_the_last_one_are_called():
    town = register(outlet("A", "1", connected_from=MIDNIGHT))
    assert [due.hour for due in due_lines(town, after=at(3), until=at(5))] == [at(4), at(5)]
    assert due_lines(town, after=at(5), until=at(5)) == []


def test_an_outlet_that_joins_later_is_caught_up_and_the_others_are_not_called_again():
    old, new = outlet("A", "1", connected_from=MIDNIGHT), outlet("B", "2", connected_from=at(1))
    progress = Progress(at(3), {"A": MIDNIGHT})
    called = [(hour, [due.outlet for due in lines]) for hour, lines in calls(register(old, new), progress, until=at(4))]
    assert called == [(at(1), ["B"]), (at(2), ["B"]), (at(3), ["B"]), (at(4), ["A", "B"])]
    assert joined(register(old, new), progress) == {"B": at(1)}


def test_an_outlet_whose_connection_is_moved_back_is_caught_up():
    town = register(outlet("A", "1", connected_from=MIDNIGHT))
    progress = Progress(at(3), {"A": at(2)})
    assert [hour for hour, _ in calls(town, progress, until=at(3))] == [at(0), at(1), at(2), at(3)]


def test_since_bounds_the_catching_up():
    town = register(outlet("A", "1", connected_from=MIDNIGHT))
    assert [hour for hour, _ in calls(town, Progress(), until=at(3), since=at(2))] == [at(2), at(3)]
    assert [hour for hour, _ in calls(town, Progress(), until=at(3), since=at(1.5))] == [at(2), at(3)]


@given(st.lists(st.integers(0, 20), min_size=1, max_size=6), st.lists(st.integers(0, 30), max_size=6))
def test_calling_in_steps_calls_the_same_as_calling_at_once(starts, steps):
    town = register(*(outlet(f"O{n}", str(n), connected_from=at(start)) for n, start in enumerate(starts)))
    whole = {(due.outlet, due.hour) for due in due_lines(town, after=None, until=at(30))}
    progress, called = Progress(), []
    for until in [*map(at, sorted(steps)), at(30)]:
        for _, lines in calls(town, progress, until=until):
            called += [(due.outlet, due.hour) for due in lines]
        progress = Progress(until, {**progress.since, **joined(town, progress)})
    assert len(called) == len(set(called))
    assert set(called) == whole
