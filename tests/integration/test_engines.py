"""The real engines start, do one round trip through a real client, keep their data, and leave nothing running."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS

from deploy.engines import influxdb, kafka, mosquitto, postgresql

ROOT = Path(__file__).parents[2]
WITHIN_S = 30

# A machine that has no engines yet gets and builds them here.
pytestmark = pytest.mark.timeout(1800)


def gone(pid: int) -> bool:
    """Whether the process has ended; a dead one whose parent has not looked yet counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def await_gone(pid: int) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not gone(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.05)


async def test_kafka_takes_a_message_and_keeps_it(tmp_path):
    with kafka(tmp_path) as engine:
        admin = AIOKafkaAdminClient(bootstrap_servers=engine.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("packets", num_partitions=2, replication_factor=1)])
        await admin.close()
        async with AIOKafkaProducer(
            bootstrap_servers=engine.bootstrap, acks="all", enable_idempotence=True
        ) as producer:
            await producer.send_and_wait("packets", b"first", partition=1)
    await_gone(engine.process.pid)
    with kafka(tmp_path) as engine:
        async with AIOKafkaConsumer(
            "packets", bootstrap_servers=engine.bootstrap, auto_offset_reset="earliest", group_id="g"
        ) as consumer:
            message = await consumer.getone()
    assert (message.value, message.partition) == (b"first", 1)
    await_gone(engine.process.pid)


def test_mosquitto_delivers_a_message_and_keeps_a_session(tmp_path):
    got: list[bytes] = []
    ready, arrived = threading.Event(), threading.Event()

    def on_connect(client, userdata, flags, reason, properties):
        client.subscribe("hj212/+/up", qos=1)

    def on_subscribe(client, userdata, mid, reasons, properties):
        ready.set()

    def on_message(client, userdata, message):
        got.append(message.payload)
        arrived.set()

    def subscriber(port: int) -> mqtt.Client:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="gateway", clean_session=False)
        client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
        client.connect("127.0.0.1", port)
        client.loop_start()
        return client

    def leave(client: mqtt.Client) -> None:
        client.disconnect()
        client.loop_stop()

    def publish(port: int, payload: bytes) -> None:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", port)
        client.loop_start()
        client.publish("hj212/MN1/up", payload, qos=1).wait_for_publish(WITHIN_S)
        leave(client)

    with mosquitto(tmp_path) as engine:
        port = int(engine.url.rpartition(":")[2])
        client = subscriber(port)
        assert ready.wait(WITHIN_S)
        publish(port, b"while here")
        assert arrived.wait(WITHIN_S)
        leave(client)
        publish(port, b"while away")
    await_gone(engine.process.pid)
    arrived.clear()
    with mosquitto(tmp_path) as engine:
        client = subscriber(int(engine.url.rpartition(":")[2]))
        assert arrived.wait(WITHIN_S)
        leave(client)
    assert got == [b"while here", b"while away"]
    await_gone(engine.process.pid)


def test_postgresql_keeps_a_row(tmp_path):
    with postgresql(tmp_path) as engine, psycopg.connect(engine.url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE alert (name text)")
        connection.execute("INSERT INTO alert VALUES ('挂牌督办')")
    await_gone(engine.process.pid)
    with postgresql(tmp_path) as engine, psycopg.connect(engine.url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT name FROM alert").fetchall() == [("挂牌督办",)]
    await_gone(engine.process.pid)


def test_influxdb_keeps_a_point_and_its_token(tmp_path):
    with influxdb(tmp_path) as first, InfluxDBClient(first.url, first.token, org=first.org) as client:
        client.write_api(write_options=SYNCHRONOUS).write(first.bucket, record="hour,outlet=P1 raw=1.5 1000")
    await_gone(first.process.pid)
    with influxdb(tmp_path) as engine, InfluxDBClient(engine.url, engine.token, org=engine.org) as client:
        (table,) = client.query_api().query(f'from(bucket: "{engine.bucket}") |> range(start: 0)')
        assert [record.get_value() for record in table.records] == [1.5]
    assert engine.token == first.token
    await_gone(engine.process.pid)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        pytest.param(signal.SIGTERM, 0, id="told to stop"),
        pytest.param(signal.SIGKILL, -signal.SIGKILL, id="killed"),
    ],
)
def test_engines_end_with_the_command_that_started_them(tmp_path, end, code):
    command = [sys.executable, "-m", "deploy.engines", "mosquitto", "postgresql", "--data", str(tmp_path / "data")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if "running" in line:
            break
    process.send_signal(end)
    process.stdout.close()
    assert process.wait(WITHIN_S) == code
    pids = [int(line.split("process ")[1].split(",")[0]) for line in lines if "process " in line]
    assert len(pids) == 2
    for pid in pids:
        await_gone(pid)
    assert {line.split("=")[0] for line in lines if "=" in line} == {"STACKWATCH_MQTT", "STACKWATCH_DATABASE"}


def test_print_env_prints_nothing_else(tmp_path):
    command = [sys.executable, "-m", "deploy.engines", "mosquitto", "--print-env", "--data", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    process.terminate()
    rest, _ = process.communicate(timeout=WITHIN_S)
    assert line.startswith("STACKWATCH_MQTT=mqtt://127.0.0.1:")
    assert rest == ""


@pytest.mark.parametrize(
    ("engine", "says"),
    [
        pytest.param(
            "kafka", "java is not on the PATH; install Java 17 or newer (Debian: default-jre-headless)", id="java"
        ),
        pytest.param("influxdb", "go is not on the PATH; install Go 1.23 or newer", id="go"),
    ],
)
def test_a_missing_toolchain_is_one_clear_line(tmp_path, engine, says):
    env = {**os.environ, "PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "deploy.engines", engine]
    done = subprocess.run(command, check=False, cwd=ROOT, env=env, capture_output=True, text=True, timeout=WITHIN_S)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"deploy.engines: {says}"]
