"""Both ends of the wire: a logger on a plain MQTT client, and a reader of Kafka topics."""

import asyncio
import threading
import time
from collections.abc import Callable

import paho.mqtt.client as paho
from aiokafka import AIOKafkaConsumer, TopicPartition
from paho.mqtt.enums import CallbackAPIVersion

from contracts.codec import unbundle

DEADLINE_S = 60


def wait_for(condition, what="it", deadline_s=DEADLINE_S):
    """The condition's value once it is true; fails when that takes too long."""
    deadline = time.monotonic() + deadline_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen within {deadline_s} s"
        time.sleep(0.02)
    return value


async def come_true(condition, what="it", deadline_s=DEADLINE_S):
    """The same without blocking the event loop."""
    deadline = time.monotonic() + deadline_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen within {deadline_s} s"
        await asyncio.sleep(0.02)
    return value


class Client:
    """A plain MQTT client in a thread of its own; ``received`` grows, ``taken`` counts the broker's PUBACKs."""

    def __init__(self, port, *subscriptions, client_id="logger"):
        self.received: list[tuple[str, bytes]] = []
        self.taken = 0
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        self._client.max_inflight_messages_set(1000)
        self._client.on_message = lambda _c, _d, message: self.received.append((message.topic, message.payload))
        self._client.on_publish = self._published
        self._client.on_connect = lambda client, *_: [client.subscribe(each, qos=1) for each in subscriptions]
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if subscriptions:
            assert self._ready.wait(DEADLINE_S)

    def _published(self, *_):
        self.taken += 1

    def publish(self, topic, payload):
        self._client.publish(topic, payload, qos=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()


async def read_topic(
    bootstrap, topic, *, enough: Callable[[list[tuple[bytes, int, bytes]]], bool], deadline_s=DEADLINE_S
):
    """(key, partition, line) of all lines of a topic from its start, in order per partition, until they are enough."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    lines: list[tuple[bytes, int, bytes]] = []
    try:
        partitions = await consumer._client._wait_on_metadata(topic)
        consumer.assign([TopicPartition(topic, number) for number in partitions])
        deadline = time.monotonic() + deadline_s
        while not enough(lines):
            assert time.monotonic() < deadline, f"{topic} has {len(lines)} lines, and they are not enough"
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    lines += [(record.key, partition.partition, line) for line in unbundle(record.value)]
    finally:
        await consumer.stop()
    return lines
