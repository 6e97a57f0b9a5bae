"""What a gateway does with answers that its broker does not take: they wait with their PUBACKs, counted and bounded."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from ingest.arrival import Arrival
from ingest.gateway import Gateway, Limits
from ingest.metrics import GatewayMetrics
from ingest.mqtt_address import parse_address
from ingest.mqtt_window import Window
from tests.unit.ingest.town import MN, NOW, frame, intake


class Link:
    """A session whose broker takes so many answers, and then no more."""

    connected = True
    connection = 1
    problem = None

    def __init__(self, room, *, broken=False):
        self.room = room
        self.broken = broken
        self.sent = []
        self.acknowledged = []

    def publish(self, topic, payload, *, beyond=False):
        if self.broken or (len(self.sent) >= self.room and not beyond):
            return False
        self.sent.append((topic, payload))
        return True

    def acknowledge(self, arrival):
        self.acknowledged.append(arrival.mid)
        return arrival.connection == self.connection

    def pause(self):
        return False

    def resume(self):
        return None


class Kafka:
    problem = None
    acknowledged_at = float("inf")


@pytest.fixture
def metrics():
    return GatewayMetrics(CollectorRegistry())


@pytest.fixture
def build(metrics):
    def made(link, **limits):
        gateway = Gateway(
            address=parse_address("mqtt://127.0.0.1:1"), name="gw1", kafka=Kafka(), intake=intake(),
            clock=lambda: NOW, metrics=metrics, limits=Limits(**limits),
        )  # fmt: skip
        gateway._mqtt = link
        return gateway

    return made


def commit(gateway, mid, *, answers=1, qos=1, connection=1):
    gateway._messages += 1
    arrival = Arrival(f"hj212/{MN}/up", frame(), mid, qos, connection)
    gateway._committed(arrival, tuple(f"{mid}.{n}".encode() for n in range(answers)), 0)


def value(counter):
    return counter._value.get()


def test_what_the_broker_does_not_take_waits_with_its_puback(build, metrics):
    link = Link(room=2)
    gateway = build(link)
    for mid in range(5):
        commit(gateway, mid)
    assert (len(link.sent), link.acknowledged) == (2, [0, 1])
    assert value(metrics.answers_waiting) == 3
    link.room = 4
    gateway._answer()
    assert link.acknowledged == [0, 1, 2, 3]
    link.room = 9
    gateway._answer()
    assert link.acknowledged == [0, 1, 2, 3, 4]
    assert [payload for _, payload in link.sent] == [b"0.0", b"1.0", b"2.0", b"3.0", b"4.0"]
    assert (value(metrics.answered), value(metrics.unanswered), value(metrics.answers_waiting)) == (5, 0, 0)


def test_a_payload_with_more_answers_than_there_is_room_for_gets_them_bit_by_bit(build, metrics):
    link = Link(room=2)
    gateway = build(link)
    commit(gateway, 1, answers=5)
    assert (len(link.sent), link.acknowledged) == (2, [])
    link.room = 5
    gateway._answer()
    assert (len(link.sent), link.acknowledged) == (5, [1])


def test_beyond_the_bound_the_oldest_answers_wait_no_longer(build, metrics):
    link = Link(room=0)
    gateway = build(link, answering=3)
    for mid in range(5):
        commit(gateway, mid)
    assert [payload for _, payload in link.sent] == [b"0.0", b"1.0"]
    assert link.acknowledged == [0, 1]
    assert (value(metrics.answered), value(metrics.unanswered), value(metrics.answers_waiting)) == (2, 0, 3)


def test_an_answer_that_cannot_be_sent_at_all_is_counted_and_said_once(build, metrics, caplog):
    link = Link(room=0, broken=True)
    gateway = build(link, answering=3)
    for mid in range(5):
        commit(gateway, mid)
    assert link.acknowledged == [0, 1]
    assert value(metrics.unanswered) == 2
    assert value(metrics.answers_waiting) == 3
    assert len(caplog.records) == 1, "said once"


def test_after_a_broken_connection_the_message_comes_again_and_its_answer_with_it(build, metrics):
    link = Link(room=0)
    gateway = build(link)
    commit(gateway, 1)
    commit(gateway, 2, qos=0)
    link.connection, link.room = 2, 9
    gateway._answer()
    assert [payload for _, payload in link.sent] == [b"2.0"], "what came with QoS 0 does not come again"
    commit(gateway, 1, connection=2)
    assert [payload for _, payload in link.sent] == [b"2.0", b"1.0"]
    assert value(metrics.answers_waiting) == 0


def test_a_gateway_that_leaves_sends_what_waits(build, metrics):
    link = Link(room=0)
    gateway = build(link)
    commit(gateway, 1)
    assert not gateway._settled.is_set() or link.acknowledged == []
    gateway._leaving = True
    gateway._answer()
    assert (link.acknowledged, gateway._settled.is_set()) == ([1], True)


async def test_who_was_told_no_is_told_once_when_there_is_room():
    told = []
    window = Window(2, lambda: told.append(1))
    for mid in (1, 2):
        assert window.has_room()
        window.sent(mid)
    window.confirmed(9)
    await asyncio.sleep(0)
    assert told == [], "nobody has asked"
    assert not window.has_room()
    window.confirmed(1)
    window.confirmed(2)
    await asyncio.sleep(0)
    assert told == [1]
    window.open()
    await asyncio.sleep(0)
    assert told == [1, 1], "a new connection is told in any case"
