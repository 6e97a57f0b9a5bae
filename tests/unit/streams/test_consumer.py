import asyncio
import threading
from types import SimpleNamespace

import pytest
from aiokafka.errors import GroupAuthorizationFailedError
from faust.types import TP

from streams import consumer as module
from streams.app import FOLDING_ID, create_app
from streams.consumer import CarefulConsumer, _These

A, B = TP("cems.packets", 0), TP("cems.packets", 1)


@pytest.fixture
async def consumer():
    """A consumer that is not connected to anything."""
    one = create_app(FOLDING_ID, "127.0.0.1:1", replication=1, session_s=6.0).consumer
    yield one
    one._thread.thread_loop.close()


def readable(consumer):
    return {tp for tp in (A, B) if tp in consumer._get_active_partitions()}


async def test_the_application_reads_with_the_careful_consumer(consumer):
    assert isinstance(consumer, CarefulConsumer)


async def test_partitions_are_read_from_only_when_messages_may_flow(consumer):
    consumer.pause_partitions({A, B})
    consumer.resume_partitions({A, B})
    assert readable(consumer) == set()
    consumer.resume_flow()
    assert readable(consumer) == {A, B}


async def test_a_partition_that_is_paused_again_is_not_resumed_later(consumer):
    consumer.resume_partitions({A, B})
    consumer.pause_partitions({B})
    consumer.resume_flow()
    assert readable(consumer) == {A}
    consumer.resume_flow()
    assert readable(consumer) == {A}


class Coordinator:
    """Answers a heartbeat as the test says."""

    def __init__(self, answer):
        self.answer = answer

    async def _do_heartbeat(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is None:
            await asyncio.Event().wait()
        return self.answer


@pytest.mark.parametrize(
    ("answer", "ours"),
    [
        pytest.param(True, True, id="a member of this generation goes on"),
        pytest.param(False, False, id="one that Kafka no longer knows does not"),
        pytest.param(GroupAuthorizationFailedError(), False, id="nor one whose question fails"),
        pytest.param(None, False, id="nor one whose question is not answered"),
    ],
)
async def test_kafka_is_asked_whether_we_belong_to_the_group(consumer, answer, ours, monkeypatch):
    monkeypatch.setattr(module, "ANSWER_S", 0.05)
    thread = consumer._thread
    monkeypatch.setattr(thread, "_ensure_consumer", lambda: SimpleNamespace(_coordinator=Coordinator(answer)))
    loop = threading.Thread(target=thread.thread_loop.run_forever)
    loop.start()
    try:
        assert await consumer.still_ours() is ours
    finally:
        thread.thread_loop.call_soon_threadsafe(thread.thread_loop.stop)
        loop.join()


def test_no_partitions_is_a_restriction_too_and_follows_what_is_resumed():
    live = set()
    these = _These(live)
    assert these
    assert A not in these
    live.add(A)
    assert A in these
