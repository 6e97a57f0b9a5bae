"""R21: silence, told by the time that the feed itself shows."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from contracts.codec import encode
from contracts.feed import encode_line, packet_line
from contracts.topics import shard_of
from emissions.beijing import BEIJING
from emissions.event import Due
from emissions.finding import Finding
from emissions.register import Outlet, Register
from emissions.rules import Rules
from hj212.encode import message
from hj212.moments import qn_of, text_of
from streams.judge import Judge

T = datetime(2026, 11, 24, 10, tzinfo=BEIJING)
MINUTE = timedelta(minutes=1)
NAMES = [name for name in (f"MN{n:022}" for n in range(5000)) if shard_of(name) == 7][:3]
"""Three loggers of one shard."""


def outlet(mn: str, **fields: object) -> Outlet:
    plain = Outlet(
        id=f"O-{mn[-4:]}", enterprise="E1", county="371502", city="371500", name="one", mn=mn, category="coal",
        standard="S", height_m=100.0, pollutants=("a21026",), minute_interval=1,
        connected_from=datetime(2026, 11, 1, tzinfo=BEIJING),
    )  # fmt: skip
    return replace(plain, **fields)


def judge_of(*outlets: Outlet) -> Judge:
    return Judge(Register(divisions={}, enterprises={}, outlets={one.id: one for one in outlets}), Rules())


def packet(mn: str, received: datetime, cn: str = "2011") -> bytes:
    values = {"a21026": {"Rtd": "3.5", "Avg": "3.5"}}
    frame = message(qn=qn_of(received), st="31", cn=cn, mn=mn, flag=5, data_time=text_of(received), values=values)
    return encode_line(packet_line(received, mn, frame.rstrip(), "gw"))


def silences(outputs: list[object]) -> list[Finding]:
    return [output for output in outputs if isinstance(output, Finding) and output.rule == "silence"]


A, B, C = (outlet(mn) for mn in NAMES)


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        pytest.param(15, False, id="fifteen minutes to the second are not yet silence"),
        pytest.param(15.01, True, id="more than fifteen minutes are"),
    ],
)
def test_another_logger_of_the_shard_tells_the_time(minutes, told):
    judge = judge_of(A, B)
    judge.line(packet(A.mn, T))
    found = silences(judge.line(packet(B.mn, T + minutes * MINUTE)))
    assert [(f.subject["outlet"], f.from_, f.to) for f in found] == ([(A.id, T, None)] if told else [])


def test_the_roll_call_tells_the_time_where_everybody_is_silent():
    judge = judge_of(A, B)
    judge.line(packet(A.mn, T))
    judge.line(packet(B.mn, T))
    found = silences(judge.line(encode(Due(outlet=A.id, mn=A.mn, hour=T - timedelta(hours=1)))))
    assert {f.subject["outlet"] for f in found} == {A.id, B.id}


def test_it_is_told_once_and_ends_with_the_next_packet():
    judge = judge_of(A, B)
    judge.line(packet(A.mn, T))
    said = [f for n in (16, 17, 40) for f in silences(judge.line(packet(B.mn, T + n * MINUTE)))]
    back = silences(judge.line(packet(A.mn, T + 41 * MINUTE)))
    assert len(said) == 1
    assert [(f.id, f.to) for f in back] == [(said[0].id, T + 41 * MINUTE)]
    again = silences(judge.line(packet(B.mn, T + 58 * MINUTE)))
    assert [f.from_ for f in again] == [T + 41 * MINUTE]
    assert again[0].id != said[0].id


@pytest.mark.parametrize(
    ("interval", "cn", "minutes", "told"),
    [
        pytest.param(10, "2051", 30, False, id="three of its own intervals of ten minutes"),
        pytest.param(10, "2051", 31, True, id="more than three of its own intervals"),
        pytest.param(1, "2061", 180, False, id="an outlet that sends hours only has an interval of an hour"),
        pytest.param(1, "2061", 181, True, id="three hours without an hour"),
    ],
)
def test_its_own_interval_counts(interval, cn, minutes, told):
    judge = judge_of(replace(A, minute_interval=interval), B)
    judge.line(packet(A.mn, T, cn))
    found = silences(judge.line(packet(B.mn, T + minutes * MINUTE)))
    assert bool([f for f in found if f.subject["outlet"] == A.id]) == told


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([], id="an outlet that never sent is not connected, not silent"),
        pytest.param([replace(C, must_monitor=False)], id="an outlet that need not be monitored"),
    ],
)
def test_who_is_not_waited_for(others):
    judge = judge_of(A, B, *others)
    for one in others:
        judge.line(packet(one.mn, T))
    assert silences(judge.line(packet(B.mn, T + 60 * MINUTE))) == []


@pytest.mark.parametrize("after", ["before it is told", "while it lasts"])
def test_a_restart_neither_forgets_nor_repeats_it(after):
    first, second = judge_of(A, B), judge_of(A, B)
    first.line(packet(A.mn, T))
    told = silences(first.line(packet(B.mn, T + 16 * MINUTE))) if after == "while it lasts" else []
    second.load([(key, packed) for key, packed in first.dirty() if packed is not None])
    told += silences(second.line(packet(B.mn, T + 17 * MINUTE)))
    told += silences(second.line(packet(A.mn, T + 20 * MINUTE)))
    assert [f.to for f in told] == [None, T + 20 * MINUTE]
    assert len({f.id for f in told}) == 1
