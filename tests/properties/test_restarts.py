"""Stages that crash, go on from a checkpoint that is whole or cut, and read again: the last words stay the same.

Without any service: a topic is a list of lines, a state topic a list of records of which a crash keeps the first few.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.codec import Message, encode
from contracts.feed import encode_line, packet_line
from emissions.beijing import BEIJING, HOUR
from emissions.event import Due
from emissions.finding import Case, Finding, unnumbered
from emissions.hourly import Hour
from emissions.register import Outlet
from emissions.transmission import Called, Rate
from hj212.encode import message
from hj212.moments import qn_of, text_of
from rulebook.loader import load_rules
from rulebook.register import load_register
from stackwatch.batch import rate_key
from streams.checkpoint import Fold
from streams.judge import Judge
from streams.routes import of_supervising
from streams.supervise import City, Supervisor

WHOLE = load_register(Path(__file__).parents[2] / "rulebook" / "registers" / "example")
RULES = load_rules()
START = datetime(2026, 11, 24, 20, tzinfo=BEIJING)
HOURS = 9
"""Over a midnight, so that a checkpoint holds two days of an outlet."""


def three_outlets() -> dict[str, Outlet]:
    """Two of one county and one of another."""
    by_county: dict[str, list[Outlet]] = {}
    for one in WHOLE.by_mn().values():
        if one.must_monitor and one.connected_from is not None and one.connected_from < START:
            by_county.setdefault(one.county, []).append(one)
    first, second = sorted(by_county.values(), key=len, reverse=True)[:2]
    return {one.id: replace(one, pollutants=("a21026",)) for one in (*first[:2], second[0])}


OUTLETS = three_outlets()
REGISTER = replace(WHOLE, outlets=OUTLETS)


@dataclass(frozen=True)
class Sent:
    """One hour's packet of one outlet."""

    outlet: int
    hour: int
    late_min: int
    value: str


def line_of(sent: Sent) -> tuple[datetime, bytes]:
    outlet = list(OUTLETS.values())[sent.outlet]
    hour = START + sent.hour * HOUR
    at = hour + timedelta(minutes=61 + sent.late_min, milliseconds=sent.outlet)
    values = {"a21026": {"Avg": sent.value, "ZsAvg": sent.value, "Flag": "N"}, "a19001": {"Avg": "6.1"}}
    frame = message(qn=qn_of(at), st="31", cn="2061", mn=outlet.mn, flag=5, data_time=text_of(hour), values=values)
    return at, encode_line(packet_line(at, outlet.mn, frame.rstrip(), "gw"))


def feed_of(sent: Iterable[Sent]) -> list[bytes]:
    """Packets and roll calls in the order of their moments."""
    calls = [
        (START + n * HOUR + RULES.parameters.in_time, encode(Due(outlet=o.id, mn=o.mn, hour=START + n * HOUR)))
        for n in range(HOURS)
        for o in OUTLETS.values()
    ]
    return [line for _, line in sorted([*map(line_of, sent), *calls])]


@dataclass(frozen=True)
class Crash:
    """A stage takes some lines, keeps some records of its checkpoint (None: all, and acknowledges), and dies."""

    after: int
    keeps: int | None


def run(new: Callable[[], Fold], lines: list[bytes], crashes: Iterable[Crash]) -> list[Message]:
    """All that a stage publishes, with what it publishes again."""
    published: list[Message] = []
    state: dict[str, bytes] = {}
    acknowledged = 0
    for crash in [*crashes, Crash(len(lines), None)]:
        fold = new()
        fold.load(state.items())
        end = min(acknowledged + crash.after, len(lines))
        published += [said for line in lines[acknowledged:end] for said in fold.line(line)]
        for key, packed in list(fold.dirty())[: crash.keeps]:
            if packed is None:
                state.pop(key, None)
            else:
                state[key] = packed
        if crash.keeps is None:
            acknowledged = end
    return published


