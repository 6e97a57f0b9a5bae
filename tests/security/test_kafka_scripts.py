"""The scripts for a broker that is run by hand make topics, logins and rights as the tables say, on a real Kafka."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from contracts.rights import RIGHTS, rights_of
from contracts.topics import TOPICS
from deploy.engines import KafkaEngine, KafkaGuard, kafka
from deploy.engines.kafka import kafka_jars
from stackwatch.process import kafka_address
from stackwatch.reach import knock, places_of
from tests.security.conftest import PASSWORDS, Authority
from tests.security.test_path import settings_of

KAFKA = Path(__file__).parents[2] / "deploy" / "kafka"
TOOLS = {
    "kafka-acls.sh": "org.apache.kafka.tools.AclCommand",
    "kafka-configs.sh": "kafka.admin.ConfigCommand",
    "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
}

# A tool starts in two seconds, and there are dozens of calls.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def broker(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaEngine]:
    """A guarded broker after the three scripts, each run twice."""
    place = tmp_path_factory.mktemp("scripts")
    certificate, key = authority.server("scripted", "127.0.0.1")
    for name, tool in TOOLS.items():
        script = place / name
        script.write_text(f'#!/bin/sh\nexec java -Xmx128m -XX:TieredStopAtLevel=1 -cp "{kafka_jars()}/*" {tool} "$@"\n')
        script.chmod(0o755)
    logins = place / "logins"
    logins.mkdir()
    for process in RIGHTS:
        (logins / process).write_text(PASSWORDS[process])
    env = {**os.environ, "PATH": f"{place}:{os.environ['PATH']}"}
    with kafka(place / "kafka", guard=KafkaGuard(certificate=certificate, key=key, logins={})) as engine:
        for _ in range(2):
            for script in ("make-topics", "set-logins", "grant-rights"):
                more = {"make-topics": ["1"], "set-logins": [str(logins)]}.get(script, [])
                done = subprocess.run(
                    [KAFKA / script, engine.admin, *more], env=env, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, done.stdout + done.stderr
        yield engine


def test_topics_are_those_of_the_contract(broker: KafkaEngine) -> None:
    async def look() -> dict[str, int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.admin)
        await admin.start()
        try:
            return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
        finally:
            await admin.close()

    assert asyncio.run(look()) == {topic.name: topic.partitions for topic in TOPICS}


def test_every_process_gets_in_with_its_password(broker: KafkaEngine, authority: Authority, tmp_path: Path) -> None:
    for process in RIGHTS:
        (tmp_path / process).write_text(PASSWORDS[process])
        env = {
            "STACKWATCH_KAFKA": broker.bootstrap,
            "STACKWATCH_KAFKA_PROTOCOL": "SASL_SSL",
            "STACKWATCH_KAFKA_USERNAME": process,
            "STACKWATCH_KAFKA_PASSWORD_FILE": str(tmp_path / process),
            "STACKWATCH_KAFKA_CA_FILE": str(authority.file),
        }
        assert asyncio.run(knock(kafka_address(settings_of(env)), places_of(broker.bootstrap)[0])) is None


def test_rights_are_those_of_the_table(broker: KafkaEngine) -> None:
    text = broker.process.log.read_text()
    for process in RIGHTS:
        for right in rights_of(process):
            kind = "PREFIXED" if right.prefixed else "LITERAL"
            operation = "DESCRIBE_CONFIGS" if right.operation == "DescribeConfigs" else right.operation.upper()
            given = (
                f"resourceType={right.resource.upper()}, resourceName={right.name}, patternType={kind}, "
                f"principal=User:{process}, host=*, operation={operation}, permissionType=ALLOW"
            )
            assert given in text, right
    assert text.count("permissionType=ALLOW") > 0
