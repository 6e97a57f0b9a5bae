"""A worker killed again and again ends where an undisturbed one ends."""

import asyncio
import os
import random
import signal
import time

from stackwatch.embedded.supervisor import Supervisor
from stores import open_store
from tests.integration.recorded import REGISTER, batch, example, feed, outcome, publish, wait_until

ROUNDS = 4


def test_a_worker_killed_at_random_moments_ends_where_the_batch_ends(kafka, tmp_path):
    register, rules = example()
    lines = feed(register)
    wanted = batch(register, rules, lines)
    env = {
        "STACKWATCH_KAFKA": kafka.url,
        "STACKWATCH_KAFKA_IDEMPOTENCE": "false",
        "STACKWATCH_KAFKA_SESSION_S": "6",
        "STACKWATCH_SERIES": f"sqlite:///{tmp_path}/series.sqlite",
        "STACKWATCH_REGISTER": str(REGISTER),
    }
    supervisor = Supervisor(tmp_path, env)
    store = open_store(f"sqlite:///{tmp_path}/series.sqlite")
    dice = random.Random(212)
    cuts = sorted(dice.sample(range(len(lines)), ROUNDS))
    try:
        supervisor.start("worker", "worker")
        for part, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(lines)], strict=True)):
            asyncio.run(publish(kafka.url, register, lines[begin:end]))
            if part == ROUNDS:
                break
            pid = supervisor.pids()["worker"]
            time.sleep(dice.uniform(0.5, 6))  # not a wait for anything: the moment of the kill is the dice's
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda pid=pid: supervisor.pids().get("worker", pid) != pid, seconds=30, what="a new worker")
        wait_until(lambda: outcome(kafka.url, store) == wanted, seconds=120, what="the outcome is the batch's")
        assert supervisor.restarts()["worker"] >= ROUNDS
    finally:
        supervisor.stop()
