"""Waiting for Kafka: without end while it is away, for a bounded time while it answers."""

import asyncio

import pytest
from aiokafka.errors import KafkaTimeoutError

from streams import output, patience
from streams.output import Output
from streams.patience import PatientProducer, in_time
from streams.routes import refusals
from tests.unit.streams.doubles import Broker, until
from tests.unit.streams.test_output import refused


class Accumulator:
    _batch_ttl = 40.0


class Full:
    """A producer whose buffer is full for the first so many messages."""

    def __init__(self, times):
        self._message_accumulator = Accumulator()
        self.times = times
        self.taken = []

    async def send(self, topic, value, *, key, partition):
        if self.times:
            self.times -= 1
            raise KafkaTimeoutError
        self.taken.append(value)
        return asyncio.get_running_loop().create_future()


class Silence:
    def __init__(self, away):
        self.away = away


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(output, "SEND_TIMEOUT_S", 0.03)
    monkeypatch.setattr(patience, "LOOK_S", 0.005)


async def test_what_kafka_has_not_confirmed_is_waited_for_while_it_is_away():
    broker = Broker(at_once=False, silent=True)
    out = Output(broker)
    await out.put([refused("a")], refusals)
    settled = asyncio.create_task(out.settled())
    await until(lambda: broker.sent)
    await asyncio.sleep(5 * output.SEND_TIMEOUT_S)
    assert not settled.done()
    broker.confirm()
    await settled


async def test_back_again_it_has_its_whole_time_anew():
    broker = Broker(at_once=False, silent=True)
    out = Output(broker)
    await out.put([refused("a")], refusals)
    settled = asyncio.create_task(out.settled())
    await asyncio.sleep(2 * output.SEND_TIMEOUT_S)
    broker.silent = False
    with pytest.raises(TimeoutError, match="not confirmed 1 messages"):
        await settled


async def test_a_full_buffer_is_waited_for_while_kafka_is_away():
    full = Full(times=3)
    producer = PatientProducer(full, Silence("Kafka has not answered for 30 s"))
    await producer.send("topic", b"value", key=b"k", partition=0)
    assert full.taken == [b"value"]


async def test_a_buffer_that_stays_full_while_kafka_answers_is_an_error():
    producer = PatientProducer(Full(times=1), Silence(None))
    with pytest.raises(KafkaTimeoutError):
        await producer.send("topic", b"value", key=b"k", partition=0)


async def test_messages_of_a_patient_producer_never_expire():
    full = Full(times=0)
    PatientProducer(full, Silence(None))
    assert full._message_accumulator._batch_ttl == float("inf")


async def test_work_that_fails_is_its_own_error():
    async def fails():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_time(fails(), within_s=1, away=lambda: None)


async def test_work_that_takes_too_long_is_cancelled():
    work = asyncio.ensure_future(asyncio.Event().wait())
    with pytest.raises(TimeoutError):
        await in_time(work, within_s=0.01, away=lambda: None)
    await asyncio.sleep(0)
    assert work.cancelled()
