"""A gateway that gets more than it can answer at once: no answer is lost, on Mosquitto as bureaus run it."""

import asyncio
import contextlib
import itertools
import socket
from urllib.parse import urlsplit

import pytest
from prometheus_client import CollectorRegistry

import ingest.mqtt
from benchmarks.wire import Session
from deploy.engines import mosquitto
from ingest.gateway import Gateway, Limits
from ingest.metrics import GatewayMetrics
from ingest.mqtt_address import parse_address
from tests.integration.wire import Client, come_true
from tests.unit.ingest.town import MN, NOW, frame, intake

MANY = 6000
"""Far more than may be on their way at once."""


class Kafka:
    """Takes everything at once, or all together when it is let."""

    problem = None
    acknowledged_at = 0.0

    def __init__(self):
        self.lines = 0
        self.open_now = asyncio.Event()
        self.open_now.set()

    async def open(self):
        return None

    async def send(self, topic, *, key, value, partition=None):
        await self.open_now.wait()
        self.lines += value.count(b"\n") + 1

    async def close(self):
        return None


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """Mosquitto with room for all answers of a logger that reads slowly."""
    with mosquitto(tmp_path_factory.mktemp("mosquitto")) as running:
        yield running


@pytest.fixture
def metrics():
    return GatewayMetrics(CollectorRegistry())


@contextlib.asynccontextmanager
async def gateway(broker, metrics, kafka, *, name, protocol, limits=None):
    """A gateway in this process, running until the block ends."""
    serving = Gateway(
        address=parse_address(f"{broker.url}?protocol={protocol}"),
        name=name,
        kafka=kafka,
        intake=intake(),
        clock=lambda: NOW,
        metrics=metrics,
        limits=limits,
    )
    stop = asyncio.Event()
    running = asyncio.create_task(serving.run(stop))
    try:
        await come_true(lambda: serving.ready() is None, "a ready gateway")
        yield serving
    finally:
        stop.set()
        await asyncio.wait_for(running, 30)


def frames(count):
    for number in range(count):
        qn = f"20261124{number:09d}"
        yield qn, frame(qn=qn)


def value(counter):
    return counter._value.get()


_names = itertools.count()


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
async def test_every_answer_is_sent_however_fast_packets_come(broker, metrics, protocol):
    kafka, port = Kafka(), urlsplit(broker.url).port
    kafka.open_now.clear()
    async with gateway(broker, metrics, kafka, name=f"fast{protocol}", protocol=protocol):
        with Client(port, f"hj212/{MN}/down", client_id=f"logger{next(_names)}") as logger:
            for number, (_, each) in enumerate(frames(MANY)):
                logger.publish(f"hj212/{MN}/up", each)
                if number == MANY // 3:
                    kafka.open_now.set()  # a third of them is committed in one go
            await come_true(lambda: len({payload for _, payload in logger.received}) >= MANY, "all answers", 60)
            await come_true(lambda: value(metrics.acknowledged) >= MANY, "all PUBACKs")
    assert value(metrics.answered) == MANY
    assert value(metrics.unanswered) == 0
    assert kafka.lines == MANY


async def test_messages_whose_answers_wait_are_not_acknowledged_before(broker, metrics, monkeypatch):
    monkeypatch.setattr(ingest.mqtt, "OUTGOING", 3)
    port = urlsplit(broker.url).port
    most = 0

    def watch():
        nonlocal most
        most = max(most, int(value(metrics.answers_waiting)))
        assert value(metrics.acknowledged) <= value(metrics.answered)
        return value(metrics.acknowledged) >= 500

    async with gateway(broker, metrics, Kafka(), name="narrow", protocol="5", limits=Limits(messages=50)):
        with Client(port, f"hj212/{MN}/down", client_id=f"logger{next(_names)}") as logger:
            for _, each in frames(500):
                logger.publish(f"hj212/{MN}/up", each)
            await come_true(watch, "all PUBACKs")
            await come_true(lambda: len(logger.received) >= 500, "all answers")
    assert value(metrics.unanswered) == 0
    assert most > 0, "some have waited"


async def test_answers_beyond_the_bound_arrive_without_waiting_for_the_brokers_confirmation(
    broker, metrics, monkeypatch
):
    monkeypatch.setattr(ingest.mqtt, "OUTGOING", 0)  # no confirmation ever makes room
    port = urlsplit(broker.url).port
    async with gateway(broker, metrics, Kafka(), name="beyond", protocol="3.1.1", limits=Limits(answering=20)):
        with Client(port, f"hj212/{MN}/down", client_id=f"logger{next(_names)}") as logger:
            for _, each in frames(200):
                logger.publish(f"hj212/{MN}/up", each)
            await come_true(lambda: value(metrics.acknowledged) >= 180, "the PUBACKs of all but those that wait")
            await come_true(lambda: len(logger.received) >= 180, "their answers")
            assert value(metrics.answers_waiting) == 20
    # On leaving the gateway lets nothing wait.
    assert (value(metrics.answered), value(metrics.unanswered)) == (200, 0)


async def test_a_logger_that_reads_nothing_holds_up_nobody_and_finds_its_answers_later(broker, metrics):
    address = urlsplit(broker.url)
    heard = []
    narrow = socket.create_connection((address.hostname, address.port))
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)  # so that little is on the way
    async with gateway(broker, metrics, Kafka(), name="slow", protocol="5"):
        transport, slow = await asyncio.get_running_loop().create_connection(
            lambda: Session("slow", lambda _, payload: heard.append(payload)), sock=narrow
        )
        await slow.ready
        slow.subscribe(f"hj212/{MN}/down")
        with Client(address.port, f"hj212/{MN}/down", client_id=f"logger{next(_names)}") as logger:
            logger.publish(f"hj212/{MN}/up", frame(qn="20261123000000000"))
            await come_true(lambda: len(heard) == len(logger.received) == 1, "both subscriptions")
            transport.pause_reading()
            for _, each in frames(MANY):
                logger.publish(f"hj212/{MN}/up", each)
            await come_true(lambda: len(logger.received) > MANY, "all answers of who reads", 60)
            await come_true(lambda: value(metrics.acknowledged) > MANY, "all PUBACKs")
            assert len(heard) == 1
            transport.resume_reading()
            await come_true(lambda: len(heard) > MANY, "the answers of who reads late", 60)
        transport.abort()
    assert value(metrics.unanswered) == 0
