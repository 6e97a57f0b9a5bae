"""The worker on a real broker says what the batch says: alone, stopped, without its store, in two."""

import asyncio
import os
import signal
import subprocess
import sys

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from contracts.topics import CITY, HOURS, PACKETS, QUARANTINE, RATES, READINGS
from stackwatch.embedded.ports import free_port
from stores import open_store
from streams.app import FOLDING_ID, STORING_ID
from tests.integration.recorded import REGISTER, batch, everything_in, example, feed, outcome, publish, wait_until

FOLDED, STORED = (PACKETS, HOURS, CITY), (READINGS, HOURS, RATES)


class Workers:
    """Worker processes on one broker and one store."""

    def __init__(self, kafka, folder):
        self.kafka = kafka
        self.folder = folder
        self.series = folder / "store" / "series.sqlite"
        self.store = open_store(f"sqlite:///{self.series}")
        self.running = []
        self.health = {}

    def start(self):
        port = free_port()
        env = os.environ | {
            "STACKWATCH_KAFKA": self.kafka,
            "STACKWATCH_KAFKA_IDEMPOTENCE": "false",
            "STACKWATCH_KAFKA_SESSION_S": "6",
            "STACKWATCH_SERIES": f"sqlite:///{self.series}",
            "STACKWATCH_REGISTER": str(REGISTER),
            "STACKWATCH_HEALTH_PORT": str(port),
        }
        with (self.folder / f"worker{len(self.health)}.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "stackwatch", "worker"], env=env, stderr=log, stdout=log)
        self.running.append(process)
        self.health[process.pid] = f"http://127.0.0.1:{port}"
        wait_until(lambda: self.ask(process, "readyz") == "ok\n", seconds=60, what="the worker is ready")
        return process

    def ask(self, process, path):
        try:
            return httpx.get(f"{self.health[process.pid]}/{path}", trust_env=False, timeout=30).text
        except httpx.TransportError:
            return ""

    def metric(self, process, name):
        lines = self.ask(process, "metrics").splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=60)

    def end(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait(timeout=60)


@pytest.fixture
def workers(kafka, tmp_path):
    crew = Workers(kafka.url, tmp_path)
    yield crew
    crew.end()


async def backlog(servers, topics, group=None):
    """Messages of the topics that the group has not committed; without a group, all of them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    consumer = AIOKafkaConsumer(bootstrap_servers=servers)
    await admin.start()
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, n) for topic in topics for n in range(topic.partitions)]
        ends = await consumer.end_offsets(partitions)
        committed = await admin.list_consumer_group_offsets(group, partitions=partitions) if group else {}
        return sum(max(0, end - max(0, committed[tp].offset if tp in committed else 0)) for tp, end in ends.items())
    finally:
        await consumer.stop()
        await admin.close()


def test_the_worker_equals_the_batch(kafka, workers):
    register, rules = example()
    lines = feed(register)
    wanted = batch(register, rules, lines)
    asyncio.run(publish(kafka.url, register, lines))
    workers.start()
    wait_until(lambda: outcome(kafka.url, workers.store) == wanted, seconds=90, what="the outcome is the batch's")
    refused = asyncio.run(everything_in(kafka.url, QUARANTINE))
    assert len(refused) == 1
    assert b"bad_line" in refused[0]


def test_a_worker_that_is_asked_to_stop_leaves_nothing_to_do_again(kafka, workers):
    register, rules = example()
    lines = feed(register)
    wanted = batch(register, rules, lines)
    half = len(lines) // 2
    first = workers.start()
    asyncio.run(publish(kafka.url, register, lines[:half]))
    wait_until(
        lambda: workers.metric(first, 'stackwatch_worker_lines_total{stage="judging"}') >= half, seconds=30, what="half"
    )
    assert workers.stop(first) == 0
    assert asyncio.run(backlog(kafka.url, [PACKETS], FOLDING_ID)) == 0
    hours = len(asyncio.run(everything_in(kafka.url, HOURS)))

    second = workers.start()
    asyncio.run(publish(kafka.url, register, lines[half:]))
    wait_until(lambda: outcome(kafka.url, workers.store) == wanted, seconds=60, what="the outcome is the batch's")
    assert workers.metric(second, 'stackwatch_worker_lines_total{stage="judging"}') == len(lines) - half
    assert len(asyncio.run(everything_in(kafka.url, HOURS))) > hours


def test_while_the_store_is_away_nothing_is_acknowledged_and_judging_goes_on(kafka, workers):
    register, rules = example()
    lines = feed(register)
    wanted = batch(register, rules, lines)
    (workers.folder / "store").touch()  # no folder: no store
    worker = workers.start()
    asyncio.run(publish(kafka.url, register, lines, per_message=1))
    wait_until(lambda: asyncio.run(backlog(kafka.url, FOLDED, FOLDING_ID)) == 0, seconds=60, what="all is folded")
    assert workers.metric(worker, "stackwatch_worker_store_failures_total") > 0
    assert asyncio.run(backlog(kafka.url, STORED, STORING_ID)) == asyncio.run(backlog(kafka.url, STORED)) > 0
    (workers.folder / "store").unlink()
    wait_until(lambda: outcome(kafka.url, workers.store) == wanted, seconds=60, what="the outcome is the batch's")
    wait_until(lambda: asyncio.run(backlog(kafka.url, STORED, STORING_ID)) == 0, seconds=60, what="all is stored")
    assert workers.stop(worker) == 0


def test_two_workers_share_the_work_and_one_takes_over_from_the_other(kafka, workers):
    register, rules = example()
    lines = feed(register)
    wanted = batch(register, rules, lines)
    third = len(lines) // 3
    one = workers.start()
    asyncio.run(publish(kafka.url, register, lines[:third]))
    two = workers.start()
    asyncio.run(publish(kafka.url, register, lines[third : 2 * third]))
    wait_until(lambda: workers.metric(two, "stackwatch_worker_lines_total") > 0, seconds=60, what="the second works")
    one.kill()
    asyncio.run(publish(kafka.url, register, lines[2 * third :]))
    wait_until(lambda: outcome(kafka.url, workers.store) == wanted, seconds=90, what="the outcome is the batch's")
