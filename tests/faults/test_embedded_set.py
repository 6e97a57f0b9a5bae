"""Every fault on the embedded parts; there a disk can be full for our own processes."""

import time

import pytest

from tests.faults.account import settle
from tests.faults.disk import full_disk
from tests.faults.fault_suite import FaultSuite

pytestmark = [pytest.mark.e2e]


class TestEmbeddedSet(FaultSuite):
    ENGINES = "embedded"

    def test_a_full_disk_is_refused_aloud_and_made_up_for_when_there_is_room(self, system):
        settle(system)
        before = system.supervisor.restarts()
        files = {
            pid: system.folder / ("alerts.sqlite" if name == "alerts" else "series.sqlite")
            for name, pid in system.pids().items()
            if name != "gateway"
        }
        with full_disk(files):
            system.run()
            system.until(lambda: "SQLite file" in said(system, "worker"), "the worker names the file")
            system.until(lambda: "I/O error" in (system.why_not_ready("alerts") or ""), "the alerts say why")
            written = system.metric("worker", "stackwatch_worker_points_stored_total")
            failed = system.metric("worker", "stackwatch_worker_store_failures_total", until="later")
            assert failed > 0
            time.sleep(1)
            assert system.metric("worker", "stackwatch_worker_points_stored_total") == written
        settle(system)
        assert system.supervisor.restarts() == before


def said(system, name):
    return "\n".join(line for line in system.log(name).splitlines() if "trying again" in line)
