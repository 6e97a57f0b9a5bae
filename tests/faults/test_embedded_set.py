"""Every fault on the embedded parts; there a disk can be full for our own processes."""

import pytest

from tests.faults.account import settle
from tests.faults.disk import full_disk
from tests.faults.fault_suite import FaultSuite

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

FAILURES = "stackwatch_worker_store_failures_total"


class TestEmbeddedSet(FaultSuite):
    ENGINES = "embedded"

    def test_a_full_disk_is_refused_aloud_and_made_up_for_when_there_is_room(self, system):
        settle(system)
        before = system.supervisor.restarts()
        workers = [name for name in system.pids() if name.startswith("worker")]
        files = {
            pid: system.folder / ("alerts.sqlite" if name == "alerts" else "series.sqlite")
            for name, pid in system.pids().items()
            if name != "gateway"
        }
        with full_disk(files):
            system.run()
            system.until(lambda: "SQLite file" in said(system, workers), "a worker names the file")
            system.until(lambda: "I/O error" in (system.why_not_ready("alerts") or ""), "the alerts say why")
            assert sum(system.metric(name, FAILURES, until="later") for name in workers) > 0
        settle(system)
        assert system.supervisor.restarts() == before


def said(system, names):
    """What processes have logged of writes that they will try again."""
    return "\n".join(line for name in names for line in system.log(name).splitlines() if "trying again" in line)
