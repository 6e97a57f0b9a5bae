import asyncio

import pytest
from prometheus_client import CollectorRegistry

from contracts.codec import encode
from contracts.topics import PACKETS, QUARANTINE
from emissions.finding import Rejected
from streams.app import FOLDING_ID, create_app
from streams.checkpoint import MARK
from streams.folding import judging
from streams.held import NotOurs
from streams.metrics import Metrics
from tests.unit.streams.doubles import Broker, until

STATE = "stackwatch-worker-judging.state-changelog"


class Counting:
    """A fold that refuses every line and counts them by their first letter; a letter is a segment."""

    def __init__(self):
        self.counts = {}
        self.changed = []

    def line(self, line):
        letter = line[:1].decode()
        self.counts[letter] = self.counts.get(letter, 0) + 1
        self.changed.append(letter)
        return [Rejected(reason="crc", mn=letter, received_at=None, line=line.decode())]

    def dirty(self):
        changed, self.changed = dict.fromkeys(self.changed), []
        return [(letter, str(self.counts[letter]).encode()) for letter in changed]

    def load(self, segments):
        self.counts.update({letter: int(count) for letter, count in segments})

    def drop(self, keep):
        self.counts = {letter: n for letter, n in self.counts.items() if keep(letter)}

    def partition_of(self, key):
        return ord(key) % PACKETS.partitions


@pytest.fixture
async def app():
    return create_app(FOLDING_ID, "127.0.0.1:1", replication=1, session_s=6.0)


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def stage_on(app, registry):
    return lambda broker: judging(app, Counting(), broker, Metrics(registry))


async def test_outputs_go_out_before_they_are_safe(stage_on):
    broker = Broker()
    stage = stage_on(broker)
    await stage.take(b"ax\n\nay\n")
    assert broker.sent == []
    await stage.pass_on()
    outputs = [Rejected(reason="crc", mn="a", received_at=None, line=line) for line in ("ax", "ay")]
    assert broker.lines(QUARANTINE.name) == [encode(output) for output in outputs]


async def test_state_is_written_when_kafka_has_the_outputs_and_each_segment_where_its_events_are(stage_on):
    broker = Broker(at_once=False)
    stage = stage_on(broker)
    await stage.take(b"ax\nbx\nay")
    safe = asyncio.create_task(stage.make_safe(asyncio.Event()))
    await until(lambda: len(broker.sent) == 2)
    await asyncio.sleep(0)
    assert {topic for topic, *_ in broker.sent} == {QUARANTINE.name}
    broker.confirm()
    await until(lambda: len(broker.sent) == 4)
    assert broker.sent[2:] == [(STATE, b"a", ord("a") % 4, b"2"), (STATE, b"b", ord("b") % 4, b"1")]
    await asyncio.sleep(0)
    assert len(broker.sent) == 4
    broker.confirm()
    await until(lambda: len(broker.sent) == 6)
    marks = {(topic, key, partition) for topic, key, partition, _ in broker.sent[4:]}
    assert marks == {(STATE, MARK, ord("a") % 4), (STATE, MARK, ord("b") % 4)}
    assert not safe.done()
    broker.confirm()
    await safe


async def test_only_what_changed_is_written_again(stage_on):
    broker = Broker()
    stage = stage_on(broker)
    await stage.take(b"ax\nbx")
    await stage.make_safe(asyncio.Event())
    await stage.take(b"by")
    await stage.make_safe(asyncio.Event())
    assert [(key, value) for topic, key, _, value in broker.sent if topic == STATE and key != MARK] == [
        (b"a", b"1"),
        (b"b", b"1"),
        (b"b", b"2"),
    ]


async def test_no_state_is_written_once_the_partitions_are_gone(stage_on):
    broker = Broker(at_once=False)
    stage = stage_on(broker)
    await stage.take(b"ax")
    let_go = asyncio.Event()
    safe = asyncio.create_task(stage.make_safe(let_go))
    await until(lambda: broker.sent)
    let_go.set()
    broker.confirm()
    await safe
    assert [topic for topic, *_ in broker.sent] == [QUARANTINE.name]


async def test_a_worker_that_was_frozen_asks_before_it_writes_over_anothers_state(stage_on):
    broker = Broker()
    stage = stage_on(broker)
    answers = [None, 1234.5]

    async def ours_until():
        return answers.pop(0)

    stage.ours_until = ours_until
    await stage.take(b"ax")
    with pytest.raises(NotOurs):
        await stage.make_safe(asyncio.Event())
    assert [topic for topic, *_ in broker.sent] == [QUARANTINE.name], "outputs are the same, whoever sends them"
    await stage.make_safe(asyncio.Event())
    assert [(key, value) for topic, key, _, value in broker.sent if topic == STATE and key != MARK] == [(b"a", b"1")]


async def test_lines_and_what_followed_are_counted(stage_on, registry):
    stage = stage_on(Broker())
    await stage.take(b"ax\nbx")
    labels = {"stage": "judging"}
    assert registry.get_sample_value("stackwatch_worker_lines_total", labels) == 2
    assert registry.get_sample_value("stackwatch_worker_outputs_total", labels | {"kind": "rejected"}) == 2


def test_the_state_has_as_many_partitions_as_its_source(app, stage_on):
    stage_on(Broker())
    (table,) = app.tables.values()
    assert table.changelog_topic.partitions == PACKETS.partitions
    assert table.changelog_topic.compacting


def test_the_topic_of_the_state_is_declared_as_faust_would_make_it(app, stage_on):
    topic = stage_on(Broker()).state_topic
    (table,) = app.tables.values()
    assert (topic.name, topic.partitions) == (STATE, PACKETS.partitions)
    assert topic.config == {"cleanup.policy": "compact", **table.changelog_topic.config}


def test_the_application_opens_no_port_and_loses_no_data(app):
    conf = app.conf
    assert not conf.web_enabled
    assert conf.consumer_auto_offset_reset == "earliest"
    assert conf.topic_disable_leader
    # A fetch for each partition must fit between the mark at which Faust pauses and the end of the buffer: else one
    # stage that waits stops them all.
    assert conf.stream_buffer_maxsize / 5 >= PACKETS.partitions * conf.broker_max_poll_records
