"""The short form of every fault: one running system on each set of engines, one fault after another."""

import random
import time

import pytest

from tests.faults.account import attempts_that_failed, settle
from tests.faults.doing import freeze, kill_rounds
from tests.faults.engines import SETS
from tests.faults.proxy import OUTAGES, REFUSED, SLOW
from tests.faults.system import running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]  # a machine that has no engines yet builds them here

KILLS = 10
"""Of each set; there are two."""
AWAY_S = 1.5
FROZEN_S = 8.0
"""Past the session's time-out, after which Kafka has given the partitions to somebody else. [s]"""


@pytest.fixture(scope="module", params=list(SETS))
def system(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    with SETS[request.param](folder) as engines, running(engines) as started, started.sending():
        started.until(lambda: started.fleet.progress.sent > 100, "the first frames")
        yield started


@pytest.fixture(autouse=True)
def all_is_well_before_and_after(system):
    system.run()
    yield
    settle(system)
    system.until_ready()
    assert not system.memory.over_bound()


@pytest.mark.parametrize("shape", OUTAGES, ids=lambda shape: shape.name)
def test_engines_away_one_after_another(system, shape):
    before, failed = system.supervisor.restarts(), len(attempts_that_failed(system.engines, "proxied"))
    told = len(system.engines.direct_hook.delivered)
    with system.away("series", "webhook", shape=shape):
        time.sleep(AWAY_S)  # the outage's length; what must come to pass is waited for
        system.until(lambda: len(system.engines.direct_hook.delivered) > told, "the other channel is not held up")
        if shape is not SLOW:
            system.until(
                lambda: len(attempts_that_failed(system.engines, "proxied")) > failed, "a failed attempt is logged"
            )
    with system.away("database", "mqtt", shape=shape):
        if shape is REFUSED:
            system.engines.restart_mqtt()
        time.sleep(AWAY_S)
    with system.away("kafka", shape=shape):
        time.sleep(AWAY_S)
    settle(system)
    assert system.supervisor.restarts() == before, "all come round by themselves"


def test_killed_at_random_moments(system):
    before = sum(system.supervisor.restarts().values())
    kill_rounds(system, KILLS, dice=random.Random(212))
    settle(system)
    assert sum(system.supervisor.restarts().values()) - before >= KILLS


def test_frozen_past_the_sessions_time_out_so_that_another_worker_takes_over(system):
    with freeze(system, "gateway", "worker", "alerts"):
        time.sleep(FROZEN_S)  # Kafka's clock, which no condition of ours tells


def test_a_worker_goes_and_another_comes(system):
    system.remove("worker-2")
    system.add_worker()
