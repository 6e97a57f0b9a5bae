"""Own messages with and without confirmation, which paho numbers alike."""

import asyncio
from types import SimpleNamespace

import pytest
from paho.mqtt.enums import MQTTErrorCode

import ingest.mqtt
from ingest.mqtt import MqttLink
from ingest.mqtt_address import parse_address


class Client:
    """Gives the packet ids that it is told to, and refuses one that is in use, as paho does."""

    def __init__(self, *mids):
        self.mids = list(mids)
        self.under_way = set()
        self.sent = []

    def publish(self, _topic, payload, qos):
        mid = self.mids.pop(0)
        if qos and mid in self.under_way:
            return SimpleNamespace(rc=MQTTErrorCode.MQTT_ERR_QUEUE_SIZE, mid=mid)
        if qos:
            self.under_way.add(mid)
        self.sent.append((payload, qos))
        return SimpleNamespace(rc=MQTTErrorCode.MQTT_ERR_SUCCESS, mid=mid)


@pytest.fixture
async def build(monkeypatch):
    monkeypatch.setattr(ingest.mqtt, "OUTGOING", 2)

    def made(client, on_room=None):
        link = MqttLink(
            parse_address("mqtt://127.0.0.1:1"), client_id="x", subscriptions=(), on_arrival=print, on_room=on_room
        )
        link._client = client
        link._connected.set()
        return link

    return made


def reported(link, mid):
    link._puback(None, None, mid, None, None)


async def test_a_written_message_without_confirmation_makes_no_room_though_its_id_is_that_of_another(build):
    link = build(Client(1, 2, 1, 3))
    assert link.publish("t", b"a")
    assert link.publish("t", b"b")
    assert link.publish("t", b"c", beyond=True)
    assert link._client.sent == [(b"a", 1), (b"b", 1), (b"c", 0)]
    reported(link, 1)  # c has been written
    assert not link.publish("t", b"d")
    reported(link, 1)  # a has been confirmed
    assert link.publish("t", b"d")


async def test_an_id_in_use_means_waiting_and_being_told_when_something_is_confirmed(build):
    told = []
    link = build(Client(1, 1, 2), on_room=lambda: told.append(1))
    assert link.publish("t", b"a")
    assert not link.publish("t", b"b")
    reported(link, 1)
    link._client.under_way.discard(1)
    await asyncio.sleep(0)
    assert told == [1]
    assert link.publish("t", b"b")


async def test_an_id_in_use_does_not_stop_what_may_go_without_confirmation(build):
    link = build(Client(1, 1, 2))
    assert link.publish("t", b"a")
    assert link.publish("t", b"b", beyond=True)
    assert link._client.sent == [(b"a", 1), (b"b", 0)]
