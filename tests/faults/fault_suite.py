"""The short form of every fault: one running system on a set of engines, one fault after another.

Each set has a file of its own, so that they can run side by side.
"""

import random
import time
from collections.abc import Iterator

import pytest

from tests.faults.account import attempts_that_failed, settle
from tests.faults.doing import freeze, kill_rounds
from tests.faults.engines import SETS
from tests.faults.proxy import OUTAGES, REFUSED, SLOW
from tests.faults.system import System, running

KILLS = 10
"""Of each set; there are two."""
AWAY_S = 1.5
FROZEN_S = 8.0
"""Past the session's time-out, after which Kafka has given the partitions to somebody else. [s]"""


class FaultSuite:
    """What is done to a system. After each test nothing may be lost, and every process be ready again."""

    ENGINES: str

    @pytest.fixture(scope="class")
    @classmethod
    def started(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
        folder = tmp_path_factory.mktemp(cls.ENGINES)
        with SETS[cls.ENGINES](folder) as engines, running(engines) as started, started.sending():
            started.until(lambda: started.fleet.progress.sent > 100, "the first frames")
            yield started

    @pytest.fixture
    def system(self, started: System) -> Iterator[System]:
        started.run()
        yield started
        settle(started)
        started.until_ready()
        assert not started.memory.over_bound()

    @pytest.mark.parametrize("shape", OUTAGES, ids=lambda shape: shape.name)
    def test_engines_away_one_after_another_are_waited_for(self, system, shape):
        before, failed = system.supervisor.restarts(), len(attempts_that_failed(system.engines, "proxied"))
        told = len(system.engines.direct_hook.delivered)
        with system.away("series", "webhook", shape=shape):
            system.until(lambda: len(system.engines.direct_hook.delivered) > told, "the other channel is not held up")
            if shape is not SLOW:
                system.until(
                    lambda: len(attempts_that_failed(system.engines, "proxied")) > failed, "a failed attempt is logged"
                )
        with system.away("database", "mqtt", shape=shape):
            if shape is REFUSED:
                system.engines.restart_mqtt()
            time.sleep(AWAY_S)  # the outage's length; whatever must come to pass is waited for
        with system.away("kafka", shape=shape):
            time.sleep(AWAY_S)
        settle(system)
        assert system.supervisor.restarts() == before, "all come round by themselves"

    def test_kills_at_random_moments_lose_nothing_and_change_nothing(self, system):
        before = sum(system.supervisor.restarts().values())
        kill_rounds(system, KILLS, dice=random.Random(212))
        settle(system)
        assert sum(system.supervisor.restarts().values()) - before >= KILLS

    def test_frozen_past_the_sessions_time_out_while_the_other_worker_is_replaced(self, system):
        with freeze(system, "gateway", "worker", "alerts"):
            thawed_at = time.monotonic() + FROZEN_S
            system.remove("worker-2")
            system.start("worker-3")
            time.sleep(max(0.0, thawed_at - time.monotonic()))  # Kafka's clock, which no condition of ours tells
