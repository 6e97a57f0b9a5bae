"""The same judging on the engines that bureaus run: Apache Kafka and InfluxDB instead of the embedded parts."""

import asyncio
import os
import signal
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from contracts.topics import PACKETS
from deploy.engines import influxdb, kafka, mosquitto
from emissions.beijing import BEIJING
from hj212.decode import decode
from hj212.encode import message
from hj212.message import Message
from hj212.moments import qn_of, text_of
from stackwatch.embedded.ports import free_port
from stackwatch.embedded.supervisor import Supervisor
from stackwatch.topics import create_topics
from stores import open_store
from tests.integration.recorded import REGISTER, batch, everything_in, example, feed, outcome, publish, wait_until
from tests.integration.wire import Client

pytestmark = pytest.mark.timeout(1800)
"""The first run on a new machine builds InfluxDB."""


@pytest.fixture
def engines(tmp_path):
    """Kafka with the declared topics, InfluxDB, Mosquitto: what a process is told, and the store."""
    with (
        kafka(tmp_path / "kafka") as broker,
        influxdb(tmp_path / "influxdb") as series,
        mosquitto(tmp_path / "m") as mqtt,
    ):
        asyncio.run(create_topics(broker.bootstrap))
        env = broker.env | series.env | mqtt.env | {"STACKWATCH_REGISTER": str(REGISTER)}
        token = Path(env["STACKWATCH_SERIES_TOKEN_FILE"]).read_text(encoding="utf-8").strip()
        yield env, open_store(env["STACKWATCH_SERIES"], token=token)


def test_the_worker_killed_on_real_engines_equals_the_batch(engines, tmp_path):
    env, store = engines
    servers = env["STACKWATCH_KAFKA"]
    register, rules = example()
    lines = feed(register)
    wanted = batch(register, rules, lines)
    half = len(lines) // 2
    with Supervisor(tmp_path / "logs", env) as supervisor:
        supervisor.start("worker", "worker", env={"STACKWATCH_KAFKA_SESSION_S": "6"})
        asyncio.run(publish(servers, register, lines[:half]))
        wait_until(lambda: bool(outcome(servers, store).hours), seconds=120, what="the first hours are stored")
        os.kill(supervisor.pids()["worker"], signal.SIGKILL)
        asyncio.run(publish(servers, register, lines[half:]))
        wait_until(lambda: outcome(servers, store) == wanted, seconds=180, what="the outcome is the batch's")
        assert supervisor.restarts()["worker"] == 1


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def test_the_gateway_on_mosquitto_answers_what_kafka_has(engines, tmp_path):
    env, _ = engines
    port = free_port()
    address = urlsplit(env["STACKWATCH_MQTT"])
    mn = next(outlet.mn for outlet in example()[0].outlets.values() if outlet.mn)
    now = datetime.now(BEIJING)
    values = {"a21026": {"Rtd": "12.40", "Flag": "N"}}
    packet = message(qn=qn_of(now), st="31", cn="2011", mn=mn, flag=5, data_time=text_of(now), values=values)
    with (
        Supervisor(tmp_path / "logs", env | {"STACKWATCH_HEALTH_PORT": str(port)}) as supervisor,
        Client(address.port, "hj212/+/down") as logger,
    ):
        supervisor.start("gateway", "gateway")
        wait_until(lambda: is_ready(port), seconds=60, what="the gateway has subscribed")
        logger.publish(f"hj212/{mn}/up", packet)
        wait_until(lambda: bool(logger.received), seconds=60, what="the answer")
    answer = decode(logger.received[0][1])
    lines = asyncio.run(everything_in(env["STACKWATCH_KAFKA"], PACKETS))
    (line,) = (line for line in lines if line.startswith(b'{"kind":"packet"'))
    assert isinstance(answer, Message)
    assert (answer.cn, answer.qn) == ("9014", qn_of(now))
    assert packet.decode().strip() in line.decode()
