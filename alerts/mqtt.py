"""Publishes letters to MQTT, QoS 1, and waits for the broker's word that it has them."""

import asyncio
import logging
import ssl
import time
from collections.abc import Sequence
from typing import Any, Protocol
from uuid import uuid4

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from alerts.outbox import Letter

log = logging.getLogger(__name__)

ANSWER_S = 10.0
"""The broker has this long to acknowledge a batch. [s]"""


class Broker(Protocol):
    """Where the broker is, and what it takes to log in."""

    @property
    def host(self) -> str: ...  # noqa: D102 - they say what they are

    @property
    def port(self) -> int: ...  # noqa: D102

    @property
    def protocol(self) -> int:
        """4 for MQTT 3.1.1, 5 for MQTT 5."""

    @property
    def username(self) -> str:
        """Empty: anonymous."""

    @property
    def password(self) -> str: ...  # noqa: D102

    @property
    def trust(self) -> ssl.SSLContext | None:
        """Whom to trust, and the certificate to show, for TLS; None: no TLS."""


class MqttPublisher:
    """One connection that is kept up. Not connected is no error: letters wait in the outbox."""

    def __init__(self, broker: Broker) -> None:
        """Prepare the connection; ``start`` makes it."""
        name = f"stackwatch-alerts-{uuid4().hex[:8]}"
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion(broker.protocol)
        )
        self._client.max_queued_messages_set(10_000)
        self._client.on_connect_fail = self._failed
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
        if (trust := broker.trust) is not None:
            self._client.tls_set_context(trust)
        if broker.username:
            self._client.username_pw_set(broker.username, broker.password or None)
        self._client.reconnect_delay_set(1, 30)
        self._client.connect_async(broker.host, broker.port)

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._client.loop_start()

    def stop(self) -> None:
        """Say good-bye."""
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def available(self) -> bool:
        """Whether it makes sense to send."""
        return self._client.is_connected()

    async def send(self, letters: Sequence[Letter]) -> list[str | None]:
        """Publish all; for each an error, or None once the broker has acknowledged it."""
        return await asyncio.to_thread(self._publish, letters)

    def _publish(self, letters: Sequence[Letter]) -> list[str | None]:
        sent = [self._client.publish(letter.address, letter.payload.encode(), qos=1) for letter in letters]
        deadline = time.monotonic() + ANSWER_S
        return [self._outcome(info, deadline) for info in sent]

    def _outcome(self, info: mqtt.MQTTMessageInfo, deadline: float) -> str | None:
        try:
            info.wait_for_publish(max(0.0, deadline - time.monotonic()))
            acknowledged = info.is_published()
        except (ValueError, RuntimeError) as error:
            return f"not sent: {error}"
        return None if acknowledged else f"not acknowledged within {ANSWER_S:g} s"

    # An exception in one of these would end paho's thread without a word, so they only log.

    def _connected(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        log.log(logging.WARNING if reason.is_failure else logging.INFO, "MQTT broker answers: %s", reason)

    def _disconnected(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        log.info("MQTT connection ended: %s", reason)

    def _failed(self, _client: Any, _data: Any) -> None:
        log.warning("MQTT broker cannot be reached; trying again")
