import asyncio
import contextlib
import signal
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from contracts.feed import Acceptance
from contracts.topics import PACKETS, Topic
from emissions.rules import Parameters
from hj212.decode import decode as decode_frame
from hj212.message import Message
from ingest.gateway import Gateway, Limits
from ingest.intake import Intake
from ingest.kafka import KafkaLost, KafkaUnfit, KafkaWriter
from ingest.metrics import GatewayMetrics
from ingest.mqtt_address import parse_address
from stackwatch.embedded.nats import mqtt_broker
from stackwatch.embedded.ports import free_port
from stackwatch.embedded.tansu import kafka_broker
from stackwatch.topics import create_topics
from tests.integration.feed import cut, first_of_each, frames_of, numbered
from tests.integration.wire import Client, come_true, read_topic
from tests.unit.ingest.town import MN, NOW, TOWN, frame, with_wrong_checksum


def local_gateway(mqtt, kafka_url, *, limits=None, **writer):
    kafka = KafkaWriter(kafka_url, client_id="test", idempotent=False, **writer)
    metrics = GatewayMetrics(CollectorRegistry())
    gateway = Gateway(
        address=parse_address(mqtt.url),
        name="gw1",
        kafka=kafka,
        intake=Intake(TOWN, Acceptance(TOWN, Parameters()), gateway="gw1"),
        clock=lambda: NOW + timedelta(hours=1),
        metrics=metrics,
        limits=limits,
    )
    return gateway, metrics


@contextlib.asynccontextmanager
async def running(gateway):
    stop = asyncio.Event()
    task = asyncio.create_task(gateway.run(stop))
    try:
        await come_true(lambda: gateway.ready() is None or task.done(), "a ready gateway")
        yield task
    finally:
        stop.set()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_cannot_be_written_is_not_read_either(mqtt, kafka):
    gateway, metrics = local_gateway(mqtt, kafka.url, limits=Limits(messages=50))
    async with running(gateway):
        with Client(mqtt.port, "hj212/+/down") as logger:
            kafka.child.send(signal.SIGSTOP)
            for each in numbered(400):
                logger.publish(f"hj212/{MN}/up", each)
            await come_true(lambda: metrics.paused._value.get() >= 1, "a pause")
            await come_true(lambda: logger.taken == 400, "the broker's taking over")
            assert 50 <= metrics.in_flight._value.get() < 100, "what was in the socket's hands may still come"
            kafka.child.send(signal.SIGCONT)
            await come_true(lambda: len(set(logger.received)) == 400, "all answers")
            await come_true(lambda: metrics.in_flight._value.get() == 0, "all PUBACKs")
    lines = await read_topic(kafka.url, PACKETS.name, enough=lambda lines: len({line for *_, line in lines}) == 400)
    assert first_of_each(frames_of(lines)) == cut(numbered(400))


async def test_a_kafka_that_takes_nothing_any_more_ends_the_gateway_before_anything_is_acknowledged(mqtt, kafka):
    gateway, metrics = local_gateway(mqtt, kafka.url, send_timeout_s=0.5, attempts=2)
    async with running(gateway) as task:
        with Client(mqtt.port, "hj212/+/down") as logger:
            kafka.child.send(signal.SIGSTOP)
            for each in numbered(20):
                logger.publish(f"hj212/{MN}/up", each)
            with pytest.raises(KafkaLost, match=r"cems\.packets"):
                await asyncio.wait_for(asyncio.shield(task), 30)
            assert logger.received == []
            assert metrics.acknowledged._value.get() == 0
            kafka.child.send(signal.SIGCONT)
            async with running(local_gateway(mqtt, kafka.url)[0]):
                await come_true(lambda: len(set(logger.received)) == 20, "the answers of the next gateway")


async def test_a_short_outage_is_survived_with_another_producer(mqtt, kafka, caplog):
    gateway, _ = local_gateway(mqtt, kafka.url, send_timeout_s=1, attempts=10)
    async with running(gateway):
        with Client(mqtt.port, "hj212/+/down") as logger:
            kafka.child.send(signal.SIGSTOP)
            for each in numbered(20):
                logger.publish(f"hj212/{MN}/up", each)
            await come_true(lambda: "(attempt 1)" in caplog.text, "a failed attempt")
            assert "Kafka did not take a message" in gateway.ready()
            kafka.child.send(signal.SIGCONT)
            await come_true(lambda: len(set(logger.received)) == 20, "the answers")
            await come_true(lambda: gateway.ready() is None, "being ready again")


async def test_topics_of_another_shape_are_refused_at_the_start(mqtt, tmp_path):
    with kafka_broker(tmp_path / "other") as other:
        await create_topics(
            other.url, topics=[Topic(name=PACKETS.name, key="shard of the MN", partitions=1, retention_ms=None)]
        )
        gateway, _ = local_gateway(mqtt, other.url)
        with pytest.raises(KafkaUnfit, match="has 1 partitions"):
            await gateway.run(asyncio.Event())


async def test_a_broker_that_comes_back_is_found_again_with_all_that_waits(tmp_path, kafka):
    port = free_port()
    with mqtt_broker(tmp_path / "mqtt-own", port=port) as broker:
        gateway, _ = local_gateway(broker, kafka.url)
        stop = asyncio.Event()
        task = asyncio.create_task(gateway.run(stop))
        await come_true(lambda: gateway.ready() is None, "a ready gateway")
    await come_true(lambda: "has gone" in (gateway.ready() or "") or "reached" in (gateway.ready() or ""), "the reason")
    try:
        with mqtt_broker(tmp_path / "mqtt-own", port=port), Client(port, "hj212/+/down") as logger:
            logger.publish(f"hj212/{MN}/up", frame())
            await come_true(lambda: logger.received, "the answer", 40)
            assert isinstance(decode_frame(logger.received[0][1]), Message)
            stop.set()
            await task
    finally:
        task.cancel()


async def test_a_damaged_frame_is_not_answered_and_its_resending_is(mqtt, kafka):
    gateway, metrics = local_gateway(mqtt, kafka.url)
    async with running(gateway):
        with Client(mqtt.port, "hj212/+/down") as logger:
            logger.publish(f"hj212/{MN}/up", with_wrong_checksum(frame()))
            logger.publish(f"hj212/{MN}/up", frame())
            await come_true(lambda: metrics.acknowledged._value.get() == 2, "both PUBACKs")
            await come_true(lambda: len(logger.received) == 1, "one answer")
            assert metrics.quarantined.labels("crc")._value.get() == 1
