"""A process that runs and does nothing is told from one that starts, and from one that works."""

import asyncio
import os
import signal
import time

import pytest

from stackwatch import heartbeat as heartbeats
from stackwatch.embedded import liveness, supervisor
from stackwatch.embedded.liveness import PATIENCE_S, Liveness
from stackwatch.embedded.ports import free_port
from stackwatch.embedded.supervisor import Supervisor
from stackwatch.health import serve_health
from stackwatch.heartbeat import SILENT_S, Heartbeat, heartbeat


class Hands:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def scene():
    """A process's health answers, and a clock in the test's hands."""
    reasons, clock = [None], Hands()
    with serve_health("127.0.0.1", free_port(), lambda: None, alive=lambda: reasons[0]) as port:
        yield reasons, clock, Liveness(f"http://127.0.0.1:{port}", clock=clock)


def test_a_process_that_says_it_is_dead_is_believed_after_a_while(scene):
    reasons, clock, asked = scene
    assert asked.why_dead() is None
    reasons[0] = "7 messages have waited for 181 s"
    clock.now = PATIENCE_S - 1
    assert asked.why_dead() is None
    clock.now = PATIENCE_S
    assert asked.why_dead() == "not alive for 60 s: 7 messages have waited for 181 s"


def test_one_good_answer_gives_it_its_time_anew(scene):
    reasons, clock, asked = scene
    asked.why_dead()
    clock.now, reasons[0] = 50, "stuck"
    asked.why_dead()
    clock.now, reasons[0] = 55, None
    asked.why_dead()
    clock.now, reasons[0] = 100, "stuck"
    assert asked.why_dead() is None


def test_a_process_that_has_never_answered_is_still_starting():
    clock = Hands()
    asked = Liveness(f"http://127.0.0.1:{free_port()}", clock=clock)
    clock.now = 10 * PATIENCE_S
    assert asked.why_dead() is None


def test_a_process_that_answers_no_more_is_dead_and_a_new_one_is_starting(scene):
    _, clock, asked = scene
    asked.why_dead()
    asked._address = f"http://127.0.0.1:{free_port()}"
    clock.now = PATIENCE_S
    assert "refused" in asked.why_dead()
    asked.begin()
    assert asked.why_dead() is None


def test_a_process_without_an_address_is_not_asked():
    assert Liveness("").why_dead() is None


PROGRAM = """\
from http.server import HTTPServer, SimpleHTTPRequestHandler
HTTPServer(("127.0.0.1", {port}), SimpleHTTPRequestHandler).serve_forever()
"""


def test_a_frozen_process_is_killed_and_started_again(tmp_path, monkeypatch):
    """A real process that stands still and is not gone: nothing but its silence tells."""
    port = free_port()
    package = tmp_path / "stackwatch"
    package.mkdir()
    (package / "__main__.py").write_text(PROGRAM.format(port=port))
    (tmp_path / "healthz").write_text("ok\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(supervisor, "PROBE_S", 0.2)
    monkeypatch.setattr(liveness, "PROBE_S", 0.2)
    monkeypatch.setattr(liveness, "PATIENCE_S", 1.0)
    with Supervisor(tmp_path / "logs", {}) as running:
        running.start("server", health=f"http://127.0.0.1:{port}")
        first = running.pids()["server"]
        until(lambda: running._guards["server"]._liveness._well_at is not None)
        os.kill(first, signal.SIGSTOP)
        until(lambda: running.pids().get("server", first) != first)
        assert running.restarts() == {"server": 1}


LIVES = """\
import pathlib, sys, time
lives = pathlib.Path("lives")
lives.write_text(lives.read_text() + "x" if lives.exists() else "x")
time.sleep(60) if len(lives.read_text()) == 3 else sys.exit(len(lives.read_text()))
"""


def test_a_process_that_has_lived_and_misses_its_brokers_later_is_not_given_up(tmp_path, monkeypatch):
    """Its second life ends as if it had been started wrongly (exit code 2): Kafka was away at that moment."""
    package = tmp_path / "stackwatch"
    package.mkdir()
    (package / "__main__.py").write_text(LIVES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(supervisor, "FIRST_DELAY_S", 0.01)
    with Supervisor(tmp_path / "logs", {}) as running:
        running.start("server")
        until(lambda: running.restarts() == {"server": 2} and "server" in running.pids())
        assert running.failures() == {}


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_heart_that_beats_no_more_is_told_after_a_while():
    clock = Hands()
    heart = Heartbeat(clock=clock)
    clock.now = SILENT_S
    assert heart.why_dead() is None
    clock.now = SILENT_S + 1
    assert heart.why_dead() == "the event loop has not turned for 61 s"
    heart.beat()
    assert heart.why_dead() is None


async def test_a_heart_beats_while_the_event_loop_turns(monkeypatch):
    monkeypatch.setattr(heartbeats, "BEAT_S", 0.001)
    async with heartbeat() as heart:
        before = heart._beaten_at
        async with asyncio.timeout(5):
            while heart._beaten_at == before:  # noqa: ASYNC110 - the heart is what is looked at
                await asyncio.sleep(0.001)
