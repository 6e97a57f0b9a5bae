import pytest
from faust.types import TP

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


def test_no_partitions_is_a_restriction_too_and_follows_what_is_resumed():
    live = set()
    these = _These(live)
    assert these
    assert A not in these
    live.add(A)
    assert A in these
