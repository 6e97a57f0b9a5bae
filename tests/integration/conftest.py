import asyncio

import pytest

from stackwatch.embedded.nats import mqtt_broker
from stackwatch.embedded.tansu import kafka_broker
from stackwatch.topics import create_topics


@pytest.fixture
def mqtt(tmp_path):
    """A real MQTT broker of its own for each test: ``.url``, ``.port``, ``.child``."""
    with mqtt_broker(tmp_path / "mqtt") as broker:
        yield broker


@pytest.fixture
def kafka(tmp_path):
    """A real Kafka-protocol broker of its own for each test, with the declared topics: ``.url`` is the bootstrap."""
    with kafka_broker(tmp_path / "kafka") as broker:
        asyncio.run(create_topics(broker.url))
        yield broker
