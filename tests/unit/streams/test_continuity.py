"""A message that was never read is told, whoever loses it and whoever reads on."""

import asyncio
import logging

import pytest
from prometheus_client import CollectorRegistry

from streams.app import create_app
from streams.checkpoint import PLACE
from streams.continuity import Continuity
from streams.folding import judging
from streams.metrics import Metrics
from tests.unit.streams.doubles import Broker, Event, Sent, Stream, until


@pytest.mark.parametrize(
    ("offsets", "skipped"),
    [
        pytest.param([7, 8, 9], [0, 0, 0], id="one after the other, from wherever"),
        pytest.param([7, 9, 10], [0, 1, 0], id="one is missing"),
        pytest.param([7, 8, 7, 8, 9], [0, 0, 0, 0, 0], id="some come again"),
        pytest.param([7, 8, 5, 9], [0, 0, 0, 3], id="behind those that come again"),
    ],
)
def test_offsets_follow_one_another(offsets, skipped):
    continuity = Continuity()
    assert [continuity.skipped(0, offset) for offset in offsets] == skipped


def test_partitions_count_for_themselves():
    continuity = Continuity()
    assert [continuity.skipped(*place) for place in ((0, 5), (1, 9), (0, 6), (1, 11))] == [0, 0, 0, 1]


def test_what_is_written_down_holds_after_a_change_of_hands():
    before, after = Continuity(), Continuity()
    for offset in (5, 6):
        before.skipped(0, offset)
    news = before.news()
    assert news == [(0, 7)]
    before.safe(news)
    assert before.news() == []
    after.start_over(dict(news))
    assert after.skipped(0, 9) == 2


class Fold:
    """Says nothing and remembers nothing."""

    def line(self, line):
        return []

    def dirty(self):
        return []

    def load(self, segments):
        pass

    def drop(self, keep):
        pass

    def partition_of(self, key):
        return 0


async def test_a_stage_says_what_it_never_read_and_writes_down_how_far_it_is(caplog):
    broker, registry, stream = Broker(), CollectorRegistry(), Stream()
    app = create_app("continuity", "127.0.0.1:1", replication=1, session_s=6)
    stage = judging(app, Fold(), broker, Metrics(registry))
    task = asyncio.create_task(stage.held.run(stream))
    with caplog.at_level(logging.CRITICAL):
        for offset in (3, 4, 6):
            stream.queue.put_nowait(Event(b"", Sent(partition=2, offset=offset)))
        await until(lambda: stage.held.waiting == 3)
    assert "judging: 1 messages of cems.packets, partition 2, before offset 6 were never read" in caplog.text
    assert registry.get_sample_value("stackwatch_worker_skipped_messages_total", {"stage": "judging"}) == 1
    await stage.make_safe(asyncio.Event())
    places = [(partition, value) for _, key, partition, value in broker.sent if key.startswith(PLACE)]
    assert places == [(2, b"7")]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
