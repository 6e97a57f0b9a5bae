"""The worker on a real broker says what the batch says, to the last digit."""

import asyncio

import pytest

from contracts.topics import QUARANTINE
from stackwatch.embedded.supervisor import Supervisor
from stores import open_store
from tests.integration.recorded import REGISTER, batch, everything_in, example, feed, outcome, publish, wait_until


@pytest.fixture
def worker(kafka, tmp_path):
    """A supervised worker that is not running yet, with its store."""
    env = {
        "STACKWATCH_KAFKA": kafka.url,
        "STACKWATCH_KAFKA_IDEMPOTENCE": "false",
        "STACKWATCH_KAFKA_SESSION_S": "6",
        "STACKWATCH_SERIES": f"sqlite:///{tmp_path}/series.sqlite",
        "STACKWATCH_REGISTER": str(REGISTER),
    }
    supervisor = Supervisor(tmp_path, env)
    yield supervisor
    supervisor.stop()


def test_the_worker_equals_the_batch(kafka, worker, tmp_path):
    register, rules = example()
    lines = feed(register)
    wanted = batch(register, rules, lines)
    asyncio.run(publish(kafka.url, register, lines))
    worker.start("worker", "worker")
    store = open_store(f"sqlite:///{tmp_path}/series.sqlite")
    wait_until(lambda: outcome(kafka.url, store) == wanted, seconds=90, what="the worker's outcome is the batch's")
    refused = asyncio.run(everything_in(kafka.url, QUARANTINE))
    assert len(refused) == 1
    assert b"bad_line" in refused[0]
