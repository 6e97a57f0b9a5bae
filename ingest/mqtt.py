"""An MQTT session on the event loop: paho does the protocol, asyncio watches the socket, nothing runs in a thread.

So a callback never races with anything, and not reading from the socket is all that back-pressure takes.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from ingest.arrival import Arrival
from ingest.mqtt_address import MqttAddress
from ingest.mqtt_client import CONNECT_TIMEOUT_S, OUTGOING, make_client
from ingest.mqtt_window import Window
from ingest.packet_ids import PacketIds

__all__ = ["Arrival", "MqttLink"]

_log = logging.getLogger(__name__)

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 10.0
TICK_S = 1.0
"""How often paho looks after keep-alive. [s]"""


class MqttLink:
    """One session that connects again by itself. ``run`` must be running for anything to move."""

    def __init__(
        self,
        address: MqttAddress,
        *,
        client_id: str,
        subscriptions: tuple[str, ...],
        on_arrival: Callable[[Arrival], None],
        on_room: Callable[[], None] | None = None,
        keep_session: bool = True,
        receive_maximum: int = 1000,
    ) -> None:
        """Prepare a session.

        Args:
            address: The broker.
            client_id: Fixed, so that the broker knows the session again.
            subscriptions: Topic filters, all with QoS 1.
            on_arrival: Called for each message on the event loop; it is acknowledged only by ``acknowledge``.
            on_room: Called on the event loop when ``publish`` takes messages again after it has refused one.
            keep_session: Whether the broker keeps messages while we are away.
            receive_maximum: MQTT 5: unacknowledged messages that the broker may have under way.
        """
        self._address = address
        self._subscriptions = list(subscriptions)
        self._on_arrival = on_arrival
        self._loop: asyncio.AbstractEventLoop | None = None
        self._socket: Any = None
        self._connection = 0
        self._paused = False
        self._closing = False
        self._lost = asyncio.Event()
        self._connected = asyncio.Event()
        self._broken: Exception | None = None
        self._incoming = PacketIds()
        self._deliveries: dict[int, asyncio.Future[None]] = {}
        self._window = Window(OUTGOING, on_room)
        self._unconfirmed: Counter[int] = Counter()
        """Packet ids that paho gave to messages with QoS 0; it gives the same to others meanwhile."""
        self._ungranted: set[int] = set()
        """Packet ids of the subscriptions of this connection that the broker has not confirmed yet."""
        self.problem: str | None = f"MQTT at {address.shown} has not been reached yet"
        """Why no message can come at this moment, in words."""
        self._client = make_client(
            address, client_id=client_id, keep_session=keep_session, receive_maximum=receive_maximum
        )
        self._listen(self._client)

    def _listen(self, client: paho.Client) -> None:
        client.on_connect = self._connack
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._suback
        client.on_message = self._message
        client.on_publish = self._puback
        client.on_socket_close = lambda *_: self._detach()
        client.on_socket_register_write = lambda *_: self._watch_writes()
        client.on_socket_unregister_write = lambda *_: self._unwatch_writes()

    @property
    def connection(self) -> int:
        """Number of the connection; 0 before the first."""
        return self._connection

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted the session and nothing has broken it since."""
        return self._connected.is_set()

    async def run(self) -> None:
        """Connect and stay connected, until cancelled.

        Raises:
            Exception: what ``on_arrival`` raised; the message is not acknowledged, so the broker keeps it.
        """
        self._loop = asyncio.get_running_loop()
        delay = FIRST_DELAY_S
        try:
            while True:
                if await self._connect():
                    delay = FIRST_DELAY_S
                if self._broken is not None:
                    raise self._broken
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_DELAY_S)
        finally:
            self._detach()

    async def _connect(self) -> bool:
        """One connection from its start to its end; whether the broker had accepted it."""
        self._lost.clear()
        try:
            # Resolving and connecting block; the socket is watched only after that, so nothing runs side by side.
            await asyncio.to_thread(self._client.reconnect)
        except (OSError, ValueError) as error:
            self._complain(f"MQTT at {self._address.shown} cannot be reached: {error}")
            return False
        self._attach()
        before = self._connection
        deadline = asyncio.get_running_loop().time() + CONNECT_TIMEOUT_S
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(TICK_S):
                    await self._lost.wait()
            except TimeoutError:
                self._client.loop_misc()
            if self._connection == before and asyncio.get_running_loop().time() > deadline:
                self._complain(f"MQTT at {self._address.shown} takes connections and says nothing")
                break
        self._connected.clear()
        self._detach()
        return self._connection != before

    def pause(self) -> bool:
        """Stop reading: what the broker has sent stays in the socket, and what it has not stays with it.

        Returns whether it was reading until now.
        """
        if self._paused:
            return False
        self._paused = True
        if self._loop is not None and self._socket is not None:
            self._loop.remove_reader(self._socket)
        return True

    def resume(self) -> None:
        """Read again."""
        if self._paused:
            self._paused = False
            if self._loop is not None and self._socket is not None:
                self._loop.add_reader(self._socket, self._readable)
                # TLS may hold decrypted bytes that no longer make the socket readable.
                self._loop.call_soon(self._readable)

    def acknowledge(self, arrival: Arrival) -> bool:
        """Send the PUBACK, once for each message; False when the connection that brought it is gone: the broker sends
        the message again."""
        if arrival.connection != self._connection or not self.connected:
            return False
        if arrival.qos:
            for _ in range(self._incoming.finished(arrival.mid)):
                self._client.ack(arrival.mid, arrival.qos)
        return True

    def publish(self, topic: str, payload: bytes, *, beyond: bool = False) -> bool:
        """Send with QoS 1 if the broker is there and keeps up; False if not, and then nothing is sent later either.

        What was sent and not confirmed when the connection broke is sent again on the next one. ``beyond``: what the
        broker has not kept up with is sent too, with QoS 0; on this connection that arrives just as well.
        """
        if not self.connected:
            return False
        if self._window.has_room():
            sent = self._client.publish(topic, payload, qos=1)
            if sent.rc is MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._window.sent(sent.mid)
                return True
            # paho has come round to a packet id that the broker has not confirmed yet.
            self._window.asked_in_vain()
        if not beyond:
            return False
        sent = self._client.publish(topic, payload, qos=0)
        if sent.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        self._unconfirmed[sent.mid] += 1
        return True

    async def deliver(self, topic: str, payload: bytes) -> None:
        """Send with QoS 1 and return when the broker has it, however long it is away; sent again as often as needed."""
        while True:
            await self._connected.wait()
            sent = self._client.publish(topic, payload, qos=1)
            if sent.rc in {MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN}:
                break
            await asyncio.sleep(FIRST_DELAY_S)
        # Otherwise paho remembers the message and sends it on the next connection.
        done = self._deliveries[sent.mid] = asyncio.get_running_loop().create_future()
        try:
            await done
        finally:
            self._deliveries.pop(sent.mid, None)

    def subscribe(self, topic_filter: str) -> None:
        """Add a subscription with QoS 1, on this and every later connection."""
        if topic_filter not in self._subscriptions:
            self._subscriptions.append(topic_filter)
            if self.connected:
                self._client.subscribe(topic_filter, qos=1)

    def unsubscribe(self, topic_filter: str) -> None:
        """Drop a subscription."""
        if topic_filter in self._subscriptions:
            self._subscriptions.remove(topic_filter)
            if self.connected:
                self._client.unsubscribe(topic_filter)

    async def close(self) -> None:
        """Say goodbye, so that the broker does not wait for us; call it while ``run`` still runs."""
        if not self.connected:
            return
        self._closing = True
        self._client.disconnect()
        try:
            async with asyncio.timeout(2):
                await self._lost.wait()
        except TimeoutError:
            _log.warning("MQTT at %s did not take the goodbye", self._address.shown)

    # The socket.

    def _attach(self) -> None:
        sock = self._client.socket()
        if sock is None or self._loop is None:
            self._lost.set()
            return
        self._socket = sock
        if not self._paused:
            self._loop.add_reader(sock, self._readable)
        self._loop.add_writer(sock, self._writable)

    def _detach(self) -> None:
        sock, self._socket = self._socket, None
        if sock is not None and self._loop is not None:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)

    def _readable(self) -> None:
        while not self._paused and self._socket is not None:
            self._guarded(self._client.loop_read)
            pending = getattr(self._socket, "pending", None)
            if pending is None or not pending():
                break

    def _writable(self) -> None:
        self._guarded(self._client.loop_write)

    def _guarded(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - bytes that paho chokes on cost the connection, not the process
            self._complain(f"MQTT at {self._address.shown} sends what cannot be read: {error!r}")
            self._detach()
            self._lost.set()

    def _watch_writes(self) -> None:
        if self._socket is not None and self._loop is not None:
            self._loop.add_writer(self._socket, self._writable)

    def _unwatch_writes(self) -> None:
        if self._socket is not None and self._loop is not None:
            self._loop.remove_writer(self._socket)

    # What paho reports. All of it arrives on the event loop.

    def _connack(self, _client: object, _data: object, _flags: object, reason: ReasonCode, _more: object) -> None:
        if reason.is_failure:
            self._complain(f"MQTT at {self._address.shown} refuses the session: {reason}")
            return
        self._connection += 1
        self._incoming.clear()
        self._unconfirmed.clear()
        # A broker takes messages that nobody has subscribed to, confirms them and throws them away.
        self.problem = self._awaited if self._subscriptions else None
        self._connected.set()
        self._window.open()
        _log.info("connected to MQTT at %s", self._address.shown)
        self._ungranted = {mid for each in self._subscriptions if (mid := self._client.subscribe(each, qos=1)[1])}

    def _suback(self, _client: object, _data: object, mid: int, reasons: list[ReasonCode], _more: object) -> None:
        for reason in reasons:
            if reason.is_failure:
                self._complain(f"MQTT at {self._address.shown} refuses a subscription: {reason}")
        self._ungranted.discard(mid)
        if not self._ungranted and self.problem == self._awaited:
            self.problem = None

    @property
    def _awaited(self) -> str:
        return f"MQTT at {self._address.shown} has not confirmed the subscriptions yet"

    def _disconnected(self, _client: object, _data: object, _flags: object, reason: ReasonCode, _more: object) -> None:
        if self.connected and not self._closing:
            self._complain(f"MQTT at {self._address.shown} has gone: {reason}")
        self._connected.clear()
        self._lost.set()

    def _message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        # Not every broker refuses a topic that is not UTF-8, and paho's own property raises then.
        topic, payload = bytes(message._topic).decode("utf-8", "replace"), bytes(message.payload)
        if message.qos and not self._incoming.took(message.mid, hash((topic, payload)), again=message.dup):
            return
        try:
            self._on_arrival(Arrival(topic, payload, message.mid, message.qos, self._connection))
        except Exception as error:  # noqa: BLE001 - raised in a callback it would be lost; so it ends run()
            _log.exception("a message on %s could not be taken over", topic)
            self._broken = error
            self._lost.set()

    def _puback(self, _client: object, _data: object, mid: int, _reason: object, _more: object) -> None:
        # A message with QoS 0 is reported here, too, when it has been written. Nobody has confirmed it.
        if self._unconfirmed[mid]:
            self._unconfirmed[mid] -= 1
            return
        self._window.confirmed(mid)
        done = self._deliveries.get(mid)
        if done is not None and not done.done():
            done.set_result(None)

    def _complain(self, problem: str) -> None:
        if problem != self.problem:
            _log.warning("%s", problem)
        self.problem = problem
