"""The conservation account: whatever crashes, repeats or lags, a hole is named and nothing else is."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emissions import ranges
from emissions.account import (
    JUDGED,
    JUDGING,
    STORED,
    STORING,
    AccountHour,
    Counted,
    Numbered,
    Passed,
    add_up,
)
from emissions.account_memory import AccountMemory
from emissions.beijing import BEIJING, HOUR
from emissions.conservation import fold
from emissions.finding import Finding
from emissions.register import Outlet
from tests.unit.emissions.world import outlet

OUTLET = outlet()

START = datetime(2026, 11, 20, tzinfo=BEIJING)
IN_TIME = timedelta(hours=2)
GW = "gw1/a"


@dataclass
class Account:
    """One outlet's account and all that followed."""

    memory: AccountMemory = field(default_factory=AccountMemory)
    outlet: Outlet = OUTLET
    lines: dict[datetime, AccountHour] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)

    def hear(self, *words: Numbered | Counted | Passed) -> "Account":
        for word in words:
            for output in fold(self.memory, word, outlet=self.outlet, in_time=IN_TIME):
                if isinstance(output, AccountHour):
                    self.lines[output.hour] = output
                else:
                    self.findings[output.id] = output
        return self

    def line(self, hour: int) -> AccountHour:
        return self.lines[START + hour * HOUR]

    def holes(self) -> set[tuple[str, int]]:
        """Stage and number of everything that is said to be missing now."""
        return {
            (gap["stage"], number)
            for finding in self.findings.values()
            if finding.to is None
            for gap in finding.evidence["gaps"]
            for number in range(gap["first"], gap["last"] + 1)
        }


def judged(hour: int, first: int, last: int, *, series: str = GW, **what: tuple[int, int]) -> Counted:
    numbers = {JUDGED: ((first, last),), **{name: (both,) for name, both in what.items()}}
    return Counted(stage=JUDGING, outlet=OUTLET.id, series=series, hour=START + hour * HOUR, numbers=numbers)


def stored(hour: int, first: int, last: int, *, series: str = GW, what: str = STORED) -> Counted:
    return Counted(
        stage=STORING, outlet=OUTLET.id, series=series, hour=START + hour * HOUR, numbers={what: ((first, last),)}
    )


def said(hour: int, first: int, last: int, *, boot: str = "a", gateway: str = "gw1", quarantined: int = 0) -> Numbered:
    return Numbered(
        received_at=START + (hour + 1) * HOUR,
        mn=OUTLET.mn,
        outlet=OUTLET.id,
        hour=START + hour * HOUR,
        gateway=gateway,
        boot=boot,
        first=first,
        last=last,
        quarantined=quarantined,
    )


def passed(stage: str, hour: int) -> Passed:
    return Passed(stage=stage, outlet=OUTLET.id, hour=START + hour * HOUR)


def test_an_hour_without_loss_is_a_line_whose_columns_add_up():
    account = Account().hear(
        judged(0, 1, 10, beat=(3, 4), idle=(5, 5), refused=(6, 6)),
        stored(0, 1, 2),
        stored(0, 7, 10),
        said(0, 1, 10, quarantined=2),
        passed(JUDGING, 0),
        passed(STORING, 0),
    )
    line = account.line(0)
    assert (line.published, line.relayed, line.quarantined) == (12, 10, 2)
    assert (line.judged, line.heartbeats, line.without_values, line.refused, line.stored) == (10, 2, 1, 1, 6)
    assert (line.missing, line.gaps, line.as_of) == (0, (), START + IN_TIME)
    assert account.findings == {}
    assert add_up([line, line])["published"] == 24


def test_a_silent_hour_is_a_line_of_zeros():
    line = Account().hear(passed(JUDGING, 5), passed(STORING, 5)).line(5)
    assert (line.published, line.judged, line.stored, line.missing) == (0, 0, 0, 0)


def test_what_is_not_stored_yet_is_open_and_no_hole():
    account = Account().hear(judged(0, 1, 10), said(0, 1, 10), *(passed(JUDGING, hour) for hour in range(30)))
    assert account.findings == {}
    assert account.line(0).stored is None
    account.hear(stored(0, 1, 10), *(passed(STORING, hour) for hour in range(30)))
    assert account.findings == {}
    assert account.line(0).stored == 10


