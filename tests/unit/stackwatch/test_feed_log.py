"""The feed read again: the same lines in the same order, however Kafka hands them out."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import encode
from contracts.feed import encode_line, packet_line
from emissions.beijing import BEIJING
from emissions.event import Due, Mark
from stackwatch.feed_log import FeedLog, ends_of, moment_of

START = datetime(2026, 11, 24, tzinfo=BEIJING)
IN_TIME = timedelta(hours=2)


@dataclass
class Record:
    offset: int
    value: bytes


class Consumer:
    """Hands out a log in portions that the test chooses."""

    def __init__(self, log, portions, *, first=0, hidden=0):
        self.log = {TopicPartition("t", number): messages for number, messages in enumerate(log)}
        self.portions = portions
        self.first = first
        self.hidden = hidden
        """So many messages at the end the broker does not count: it names the first of its last batch."""
        self.places = dict.fromkeys(self.log, first)

    async def getmany(self, part, *, timeout_ms, max_records=None):
        size = 100  # without a bound a batch comes whole
        if max_records is not None and self.portions:
            size = self.portions.pop(0)
        at = self.places[part] - self.first
        found = self.log[part][at : at + size]
        self.places[part] += len(found)
        return {part: [Record(self.first + at + n, value) for n, value in enumerate(found)]} if found else {}

    async def position(self, part):
        return self.places[part]

    async def beginning_offsets(self, parts):
        return dict.fromkeys(parts, self.first)

    async def end_offsets(self, parts):
        return {part: self.first + max(len(self.log[part]) - self.hidden, 1 if self.log[part] else 0) for part in parts}

    def seek(self, part, offset):
        self.places[part] = offset


def line(minute, mn="m"):
    at = START + timedelta(minutes=minute)
    return encode_line(packet_line(at, mn, f"##{minute}".encode(), "gw1"))


def read(log, portions=(), start=None, end=None, **how):
    async def work():
        consumer = Consumer(log, list(portions), **how)
        parts = list(consumer.log)
        ends = await ends_of(consumer, parts)
        for part in parts:
            consumer.seek(part, consumer.first)
        feed = FeedLog(consumer, ends, total=sum(map(len, log)), in_time=IN_TIME)
        return [each async for each in feed.lines(start, end)], feed.messages

    return asyncio.run(work())


logs = st.lists(
    st.lists(st.lists(st.integers(0, 500), min_size=1, max_size=4), max_size=8), min_size=1, max_size=4
).map(lambda log: [[b"\n".join(line(m, f"p{n}") for m in message) for message in part] for n, part in enumerate(log)])


@given(logs, st.lists(st.integers(1, 5), max_size=30), st.integers(0, 3), st.integers(0, 2))
def test_every_line_comes_once_and_always_in_the_same_order(log, portions, first, hidden):
    lines, messages = read(log, portions, first=first, hidden=hidden)
    assert lines == read(log)[0]
    assert messages == sum(map(len, log))
    for number, part in enumerate(log):
        mine = [each for message in part for each in message.split(b"\n")]
        assert [each for each in lines if f'"p{number}"'.encode() in each] == mine, "each partition keeps its order"


@given(logs, st.integers(0, 500), st.integers(0, 500))
def test_a_range_holds_the_lines_whose_own_moment_lies_in_it(log, one, other):
    start, end = (START + timedelta(minutes=minute) for minute in sorted((one, other)))
    lines, _ = read(log, start=start, end=end)
    everything, _ = read(log)
    assert lines == [each for each in everything if start <= moment_of(each, IN_TIME) < end]


def test_lines_of_partitions_are_read_by_time():
    lines, _ = read([[line(1), line(4)], [line(2), line(3)]])
    assert lines == [line(1), line(2), line(3), line(4)]


def test_a_line_driven_again_stands_later_and_is_found_by_when_it_was_received():
    log = [[line(1), line(9), line(2)]]
    assert read(log)[0] == [line(1), line(9), line(2)]
    assert read(log, end=START + timedelta(minutes=5))[0] == [line(1), line(2)]


MARK = Mark(
    id="m", outlet="o", mn="m", mark="fault", from_=START, to=START + IN_TIME, entered_at=START + 3 * IN_TIME, by="x"
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param(line(5), START + timedelta(minutes=5), id="a packet, when it was received"),
        pytest.param(encode(Due(outlet="o", mn="m", hour=START)), START + IN_TIME, id="a roll call, when it was due"),
        pytest.param(encode(MARK), START + 3 * IN_TIME, id="a mark, when it was entered"),
        pytest.param(b"no line", None, id="no line"),
        pytest.param(b"[" * 5000, None, id="nested without end"),
        pytest.param(b'{"kind":"packet","received_at":"2026-11-24T00:00:00"}', None, id="a moment without an offset"),
        pytest.param(b'{"kind":"due","hour":"9999-12-31T23:00:00+08:00"}', None, id="the end of the calendar"),
    ],
)
def test_what_a_line_counts_by(text, moment):
    assert moment_of(text, IN_TIME) == (None if moment is None else moment.astimezone(UTC))