def last_words(feed: list[bytes], crashes: tuple[Iterable[Crash], ...] = ((), (), ())) -> dict[object, Message]:
    """What the stores keep of the three stages one after the other."""
    judged = run(lambda: Judge(REGISTER, RULES), feed, crashes[0])
    hours = [encode(one) for one in judged if isinstance(one, Hour | Rate | Called)]
    supervised = run(lambda: Supervisor(REGISTER, RULES), hours, crashes[1])
    to_city = [encode(one) for one in supervised if len(of_supervising(one)) > 1]
    return kept([*judged, *supervised, *run(lambda: City(REGISTER, RULES), to_city, crashes[2])])


def kept(messages: Iterable[Message]) -> dict[object, Message]:
    """The newest of each thing, the later one of equally new ones: the rule of every store."""
    last: dict[object, Message] = {}
    for one in messages:
        match one:
            case Rate():
                key: object = rate_key(one)
                known = last.get(key)
                if isinstance(known, Rate) and known.as_of > one.as_of:
                    continue
            case Hour():
                key = one.outlet, one.pollutant, one.hour
                known = last.get(key)
                if isinstance(known, Hour) and known.revision > one.revision:
                    continue
            case Finding() | Case():
                key = one.id if isinstance(one, Finding) else (one.county, one.trigger)
                known = last.get(key)
                if isinstance(known, Finding | Case) and known.revision > one.revision:
                    continue
            case _:
                continue
        last[key] = one
    return {key: unnumbered(one) if isinstance(one, Finding | Case) else one for key, one in last.items()}


sent = st.builds(
    Sent,
    outlet=st.integers(0, 2),
    hour=st.integers(0, HOURS - 1),
    late_min=st.one_of(st.integers(0, 50), st.integers(0, 420)),
    value=st.sampled_from(["12.0", "36.5", ""]),
)
feeds = st.lists(sent, min_size=8, max_size=24, unique_by=lambda one: (one.outlet, one.hour, one.late_min))
deaths = st.lists(st.builds(Crash, st.integers(0, 60), st.one_of(st.none(), st.integers(0, 6))), max_size=4)

LATE = [Sent(0, hour, 0, "12.0") for hour in range(HOURS)]
FULL = [Sent(outlet, hour, 0, "12.0") for outlet in range(3) for hour in range(HOURS)]


@settings(max_examples=80, deadline=None)
@given(feeds, deaths, deaths, deaths)
@example(FULL, [Crash(3, None), Crash(60, 1)], [], [])
@example(FULL, [], [Crash(9, None), Crash(60, 1)], [Crash(4, 1)])
@example([*LATE, Sent(1, 1, 300, "36.5")], [Crash(12, None), *[Crash(60, n) for n in (1, 2, 3, 4)]], [], [])
def test_crashes_at_any_moment_change_no_last_word(sent, judging_dies, supervising_dies, city_dies):
    feed = feed_of(sent)
    expected = last_words(feed)
    assert last_words(feed, (judging_dies, supervising_dies, city_dies)) == expected


@settings(max_examples=40, deadline=None)
@given(feeds)
@example([*FULL, Sent(0, 3, 200, "36.5"), Sent(1, 3, 200, "36.5"), Sent(0, 3, 300, "12.0"), Sent(0, 3, 400, "36.5")])
def test_each_version_of_a_finding_or_a_case_is_newer_than_the_one_before(sent):
    judged = run(lambda: Judge(REGISTER, RULES), feed_of(sent), ())
    hours = [encode(one) for one in judged if isinstance(one, Hour | Rate | Called)]
    last: dict[object, Finding | Case] = {}
    for one in [*judged, *run(lambda: Supervisor(REGISTER, RULES), hours, ())]:
        if isinstance(one, Finding | Case):
            key = one.id if isinstance(one, Finding) else (one.county, one.trigger)
            assert one.revision > (last[key].revision if key in last else 0)
            last[key] = one