def test_a_line_that_was_lost_before_judging_is_told_when_the_gateway_has_spoken():
    account = Account().hear(judged(0, 1, 4), judged(0, 6, 9), said(0, 1, 9))
    (finding,) = account.findings.values()
    assert (finding.rule, finding.severity, finding.county) == ("account_gap", "severe", OUTLET.county)
    assert (finding.from_, finding.to, finding.known_at) == (START, None, START + HOUR)
    evidence = finding.evidence
    assert (evidence["stage"], evidence["missing"], evidence["first_missing"]) == (JUDGING, 1, 5)
    assert (evidence["relayed"], evidence["judged"], evidence["series"]) == (9, 8, GW)
    account.hear(stored(0, 1, 4), stored(0, 6, 9), passed(JUDGING, 0), passed(STORING, 0))
    assert (account.line(0).relayed, account.line(0).judged, account.line(0).missing) == (9, 8, 1)
    assert account.holes() == {(JUDGING, 5)}


@pytest.mark.parametrize(
    ("words", "hole"),
    [
        pytest.param([judged(0, 1, 8), said(0, 1, 9)], {(JUDGING, 9)}, id="the last line of an hour"),
        pytest.param([judged(0, 2, 9), said(0, 1, 9)], {(JUDGING, 1)}, id="the first line of all"),
        pytest.param([said(0, 1, 1)], {(JUDGING, 1)}, id="the only line"),
        pytest.param(
            [judged(0, 1, 9), judged(1, 11, 12), passed(JUDGING, 1)],
            {(JUDGING, 10)},
            id="the last line before the gateway was killed, with no word on the hour",
        ),
        pytest.param(
            [judged(0, 1, 9), judged(1, 2, 4, series="gw1/b"), passed(JUDGING, 1)],
            {(JUDGING, 1)},
            id="the first line of a new life of the gateway",
        ),
        pytest.param(
            [judged(0, 1, 9), judged(0, 2, 4, series="gw2/x"), passed(JUDGING, 0)],
            {(JUDGING, 1)},
            id="of two gateways at once, the other one's",
        ),
        pytest.param(
            [judged(0, 1, 9), stored(0, 1, 8), passed(JUDGING, 0), passed(STORING, 0)],
            {(STORING, 9)},
            id="a reading that was judged and never stored",
        ),
        pytest.param(
            [judged(0, 1, 9), stored(0, 1, 3), stored(0, 6, 9), passed(STORING, 0), passed(JUDGING, 0)],
            {(STORING, 4), (STORING, 5)},
            id="two readings, with storing ahead of what judging says of itself",
        ),
    ],
)
def test_every_hole_is_named(words, hole):
    account = Account().hear(*words)
    assert account.holes() == hole


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(
            [judged(0, 1, 6), stored(0, 1, 6), judged(0, 4, 9), stored(0, 2, 9), said(0, 1, 9), said(0, 1, 9)],
            id="both stages killed: what came after the checkpoint comes again",
        ),
        pytest.param(
            [
                judged(0, 1, 6),
                judged(0, 1, 3, series="gw1/b"),
                said(0, 1, 3, boot="b"),
                stored(0, 1, 6),
                stored(0, 1, 3, series="gw1/b"),
            ],
            id="the gateway killed: its last lines come again in its new life",
        ),
        pytest.param([stored(0, 1, 9), judged(0, 1, 9), said(0, 1, 9)], id="storing speaks before judging"),
        pytest.param([judged(0, 501, 509), stored(0, 501, 509), said(0, 501, 509)], id="counting begins in the middle"),
        pytest.param(
            [judged(0, 1, 9), stored(0, 1, 9), said(0, 1, 5), said(0, 6, 9)], id="the gateway speaks twice of an hour"
        ),
    ],
)
def test_nothing_is_missing_where_nothing_is_lost(words):
    account = Account().hear(*words, passed(JUDGING, 0), passed(STORING, 0))
    assert account.findings == {}
    assert account.line(0).missing == 0
    assert account.line(0).judged == account.line(0).stored


