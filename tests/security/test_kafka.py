"""Kafka lets in whoever can prove who it is, to do what was given to it; our side talks to the right broker alone."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from contracts.kafka_address import KafkaAddress, client_options
from contracts.rights import RIGHTS
from contracts.topics import TOPICS
from deploy.engines import KafkaEngine
from stackwatch.errors import UserError
from stackwatch.process import kafka_address
from stackwatch.reach import knock, places_of
from stackwatch.settings import Settings
from tests.integration.wire import come_true
from tests.security.conftest import PASSWORDS, Authority
from tests.security.test_path import settings_of

Login = Callable[[str], dict[str, str]]


def doctor(env: dict[str, str]) -> str:
    """The doctor's line about Kafka."""
    command = [sys.executable, "-m", "stackwatch", "doctor"]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    return next(line for line in done.stdout.splitlines() if "kafka" in line)


def wrong_password(env: dict[str, str], folder) -> dict[str, str]:
    (folder / "wrong").write_text("guess")
    return {"STACKWATCH_KAFKA_PASSWORD_FILE": str(folder / "wrong")}


def unknown_user(env: dict[str, str], folder) -> dict[str, str]:
    return {"STACKWATCH_KAFKA_USERNAME": "stranger"}


def another_name(env: dict[str, str], folder) -> dict[str, str]:
    return {"STACKWATCH_KAFKA": env["STACKWATCH_KAFKA"].replace("127.0.0.1", "localhost")}


def another_authority(env: dict[str, str], folder) -> dict[str, str]:
    return {"STACKWATCH_KAFKA_CA_FILE": ""}


REFUSALS = pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(wrong_password, "invalid credentials", id="a wrong password"),
        pytest.param(unknown_user, "invalid credentials", id="an unknown user"),
        pytest.param(another_name, "Hostname mismatch", id="a broker under another name than its certificate's"),
        pytest.param(
            another_authority,
            "unable to get local issuer certificate",
            id="a broker of an authority that is not trusted",
        ),
    ],
)


@REFUSALS
async def test_a_client_says_why_it_will_never_be_let_in(kafka_login: Login, tmp_path, change, said: str) -> None:
    env = kafka_login("gateway")
    settings = settings_of({name: value for name, value in (env | change(env, tmp_path)).items() if value})
    (place,) = places_of(settings.kafka)
    with pytest.raises(UserError, match="STACKWATCH_KAFKA_") as caught:
        await knock(kafka_address(settings), place)
    assert said in str(caught.value)
    # aiokafka does not wait for TLS to say goodbye, and a loop that ends before leaves a socket behind.
    open_ones = asyncio.get_running_loop()._selector.get_map()
    await come_true(lambda: len(open_ones) == 1, "the end of all connections", 60)


@pytest.mark.parametrize("verb", ["gateway", "worker"])
def test_a_process_with_a_wrong_password_ends_with_one_line(kafka_login: Login, tmp_path, verb: str) -> None:
    env = kafka_login(verb)
    env |= wrong_password(env, tmp_path) | {
        "STACKWATCH_DATABASE": f"sqlite:///{tmp_path}/alerts.sqlite",
        "STACKWATCH_SERIES": f"sqlite:///{tmp_path}/series.sqlite",
    }
    done = subprocess.run(
        [sys.executable, "-m", "stackwatch", verb],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    (line,) = [said for said in done.stderr.splitlines() if said.startswith("stackwatch:")]
    assert "STACKWATCH_KAFKA" in line
    assert "invalid credentials" in line
    assert "guess" not in done.stderr + done.stdout


async def test_a_client_without_tls_gets_nothing(kafka_login: Login) -> None:
    place = places_of(kafka_login("gateway")["STACKWATCH_KAFKA"])[0]
    assert await knock(KafkaAddress(servers="x:1"), place) is not None


def test_the_doctor_says_it_too(kafka_login: Login, tmp_path) -> None:
    env = kafka_login("gateway")
    line = doctor(env | wrong_password(env, tmp_path))
    assert line.startswith("WRONG")
    assert "invalid credentials" in line


async def writes(settings: Settings, topic: str) -> bool:
    producer = AIOKafkaProducer(**client_options(kafka_address(settings)), request_timeout_ms=5000)
    await producer.start()
    try:
        await producer.send_and_wait(topic, b"x", partition=0)
    except KafkaError:
        return False
    finally:
        await producer.stop()
    return True


async def decision(engine: KafkaEngine, settings: Settings, topic: str, resource: str, group: str | None = None) -> str:
    """The broker's decision when a process asks for a topic or a group; aiokafka itself only tries again."""
    before = len(engine.process.log.read_text())
    consumer = AIOKafkaConsumer(topic, **client_options(kafka_address(settings)), group_id=group)
    asking = asyncio.create_task(consumer.start())
    wanted = re.compile(rf"User:{settings.kafka_username} is (\w+) operation = \w+ .* = {resource} for request = ")
    try:
        found = await come_true(lambda: wanted.search(engine.process.log.read_text()[before:]), "the decision")
        return found[1]
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await consumer.stop()


@pytest.mark.parametrize("process", [*RIGHTS, "nobody"])
async def test_a_process_may_write_only_what_it_must(guarded_kafka: KafkaEngine, kafka_login: Login, process) -> None:
    settings = settings_of(kafka_login(process))
    allowed = {topic.name for topic in RIGHTS[process].writes} if process in RIGHTS else set()
    asked = [topic.name for topic in TOPICS if topic.name not in allowed]
    taken = await asyncio.gather(*(writes(settings, topic) for topic in asked))
    assert not [topic for topic, yes in zip(asked, taken, strict=True) if yes]


@pytest.mark.parametrize(
    ("process", "topic", "group", "verdict"),
    [
        pytest.param("nobody", "cems.packets", None, "Denied", id="nobody reads packets"),
        pytest.param("gateway", "cems.findings", None, "Denied", id="the gateway reads findings"),
        pytest.param("web", "cems.city", None, "Denied", id="the pages read what is between two stages"),
        pytest.param("web", "cems.findings", "stackwatch-alerts", "Denied", id="the pages read as alerts"),
        pytest.param("web", "cems.findings", None, "Allowed", id="the pages read findings"),
        pytest.param("alerts", "cems.findings", "stackwatch-alerts", "Allowed", id="alerts reads as alerts"),
    ],
)
async def test_reading_is_decided_by_the_table(
    guarded_kafka: KafkaEngine, kafka_login: Login, process: str, topic: str, group: str | None, verdict: str
) -> None:
    resource = f"Topic:LITERAL:{topic}" if group is None else f"Group:LITERAL:{group}"
    assert await decision(guarded_kafka, settings_of(kafka_login(process)), topic, resource, group) == verdict


def test_no_password_is_in_the_brokers_log(guarded_kafka: KafkaEngine, authority: Authority) -> None:
    text = guarded_kafka.process.log.read_text()
    assert not [word for word in PASSWORDS.values() if word in text]
