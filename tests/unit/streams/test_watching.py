"""A worker whose offsets stand still says so, and ends itself so that its supervisor starts another."""

import asyncio
import logging
import time

import pytest

from contracts.progress import DEAD_AFTER_S
from streams import worker
from streams.worker import LOOK_S, Worker


class Ended(BaseException):
    """Instead of the process's end."""


class Stalled:
    """A group with a reason."""

    def __init__(self, not_ready=None, dead=None):
        self.not_ready, self.dead = not_ready, dead

    def observe(self):
        return self.not_ready

    def why_dead(self):
        return self.dead


@pytest.fixture
def exits(monkeypatch):
    codes = []

    def end(code):
        codes.append(code)
        raise Ended

    monkeypatch.setattr(worker, "end", end)
    return codes


async def test_a_stage_that_stands_still_without_a_reason_ends_the_process(exits, caplog):
    still = "judging: 7 messages have waited for 181 s, nothing was committed"
    watched = Worker([Stalled(), Stalled(not_ready=still, dead=still)], producer=None)
    with pytest.raises(Ended):
        await watched._look()
    assert exits == [worker.BROKEN]
    assert f"{still}; the process ends and starts anew" in caplog.text
    assert watched.why_dead() == still


async def test_a_stage_that_waits_for_a_store_is_not_ready_and_not_ended(exits):
    watched = Worker([Stalled(not_ready="storing.hours: the series store cannot be used")], producer=None)
    looking = asyncio.create_task(watched._look())
    await asyncio.sleep(0)
    assert watched.why_not_ready() == "storing.hours: the series store cannot be used"
    assert watched.why_dead() is None
    looking.cancel()
    assert exits == []


def test_the_log_tells_when_it_begins_and_when_it_is_over(caplog):
    caplog.set_level(logging.INFO)
    watched = Worker([], producer=None)
    for reason in ("starting", None, "Kafka has not answered for 13 s", "Kafka has not answered for 14 s", None, None):
        watched._tell(reason)
    assert [record.getMessage() for record in caplog.records] == ["ready", "Kafka has not answered for 13 s", "ready"]


@pytest.mark.parametrize(
    ("silent_s", "ready", "alive"),
    [
        pytest.param(LOOK_S, True, True, id="an event loop that turns is ready"),
        pytest.param(LOOK_S * 10 + 1, False, True, id="one that has not turned for a while is not ready"),
        pytest.param(DEAD_AFTER_S + 1, False, False, id="one that does not turn any more is to be started again"),
    ],
)
def test_an_event_loop_that_is_stuck_is_told_by_the_thread_that_answers(silent_s, ready, alive, monkeypatch):
    watched = Worker([Stalled()], producer=None)
    watched._not_ready = None
    later = time.monotonic() + silent_s
    monkeypatch.setattr(worker.time, "monotonic", lambda: later)
    assert (watched.why_not_ready() is None, watched.why_dead() is None) == (ready, alive)