def test_what_turns_up_again_ends_the_finding():
    account = Account().hear(judged(0, 1, 4), judged(0, 6, 9), said(0, 1, 9), passed(JUDGING, 0))
    assert account.holes() == {(JUDGING, 5)}
    account.hear(judged(0, 5, 5), passed(JUDGING, 1))
    (finding,) = account.findings.values()
    assert finding.to == START + HOUR + IN_TIME
    account.hear(stored(0, 1, 9), passed(STORING, 1))
    assert (account.line(0).missing, account.line(0).judged, account.line(0).stored) == (0, 9, 9)


def test_a_logger_that_was_silent_for_days_goes_on_with_its_numbers():
    account = Account().hear(judged(0, 1, 9), stored(0, 1, 9), said(0, 1, 9))
    account.hear(*(word for hour in range(60) for word in (passed(JUDGING, hour), passed(STORING, hour))))
    account.hear(judged(60, 10, 12), stored(60, 10, 12), said(60, 10, 12), passed(JUDGING, 60), passed(STORING, 60))
    assert account.findings == {}
    assert account.line(60).stored == 3


def test_a_time_that_is_over_played_again_changes_no_line():
    words = [judged(0, 1, 9), stored(0, 1, 9), said(0, 1, 9), passed(JUDGING, 0), passed(STORING, 0)]
    account = Account().hear(*words)
    account.hear(*(word for hour in range(1, 20) for word in (passed(JUDGING, hour), passed(STORING, hour))))
    before = dict(account.lines)
    account.hear(*words)
    assert account.lines == before
    assert account.findings == {}


def test_judging_played_again_for_a_gateways_life_that_is_forgotten_is_no_hole():
    """A worker that was killed says its last words again; storing, which was done with them, does not."""
    before = [judged(0, 1, 3), stored(0, 1, 3), passed(JUDGING, 0), passed(STORING, 0)]
    account = Account().hear(*before)
    for hour in range(1, 12):
        account.hear(
            judged(hour, hour, hour, series="gw1/b"),
            stored(hour, hour, hour, series="gw1/b"),
            passed(JUDGING, hour),
            passed(STORING, hour),
        )
    assert GW not in account.memory.series
    account.hear(judged(0, 1, 3), said(0, 1, 3), passed(JUDGING, 0))
    account.hear(
        judged(12, 12, 12, series="gw1/b"), stored(12, 12, 12, series="gw1/b"), passed(JUDGING, 12), passed(STORING, 12)
    )
    assert account.findings == {}


def test_memory_stays_small_over_many_lives_of_a_gateway():
    account = Account()
    for hour in range(200):
        series = f"gw1/{hour // 2}"
        first = 1 + 60 * (hour % 2)
        account.hear(
            judged(hour, first, first + 59, series=series),
            stored(hour, first, first + 59, series=series),
            passed(JUDGING, hour),
            passed(STORING, hour),
        )
    assert account.findings == {}
    packed = msgspec.msgpack.encode(account.memory)
    assert len(packed) < 1500
    assert msgspec.msgpack.decode(packed, type=AccountMemory) == account.memory


# -- any run -----------------------------------------------------------------------------------------------------------


@dataclass
class Plan:
    """One run: lines per hour and life, what is lost, how the words are cut into pieces and how often they repeat."""

    hours: list[list[int]]
    """By hour: how many lines each of the gateway's lives in it has numbered; a life may go on in the next hour."""
    lost: set[int]
    unstored: set[int]
    cuts: list[int]
    again: list[int]
    lag: int


plans = st.builds(
    Plan,
    hours=st.lists(st.lists(st.integers(1, 12), min_size=1, max_size=2), min_size=1, max_size=5),
    lost=st.sets(st.integers(0, 60), max_size=3),
    unstored=st.sets(st.integers(0, 60), max_size=3),
    cuts=st.lists(st.integers(1, 6), min_size=1, max_size=8),
    again=st.lists(st.integers(0, 4), min_size=1, max_size=8),
    lag=st.integers(0, 3),
)


