"""Loggers over MQTT: one connection each, all in one event loop, no thread per device."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ingest.mqtt import Arrival, MqttLink
from ingest.mqtt_address import BadAddress, MqttAddress, parse_address
from simulators.wire import Receive, WireUnavailable

ENTERING_AT_ONCE = 16
"""Loggers that connect at the same time when the fleet starts."""
CONNECT_TIMEOUT_S = 15.0
LOOK_S = 0.02


class MqttWire:
    """Publishes to ``hj212/{mn}/up`` and listens on ``hj212/{mn}/down``, QoS 1."""

    def __init__(self, broker: str | MqttAddress, *, passwords: Mapping[str, str] | None = None) -> None:
        """Take the address of a broker; without a user in it each logger logs in as its MN.

        Args:
            broker: The address, or its text.
            passwords: By MN, for a broker that asks for them.

        Raises:
            WireUnavailable: the address is none.
        """
        try:
            self._address = parse_address(broker) if isinstance(broker, str) else broker
        except BadAddress as error:
            raise WireUnavailable(str(error)) from error
        self._passwords = passwords or {}
        self._loggers: dict[str, _Logger] = {}
        self._receive: Receive = _deaf

    async def open(self, mns: Iterable[str], receive: Receive) -> None:
        """Connect every logger; raises ``WireUnavailable`` where one is not let in in time."""
        self._receive = receive
        door = asyncio.Semaphore(ENTERING_AT_ONCE)

        async def enter(mn: str) -> None:
            async with door:
                await self._begin(mn).connected()

        try:
            async with asyncio.TaskGroup() as tasks:
                for mn in mns:
                    tasks.create_task(enter(mn))
        except* WireUnavailable as refusals:
            await self.close()
            raise refusals.exceptions[0] from None

    def send(self, mn: str, frame: bytes) -> "asyncio.Future[None]":
        """Publish a frame with QoS 1; done at the PUBACK, however long the broker is away."""
        logger = self._loggers.get(mn) or self._begin(mn)
        return logger.send(frame)

    async def close(self) -> None:
        """Disconnect all."""
        await asyncio.gather(*(logger.close() for logger in self._loggers.values()))
        self._loggers.clear()

    def _begin(self, mn: str) -> "_Logger":
        own = self._address
        if not own.username:
            own = replace(own, username=mn, password=self._passwords.get(mn, ""))
        logger = self._loggers[mn] = _Logger(mn, own, self._receive)
        return logger


class _Logger:
    """One logger's session."""

    def __init__(self, mn: str, address: MqttAddress, receive: Receive) -> None:
        self._mn, self._address, self._receive = mn, address, receive
        self._link = MqttLink(
            address,
            client_id=f"logger-{mn}",
            subscriptions=(f"hj212/{mn}/down",),
            on_arrival=self._arrived,
            keep_session=False,
        )
        self._life = asyncio.create_task(self._link.run(), name=f"logger-{mn}")
        self._deliveries: set[asyncio.Task[None]] = set()

    async def connected(self) -> None:
        """Return when the broker has let the logger in."""
        for _ in range(round(CONNECT_TIMEOUT_S / LOOK_S)):
            if self._link.connected:
                return
            await asyncio.sleep(LOOK_S)
        raise WireUnavailable(self._link.problem or f"{self._address.shown} does not answer")

    def send(self, frame: bytes) -> "asyncio.Future[None]":
        delivery = asyncio.create_task(self._link.deliver(f"hj212/{self._mn}/up", frame))
        self._deliveries.add(delivery)
        delivery.add_done_callback(self._deliveries.discard)
        return delivery

    async def close(self) -> None:
        for delivery in list(self._deliveries):
            delivery.cancel()
        await self._link.close()
        self._life.cancel()
        await asyncio.gather(self._life, *self._deliveries, return_exceptions=True)

    def _arrived(self, arrival: Arrival) -> None:
        self._receive(self._mn, arrival.payload)
        self._link.acknowledge(arrival)


def _deaf(_mn: str, _frame: bytes) -> None:
    """Before ``open`` nobody listens."""
