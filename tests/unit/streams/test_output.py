import asyncio

import pytest
from aiokafka.errors import KafkaTimeoutError

from contracts.codec import encode
from contracts.topics import HOURS, QUARANTINE
from emissions.finding import Rejected
from streams import output
from streams.output import BUNDLE_BYTES, Output
from streams.routes import Address, refusals
from tests.unit.streams.doubles import Broker, until


def refused(line, mn="M1"):
    return Rejected(reason="crc", mn=mn, received_at=None, line=line)


async def test_lines_of_one_address_travel_in_one_message_in_order():
    broker = Broker()
    out = Output(broker)
    lines = [refused("a"), refused("b", mn="M2"), refused("c")]
    await out.put(lines, refusals)
    assert broker.sent == []
    await out.flush()
    assert broker.sent == [
        (QUARANTINE.name, b"M1", 0, encode(lines[0]) + b"\n" + encode(lines[2])),
        (QUARANTINE.name, b"M2", 0, encode(lines[1])),
    ]
    await out.flush()
    assert len(broker.sent) == 2


async def test_one_message_may_go_to_several_addresses():
    broker = Broker()
    out = Output(broker)
    there = [Address(HOURS.name, 1, "c", b"c"), Address(HOURS.name, 2, "d", b"d")]
    await out.put([refused("a")], lambda _: there)
    await out.flush()
    assert [(key, partition) for _, key, partition, _ in broker.sent] == [(b"c", 1), (b"d", 2)]


async def test_no_bundle_grows_larger_than_a_broker_takes():
    broker = Broker()
    out = Output(broker)
    lines = [refused(str(n) * 50_000) for n in range(10)]
    await out.put(lines, refusals)
    await out.settled()
    assert max(len(value) for *_, value in broker.sent) <= BUNDLE_BYTES
    assert broker.lines(QUARANTINE.name) == [encode(line) for line in lines]


async def test_settled_waits_for_every_confirmation():
    broker = Broker(at_once=False)
    out = Output(broker)
    await out.put([refused("a")], refusals)
    await out.flush()
    await out.put([refused("b")], refusals)
    settled = asyncio.create_task(out.settled())
    await until(lambda: len(broker.sent) == 2)
    broker.futures[1].set_result(None)
    await asyncio.sleep(0)
    assert not settled.done()
    broker.confirm()
    await settled


async def test_a_cancelled_wait_forgets_no_confirmation():
    broker = Broker(at_once=False)
    out = Output(broker)
    await out.put([refused("a")], refusals)
    settled = asyncio.create_task(out.settled())
    await until(lambda: broker.sent)
    settled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await settled
    broker.futures[0].set_exception(KafkaTimeoutError())
    with pytest.raises(KafkaTimeoutError):
        await out.settled()


async def test_a_refused_message_is_an_error_even_when_later_ones_are_taken():
    broker = Broker(at_once=False)
    out = Output(broker)
    await out.put([refused("a"), refused("b", mn="M2")], refusals)
    await out.flush()
    broker.futures[0].set_exception(KafkaTimeoutError())
    broker.confirm()
    with pytest.raises(KafkaTimeoutError):
        await out.settled()


async def test_a_silent_broker_is_an_error(monkeypatch):
    monkeypatch.setattr(output, "SEND_TIMEOUT_S", 0.01)
    out = Output(Broker(at_once=False))
    await out.put([refused("a")], refusals)
    with pytest.raises(TimeoutError, match="not confirmed 1 messages"):
        await out.settled()


async def test_what_was_forgotten_is_not_sent():
    broker = Broker()
    out = Output(broker)
    await out.put([refused("a")], refusals)
    out.forget()
    await out.put([refused("b")], refusals)
    await out.settled()
    assert broker.lines(QUARANTINE.name) == [encode(refused("b"))]