@given(plans)
def test_exactly_what_was_lost_is_missing(plan):
    feed: list[tuple[int, str, int] | tuple[int, str]] = []
    lines: list[tuple[int, str, int]] = []
    life, number = 0, 0
    for hour, lives in enumerate(plan.hours):
        for place, many in enumerate(lives):
            if place:
                life, number = life + 1, 0  # killed: no word on what it had numbered
            first = number + 1
            for _ in range(many):
                number += 1
                lines.append((hour, f"gw1/{life}", number))
                feed.append(lines[-1])
        feed.append((hour, f"said {life} {first} {number}"))
        feed.append((hour, "due"))
    # Where the very first line is lost, nobody knows that counting has begun.
    lost = {lines[n] for n in plan.lost if 0 < n < len(lines)}
    unstored = {lines[n] for n in plan.unstored if n < len(lines)} - lost

    account = Account()
    judging = _words(JUDGING, [entry for entry in feed if entry not in lost], plan)
    storing = _words(STORING, [entry for entry in feed if entry not in lost and entry not in unstored], plan)
    for step in range(max(len(judging), len(storing) + plan.lag)):
        account.hear(*judging[step : step + 1])
        if step >= plan.lag:
            account.hear(*storing[step - plan.lag : step - plan.lag + 1])
    missing = {(gap["stage"], gap["series"], n) for gap in _gaps(account) for n in range(gap["first"], gap["last"] + 1)}
    assert {hole for hole in missing if hole[0] == STORING} == {(STORING, s, n) for _, s, n in unstored}
    assert missing - {(STORING, s, n) for _, s, n in unstored} == {
        (JUDGING, series, n) for _, series, n in lost if n < _known_up_to(series, feed, lost)
    }


def _known_up_to(series, feed, lost):
    """Behind the last line of a killed life that came through, and behind its last word, nothing shows."""
    came = [entry[2] for entry in feed if len(entry) == 3 and entry[1] == series and entry not in lost]
    words = [entry[1].split() for entry in feed if entry[1].startswith(f"said {series.partition('/')[2]} ")]
    return max([*came, *(int(last) for *_, last in words), 0]) + 1


def _gaps(account):
    return [gap for finding in account.findings.values() if finding.to is None for gap in finding.evidence["gaps"]]


def _words(stage, feed, plan):
    """What a stage says of the feed: in pieces, and after each piece some of it again, as after a kill."""
    said_, place, turn = [], 0, 0
    while place < len(feed):
        size = plan.cuts[turn % len(plan.cuts)]
        start = max(0, place - plan.again[turn % len(plan.again)])
        for entry in feed[start : place + size]:
            hour = entry[0]
            if len(entry) == 3:
                make = judged if stage == JUDGING else stored
                said_.append(make(hour, entry[2], entry[2], series=entry[1]))
            elif entry[1] == "due":
                said_.append(passed(stage, hour))
            elif stage == JUDGING:
                _, life, first, last = entry[1].split()
                said_.append(said(hour, int(first), int(last), boot=life))
        place += size
        turn += 1
    return said_


def test_numbers_as_ranges():
    found = [(1, 3), (7, 9)]
    assert ranges.add(found, 4, 4) == 1
    assert ranges.add(found, 2, 8) == 2
    assert found == [(1, 9)]
    assert ranges.add(found, 20, 21) == 2
    assert ranges.gaps(found, 5, 25) == [(10, 19), (22, 25)]
    assert ranges.within(found, 8, 20) == [(8, 9), (20, 20)]
    assert ranges.without(found, [(5, 20)]) == [(1, 4), (21, 21)]
    assert ranges.size(found) == 11


@given(*(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 8)), max_size=10) for _ in range(2)))
def test_ranges_are_sets(one, other):
    kept, numbers = [], set()
    for first, more in one:
        new = set(range(first, first + more + 1)) - numbers
        assert ranges.add(kept, first, first + more) == len(new)
        numbers |= new
    taken = []
    for first, more in other:
        ranges.add(taken, first, first + more)
    assert _numbers(kept) == numbers
    assert all(a[1] + 1 < b[0] for a, b in pairwise(kept))
    assert _numbers(ranges.without(kept, taken)) == numbers - _numbers(taken)
    assert _numbers(ranges.gaps(kept, 5, 30)) == set(range(5, 31)) - numbers
    assert _numbers(ranges.within(kept, 5, 30)) == set(range(5, 31)) & numbers


def _numbers(of):
    return {n for first, last in of for n in range(first, last + 1)}
