import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from contracts.topics import TOPICS
from stackwatch.embedded.nats import mqtt_broker
from stackwatch.embedded.ports import require_free
from stackwatch.embedded.supervisor import Supervisor
from stackwatch.embedded.tansu import kafka_broker
from stackwatch.errors import UserError
from stackwatch.topics import create_topics


def wait_for(condition, deadline_s=60):
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)


def alive(pid):
    """Whether the process runs; one that is dead and not yet collected by its parent does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def partitions_of(bootstrap):
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    finally:
        await admin.close()


async def test_topics_are_made_as_declared_and_making_them_again_is_harmless(kafka):
    await create_topics(kafka.url)
    assert await partitions_of(kafka.url) == {topic.name: topic.partitions for topic in TOPICS}


@pytest.mark.parametrize("broker", [mqtt_broker, kafka_broker], ids=["MQTT", "Kafka"])
def test_a_busy_port_is_named(broker, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port}"), broker(tmp_path, port=port):
            pass


@pytest.mark.parametrize("broker", [mqtt_broker, kafka_broker], ids=["MQTT", "Kafka"])
def test_nothing_runs_after_the_block(broker, tmp_path):
    with broker(tmp_path) as running:
        assert alive(running.child.pid)
    assert not alive(running.child.pid)
    assert require_free(running.port, what="another") == running.port


def test_a_broker_dies_with_a_parent_that_is_killed(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from stackwatch.embedded.tansu import kafka_broker\n"
        "with kafka_broker(Path(sys.argv[1])) as b: print(b.child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    wait_for(lambda: not alive(pid))


def test_a_killed_process_is_started_again_and_stop_leaves_nothing(tmp_path, kafka):
    env = {"STACKWATCH_KAFKA": kafka.url, "STACKWATCH_MQTT": "mqtt://127.0.0.1:1", "STACKWATCH_HEALTH_PORT": "0"}
    with Supervisor(tmp_path / "logs", env) as supervisor:
        supervisor.start("gateway", "gateway")
        first = supervisor.pids()["gateway"]
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: supervisor.pids().get("gateway", first) != first)
        second = supervisor.pids()["gateway"]
        assert supervisor.restarts() == {"gateway": 1}
    assert not alive(first)
    assert not alive(second)


def test_a_process_that_was_started_wrongly_is_given_up_with_its_reason(tmp_path):
    with Supervisor(tmp_path / "logs", {"STACKWATCH_CLOCK": "yesterday"}) as supervisor:
        supervisor.start("gateway", "gateway")
        wait_for(supervisor.failures)
        assert "STACKWATCH_CLOCK='yesterday'" in supervisor.failures()["gateway"]
        assert supervisor.pids() == {}


def test_making_topics_at_a_dead_broker_is_an_error_and_not_a_hang():
    from aiokafka.errors import KafkaConnectionError

    with pytest.raises(KafkaConnectionError):
        asyncio.run(create_topics("127.0.0.1:1"))
