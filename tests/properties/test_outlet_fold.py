"""What must hold for every feed of an outlet, however it is shuffled, repeated or cut."""

from dataclasses import replace
from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from emissions.event import Due, Mark, Packet
from emissions.hourly import Hour
from emissions.memory import Day, Head, OutletMemory
from emissions.outlet import fold
from emissions.transmission import Rate
from tests.unit.emissions.world import HOUR, SO2, H, outlet, rules

PLACE = outlet(pollutants=(SO2, "a21002"), minute_interval=20)
RULES = rules()
HOURS = 4


def packets(cn: str, starts: st.SearchStrategy[timedelta]) -> st.SearchStrategy[Packet]:
    text = st.sampled_from(["12.0", "36.5", "-1", "", "NaN"])
    flags = st.sampled_from(["N", "N", "N", "D", "F", ""])
    one = st.fixed_dictionaries({}, optional={"Avg": text, "ZsAvg": text, "Flag": flags})
    values = st.dictionaries(st.sampled_from([SO2, "a21002"]), one, max_size=2)
    oxygen = st.sampled_from([{}, {"a19001": {"Avg": "6.0"}}, {"a19001": {"Avg": "20.5"}}])
    return st.builds(
        lambda start, late, sent, o2: Packet(
            outlet=PLACE.id,
            mn=PLACE.mn,
            cn=cn,
            data_time=H + start,
            received_at=H + start + timedelta(seconds=late),
            values={**sent, **o2},
        ),
        starts,
        st.integers(0, 6 * 3600),
        values,
        oxygen,
    )


hour_packets = packets("2061", st.integers(0, HOURS - 1).map(lambda n: n * HOUR))
minute_packets = packets("2051", st.integers(0, 3 * HOURS - 1).map(lambda n: n * timedelta(minutes=20)))
calls = st.integers(0, HOURS - 1).map(lambda n: Due(outlet=PLACE.id, mn=PLACE.mn, hour=H + n * HOUR))
marks = st.builds(
    lambda number, kind, start, length, entered, revoked: Mark(
        id=f"m{number}",
        outlet=PLACE.id,
        mn=PLACE.mn,
        mark=kind,
        from_=H + timedelta(minutes=start),
        to=H + timedelta(minutes=start + length),
        entered_at=H + timedelta(minutes=entered, seconds=number),
        by="x",
        revoked=revoked,
    ),
    st.integers(0, 50),
    st.sampled_from(["calibration", "fault", "stopped", "accident", "starting"]),
    st.integers(0, 60 * HOURS),
    st.integers(1, 120),
    st.integers(0, 3000),
    st.booleans(),
)
events = st.lists(st.one_of(hour_packets, minute_packets, calls, marks), max_size=25)


def unambiguous(feed: list[object]) -> list[object]:
    """No two packets of one instant and no two words on one mark: nothing in them would tell which came first."""
    seen: set[object] = set()
    kept = []
    for event in feed:
        key = event.received_at if isinstance(event, Packet) else event.id if isinstance(event, Mark) else object()
        if key not in seen:
            seen.add(key)
            kept.append(event)
    return kept


def play(feed: list[object], memory: OutletMemory | None = None) -> list[object]:
    memory = memory or OutletMemory()
    return [said for event in feed for said in fold(memory, event, outlet=PLACE, rules=RULES)]


def final(said: list[object]) -> dict[object, object]:
    """The last word on each hour and rate, without what tells the way there."""
    last: dict[object, object] = {}
    for line in said:
        match line:
            case Hour():
                plain = replace(line, revision=0, cause=None, known_at=H, evidence={})
                last[line.hour, line.pollutant] = plain
            case Rate():
                last[line.window, line.period, line.track] = replace(line, as_of=H)
    return last


@settings(max_examples=300, deadline=None)
@given(events.map(unambiguous), st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_in_the_same_state(feed, random):
    shuffled = list(feed)
    random.shuffle(shuffled)
    assert final(play(feed)) == final(play(shuffled))


@settings(max_examples=150, deadline=None)
@given(events)
def test_a_replay_says_the_same_and_every_line_twice_adds_nothing(feed):
    once = play(feed)
    assert play(feed) == once
    memory = OutletMemory()
    play(feed, memory)
    assert final(once + play(feed, memory)) == final(once)


@settings(max_examples=150, deadline=None)
@given(events)
def test_counts_add_up(feed):
    last = final(play(feed))
    hours = [line for line in last.values() if isinstance(line, Hour)]
    called = {e.hour for e in feed if isinstance(e, Due)}
    for rate in (line for line in last.values() if isinstance(line, Rate)):
        assert rate.due == rate.excluded + rate.expected
        assert 0 <= rate.valid <= rate.received <= rate.expected
        if rate.window == "year":
            states = [h.state if rate.track == "completed" else h.in_time_state for h in hours if h.hour in called]
            assert rate.due == len(states) == len(called) * len(PLACE.pollutants)
            assert rate.excluded == states.count("excluded")
            assert rate.expected - rate.received == states.count("missing")
            assert rate.valid == states.count("valid")
            assert rate.received - rate.valid == states.count("invalid")


@settings(max_examples=150, deadline=None)
@given(events)
def test_revisions_count_up_by_one_and_each_says_something_new(feed):
    last: dict[object, Hour] = {}
    for line in play(feed):
        if isinstance(line, Hour):
            before = last.get((line.hour, line.pollutant))
            assert line.revision == (0 if before is None else before.revision + 1)
            if before is not None:
                assert replace(before, revision=0, cause=None, known_at=H, evidence={}) != replace(
                    line, revision=0, cause=None, known_at=H, evidence={}
                )
            last[line.hour, line.pollutant] = line


@settings(max_examples=100, deadline=None)
@given(events, st.integers(0, 25))
def test_a_state_that_was_written_and_read_back_goes_on_the_same(feed, cut):
    whole = OutletMemory()
    said = [fold(whole, event, outlet=PLACE, rules=RULES) for event in feed]
    first = OutletMemory()
    play(feed[:cut], first)
    head = msgspec.msgpack.decode(msgspec.msgpack.encode(first.head), type=Head)
    days = {n: msgspec.msgpack.decode(msgspec.msgpack.encode(d), type=Day) for n, d in first.days.items()}
    second = OutletMemory(head=head, fetch=days.get)
    for event, expected in zip(feed[cut:], said[cut:], strict=True):
        assert fold(second, event, outlet=PLACE, rules=RULES) == expected
