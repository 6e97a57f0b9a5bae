"""Lines of the conservation account in every series store."""

from datetime import UTC, datetime

import pytest

from stores.port import StoreRefused
from tests.conformance.points import H0, HOUR, account_line, hour

DAY = {"start": H0 - 12 * HOUR, "end": H0 + 12 * HOUR}


def test_a_line_comes_back_equal_and_in_beijing_time(store):
    store.write([account_line(hour=H0.astimezone(UTC)), hour()])
    (found,) = store.accounts(**DAY)
    assert found == account_line()
    assert {found.hour.utcoffset(), found.as_of.utcoffset()} == {8 * HOUR}


def test_an_open_line_is_replaced_when_it_is_closed_and_not_the_other_way_round(store):
    opened, closed = account_line(stored=None), account_line()
    store.write([opened])
    assert store.accounts(**DAY) == [opened]
    store.write([closed])
    late = account_line(as_of=H0 + 3 * HOUR, missing=0, gaps=())
    store.write([late])
    store.write([closed, opened])
    assert store.accounts(**DAY) == [late]


def test_a_line_that_was_closed_can_be_open_again_for_a_moment(store):
    store.write([account_line()])
    store.write([account_line(stored=None)])
    assert store.accounts(**DAY) == [account_line(stored=None)]
    store.write([account_line()])
    assert store.accounts(**DAY) == [account_line()]


def test_lines_are_chosen_by_time_outlet_and_county(store):
    lines = [
        account_line(hour=H0 + n * HOUR, outlet=outlet, county=county)
        for n in range(3)
        for outlet, county in (("P1-01", "371502"), ("P2-01", "371503"))
    ]
    store.write(lines[::-1])
    assert store.accounts(**DAY) == lines
    assert store.accounts(start=H0 + HOUR, end=H0 + 2 * HOUR) == lines[2:4]
    assert store.accounts(**DAY, outlet="P2-01") == lines[1::2]
    assert store.accounts(**DAY, county="371502") == lines[::2]
    assert store.accounts(**DAY, outlet="P2-01", county="371502") == []


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        pytest.param(account_line(outlet=""), "outlet is empty", id="nobody's line"),
        pytest.param(account_line(hour=datetime(2026, 11, 24, 8)), "no time zone", id="a moment without a zone"),
    ],
)
def test_what_is_no_line_is_refused(store, bad, why):
    with pytest.raises(StoreRefused, match=why) as refused:
        store.write([bad, account_line()])
    assert refused.value.points == (bad,)
    assert store.accounts(**DAY) == [account_line()]
