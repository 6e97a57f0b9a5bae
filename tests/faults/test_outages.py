"""Long outages: made up for within twice their length, by processes that nobody has started again."""

import os
import time

import pytest

from tests.faults.account import settle
from tests.faults.engines import SETS
from tests.faults.proxy import BLACK_HOLE, OUTAGES, REFUSED
from tests.faults.system import System, running

pytestmark = [pytest.mark.long, pytest.mark.e2e, pytest.mark.timeout(3600)]

LONG_S = float(os.environ.get("STACKWATCH_TEST_OUTAGE_S", "30"))
PAST_EVERY_TIME_OUT_S = 100.0
"""Longer than any client waits for one answer, than a producer keeps a message, and than Kafka waits for a worker."""

TARGETS = {"embedded": ("kafka", "mqtt", "webhook"), "real": ("kafka", "mqtt", "series", "database", "webhook")}


@pytest.mark.parametrize("shape", OUTAGES, ids=lambda shape: shape.name)
@pytest.mark.parametrize(
    ("name", "target"), [pytest.param(name, target) for name, targets in TARGETS.items() for target in targets]
)
def test_an_outage_is_made_up_for_within_twice_its_length(name, target, shape, tmp_path):
    with SETS[name](tmp_path) as engines, running(engines) as system, system.sending():
        made_up_for(system, target, shape, LONG_S)


@pytest.mark.parametrize("shape", [REFUSED, BLACK_HOLE], ids=lambda shape: shape.name)
@pytest.mark.parametrize("name", list(SETS))
def test_kafka_away_past_every_time_out(name, shape, tmp_path):
    with SETS[name](tmp_path) as engines, running(engines) as system, system.sending():
        made_up_for(system, "kafka", shape, PAST_EVERY_TIME_OUT_S)


def made_up_for(system: System, target: str, shape, seconds: float) -> None:
    system.until(lambda: system.fleet.progress.sent > 100, "the first frames")
    settle(system)
    system.run()
    with system.away(target, shape=shape):
        time.sleep(seconds)
    took = settle(system, seconds=max(120, 3 * seconds))
    peaks = ", ".join(f"{name} {mb:.0f} MB" for name, mb in sorted(system.memory.peak_mb.items()))
    print(f"\n{system.engines.name}: {target} {shape.name} for {seconds:.0f} s, made up for in {took:.1f} s; {peaks}")
    assert took <= 2 * seconds
    assert not any(system.supervisor.restarts().values()), "all came round by themselves"
    assert not system.memory.over_bound()
