import asyncio
from contextlib import asynccontextmanager

import pytest

from streams.held import Held, NotOurs
from tests.unit.streams.doubles import Stream, until


class Step:
    """Remembers the order of what it was told; may be kept from making safe."""

    def __init__(self):
        self.told = []
        self.free = asyncio.Event()
        self.free.set()
        self.error = None

    async def take(self, payload):
        self.told.append(payload)

    async def pass_on(self):
        self.told.append("pass on")

    async def make_safe(self, let_go):
        self.told.append("begin")
        await self.free.wait()
        if self.error:
            raise self.error
        self.told.append("safe")

    def forget(self):
        self.told.append("forget")


@asynccontextmanager
async def running(step, **when):
    stream = Stream()
    held = Held(step, **({"every_s": 0.0, "at_most": 100} | when))
    task = asyncio.create_task(held.run(stream))
    try:
        yield held, stream
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_nothing_is_acknowledged_before_it_is_safe():
    step = Step()
    async with running(step) as (held, stream):
        stream.put(b"1", b"2")
        await until(lambda: held.waiting == 2)
        step.free.clear()
        tick = asyncio.create_task(held.tick())
        await until(lambda: "begin" in step.told)
        assert stream.acknowledged == []
        step.free.set()
        await tick
        assert stream.acknowledged == [b"1", b"2"]
        assert held.waiting == 0
        assert held.acknowledged == 2


async def test_the_moment_of_the_message_acknowledged_last_is_known():
    step = Step()
    async with running(step) as (held, stream):
        stream.put(b"1", timestamp=10.0)
        stream.put(b"2", timestamp=12.5)
        await until(lambda: held.waiting == 2)
        assert held.acknowledged_from is None
        await held.tick()
        assert held.acknowledged_from == 12.5


async def test_events_are_held_for_as_long_as_they_may_be():
    step = Step()
    async with running(step, every_s=3600.0) as (held, stream):
        stream.put(b"1")
        await until(lambda: held.waiting == 1)
        await held.tick()
        assert step.told == [b"1", "pass on"]
        assert stream.acknowledged == []


async def test_many_events_are_made_safe_without_a_tick():
    async with running(Step(), every_s=3600.0, at_most=3) as (held, stream):
        stream.put(b"1", b"2", b"3", b"4")
        await until(lambda: held.waiting == 1)
        assert stream.acknowledged == [b"1", b"2", b"3"]


async def test_an_error_while_making_safe_acknowledges_nothing():
    step = Step()
    step.error = OSError("gone")
    async with running(step) as (held, stream):
        stream.put(b"1")
        await until(lambda: held.waiting == 1)
        with pytest.raises(OSError, match="gone"):
            await held.tick()
        assert stream.acknowledged == []


async def test_partitions_taken_away_while_making_safe_leave_nothing_acknowledged():
    step = Step()
    async with running(step) as (held, stream):
        stream.put(b"1")
        await until(lambda: held.waiting == 1)
        step.free.clear()
        tick = asyncio.create_task(held.tick())
        await until(lambda: "begin" in step.told)
        held.let_go()
        step.free.set()
        await tick
        assert stream.acknowledged == []


async def test_a_tick_between_losing_partitions_and_starting_over_does_nothing():
    step = Step()
    async with running(step) as (held, stream):
        stream.put(b"1")
        await until(lambda: held.waiting == 1)
        held.let_go()
        await held.tick()
        assert step.told == [b"1"]


async def test_an_event_that_waited_through_a_rebalance_is_left_to_come_again():
    step = Step()
    async with running(step) as (held, stream):
        stream.put(b"1")
        await until(lambda: held.waiting == 1)
        step.free.clear()
        tick = asyncio.create_task(held.tick())
        await until(lambda: "begin" in step.told)
        stream.put(b"2")
        await until(stream.queue.empty)
        start_over = asyncio.create_task(held.start_over())
        await until(lambda: held.waiting == 0)
        step.free.set()
        await asyncio.gather(tick, start_over)
        stream.put(b"1", b"2")
        await until(lambda: held.waiting == 2)
        assert [told for told in step.told if told != "pass on"] == [b"1", "begin", "safe", "forget", b"1", b"2"]


async def test_closing_makes_safe_what_is_held_and_takes_in_nothing_more():
    step = Step()
    async with running(step, every_s=3600.0) as (held, stream):
        stream.put(b"1")
        await until(lambda: held.waiting == 1)
        assert await held.close(within_s=5)
        stream.put(b"2")
        await until(stream.queue.empty)
        await held.tick()
        assert stream.acknowledged == [b"1"]
        assert b"2" not in step.told


async def test_closing_gives_up_on_what_cannot_be_made_safe_and_never_acknowledges_it():
    step = Step()
    async with running(step) as (held, stream):
        stream.put(b"1")
        await until(lambda: held.waiting == 1)
        step.free.clear()
        tick = asyncio.create_task(held.tick())
        await until(lambda: "begin" in step.told)
        assert not await held.close(within_s=0.01)
        step.free.set()
        await tick
        assert stream.acknowledged == []


async def test_a_tombstone_is_an_empty_payload():
    step = Step()
    async with running(step) as (held, stream):
        stream.put(None)
        await until(lambda: held.waiting == 1)
        assert step.told == [b""]


async def test_what_may_be_anothers_is_not_acknowledged_and_tried_again_later():
    step = Step()
    async with running(step) as (held, stream):
        step.error = NotOurs()
        stream.put(b"1")
        await until(lambda: held.waiting == 1)
        await held.tick()
        assert (stream.acknowledged, held.waiting) == ([], 1)
        step.error = None
        await held.tick()
        assert stream.acknowledged == [b"1"]


async def test_a_stop_tells_that_what_may_be_anothers_was_not_made_safe():
    step = Step()
    async with running(step, every_s=60) as (held, stream):
        stream.put(b"1")
        await until(lambda: held.waiting == 1)
        step.error = NotOurs()
        assert not await held.close(1)
        assert stream.acknowledged == []
