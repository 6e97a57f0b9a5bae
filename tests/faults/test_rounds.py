"""Many rounds of what tests/faults/test_short.py does a few times."""

import random
import signal
import time

import pytest

from tests.faults.account import settle
from tests.faults.doing import freeze, kill_rounds
from tests.faults.engines import SETS
from tests.faults.system import running

pytestmark = [pytest.mark.long, pytest.mark.e2e, pytest.mark.timeout(3600)]

KILLS, BETWEEN_CHECKS = 100, 20
"""Of each set; there are two."""
CHANGE_EVERY_S = 10.0
CHANGES = 12


@pytest.fixture(params=list(SETS))
def system(request, tmp_path):
    with SETS[request.param](tmp_path) as engines, running(engines) as started, started.sending():
        started.until(lambda: started.fleet.progress.sent > 100, "the first frames")
        yield started
        assert not started.memory.over_bound()


def test_two_hundred_kills_lose_nothing_and_change_nothing(system):
    dice = random.Random(212)
    for _ in range(KILLS // BETWEEN_CHECKS):
        system.run()
        kill_rounds(system, BETWEEN_CHECKS, dice=dice, between_s=(0.1, 3.0))
        settle(system, seconds=180)


def test_workers_that_come_and_go_every_ten_seconds_leave_no_partition_behind(system):
    names = ["worker-2"]
    for n in range(CHANGES):
        due = time.monotonic() + CHANGE_EVERY_S
        if n % 2 == 0:
            system.remove(names.pop())
        else:
            names.append(system.add_worker())
        time.sleep(max(0.0, due - time.monotonic()))
    settle(system)
    system.until_ready()


@pytest.mark.parametrize("frozen", [("worker",), ("worker", "worker-2"), ("gateway",), ("alerts",)], ids=" and ".join)
def test_frozen_past_the_sessions_time_out_again_and_again(system, frozen):
    for _ in range(3):
        with freeze(system, *frozen):
            time.sleep(15)
        settle(system)
        system.run()


def test_everything_killed_at_once(system):
    for _ in range(3):
        for name in list(system.pids()):
            system.signal(name, signal.SIGKILL)
        settle(system)
        system.run()
