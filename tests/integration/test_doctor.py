import json
import os
import socket
import subprocess
import sys
import threading

import pytest

from contracts.topics import PACKETS, TOPICS, Topic
from rulebook.loader import SHIPPED
from stackwatch.embedded.tansu import kafka_broker
from stackwatch.topics import create_topics

REGISTER = {"STACKWATCH_REGISTER": str(SHIPPED / "registers" / "example")}


def doctor(tmp_path, env, *options):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STACKWATCH_")}
    command = [sys.executable, "-m", "stackwatch", "doctor", *options]
    return subprocess.run(
        command, env={**clean, **env}, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )


def findings(tmp_path, env):
    ended = doctor(tmp_path, env, "--json")
    return ended.returncode, {each["part"]: each for each in json.loads(ended.stdout)}


def test_a_healthy_system_is_told_part_by_part(tmp_path, mqtt, kafka):
    code, found = findings(tmp_path, {**mqtt.env, **kafka.env, **REGISTER})
    assert code == 0
    assert all(each["ok"] for each in found.values())
    assert list(found) == ["kafka", "mqtt", "series", "database", "rulebook", "register", "clock"]
    assert f"{len(TOPICS)} of {len(TOPICS)} topics" in found["kafka"]["words"]
    assert "7 outlets" in found["register"]["words"]
    assert list(tmp_path.glob("data*")) == [], "looking makes no files"


def test_each_thing_that_is_wrong_is_told_and_hides_nothing(tmp_path):
    (tmp_path / "register").mkdir()
    env = {
        "STACKWATCH_KAFKA": "127.0.0.1:1",
        "STACKWATCH_MQTT": "mqtt://127.0.0.1:1",
        "STACKWATCH_REGISTER": str(tmp_path / "register"),
        "STACKWATCH_DATABASE": "postgresql+psycopg://sw:s3cret@127.0.0.1:1/alerts",
    }
    code, found = findings(tmp_path, env)
    assert code == 1
    assert {part for part, each in found.items() if not each["ok"]} == {"kafka", "mqtt", "database", "register"}
    assert "STACKWATCH_KAFKA" in found["kafka"]["words"]
    assert "refused" in found["mqtt"]["words"]
    assert "divisions.csv" in found["register"]["words"]
    assert "s3cret" not in json.dumps(found)


def test_something_else_on_the_mqtt_port_is_told(tmp_path, kafka):
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []
        threading.Thread(target=lambda: held.append(server.accept()), daemon=True).start()
        url = f"mqtt://127.0.0.1:{server.getsockname()[1]}"
        _, found = findings(tmp_path, {**kafka.env, **REGISTER, "STACKWATCH_MQTT": url})
        for connection, _ in held:
            connection.close()
    assert "is this an MQTT broker?" in found["mqtt"]["words"]


async def test_a_topic_of_another_shape_is_told(tmp_path, mqtt):
    with kafka_broker(tmp_path / "kafka") as kafka:
        await create_topics(kafka.url, topics=[Topic(name=PACKETS.name, key="", partitions=2, retention_ms=1)])
        _, found = findings(tmp_path, {**mqtt.env, **kafka.env, **REGISTER})
    assert "cems.packets has 2 partitions instead of 4" in found["kafka"]["words"]


@pytest.mark.parametrize("options", [("--env",), ("--env", "--json")], ids=["for people", "for machines"])
def test_the_environment_is_listed_without_secrets(tmp_path, options):
    secret = tmp_path / "password"
    secret.write_text("hunter2")
    ended = doctor(tmp_path, {"STACKWATCH_MQTT_PASSWORD_FILE": str(secret), "STACKWATCH_WEB_PORT": "81"}, *options)
    assert ended.returncode == 0
    assert "STACKWATCH_KAFKA" in ended.stdout
    assert "127.0.0.1:9092" in ended.stdout
    assert "hunter2" not in ended.stdout


def test_the_table_is_for_people(tmp_path, mqtt, kafka):
    ended = doctor(tmp_path, {**mqtt.env, **kafka.env, **REGISTER})
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[1].startswith("ok     mqtt")
