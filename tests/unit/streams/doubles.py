"""Stand-ins for Faust's stream and aiokafka's producer that remember what was done to them."""

import asyncio
from dataclasses import dataclass, field

from contracts.codec import unbundle


@dataclass
class Sent:
    timestamp: float | None = None
    partition: int = 0
    offset: int = 0


@dataclass
class Event:
    value: bytes | None
    message: Sent = field(default_factory=Sent)


class Stream:
    """Gives out events as they are put in; remembers which were acknowledged."""

    def __init__(self):
        self.queue = asyncio.Queue()
        self.acknowledged = []
        self.offset = 0

    def noack(self):
        return self

    async def events(self):
        while True:
            yield await self.queue.get()

    async def ack(self, event):
        self.acknowledged.append(event.value)

    def put(self, *payloads, timestamp=None):
        for payload in payloads:
            self.queue.put_nowait(Event(payload, Sent(timestamp, offset=self.offset)))
            self.offset += 1


@dataclass
class Broker:
    """A producer whose confirmations are given by the test, or at once."""

    at_once: bool = True
    silent: bool = False
    sent: list = field(default_factory=list)
    futures: list = field(default_factory=list)

    async def send(self, topic, value, *, key, partition):
        self.sent.append((topic, key, partition, value))
        future = asyncio.get_running_loop().create_future()
        if self.at_once:
            future.set_result(None)
        self.futures.append(future)
        return future

    def away(self):
        return "Kafka has not answered for 30 s" if self.silent else None

    def confirm(self):
        for future in self.futures:
            if not future.done():
                future.set_result(None)

    def lines(self, topic):
        return [line for name, _, _, value in self.sent if name == topic for line in unbundle(value)]


async def until(condition, seconds=30.0):
    """Wait for something that other tasks bring about."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for knows nothing of events
            await asyncio.sleep(0.001)
