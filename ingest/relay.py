"""HJ 212 over TCP in, MQTT out, and the answers back: for loggers that speak nothing else."""

import asyncio
import logging
import socket
from dataclasses import dataclass

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge

from hj212.framing import Framer
from ingest.arrival import Arrival
from ingest.mqtt import MqttLink
from ingest.mqtt_address import MqttAddress
from ingest.relay_login import login_of, sender_of

_log = logging.getLogger(__name__)

READ_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayLimits:
    """What one relay bears."""

    connections: int = 4096
    """Loggers at a time; one more is turned away."""
    idle_s: float = 3900.0
    """A logger that says nothing for so long is cut off; the longest RtdInterval is an hour. [s]"""
    unread: int = 64 * 1024
    """Answers that a logger does not read are dropped beyond this. [bytes]"""


class Relay:
    """One relay process; ``run`` is its life. A logger waits for its next frame until the broker has the last one."""

    def __init__(
        self,
        *,
        address: MqttAddress,
        name: str,
        host: str,
        port: int,
        limits: RelayLimits | None = None,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        """``name`` is part of the MQTT client id; ``port`` 0 takes any free one, see ``port`` once it runs."""
        self._limits = limits or RelayLimits()
        self._host = host
        self.port = port
        self._mqtt = MqttLink(
            address,
            client_id=f"stackwatch-relay-{name}",
            subscriptions=(),
            on_arrival=self._answered,
            keep_session=False,
        )
        self._loggers: dict[str, asyncio.StreamWriter] = {}
        self._handlers: set[asyncio.Task[None]] = set()
        self.listening = asyncio.Event()
        self._connections = Gauge("stackwatch_relay_connections", "Loggers connected.", registry=registry)
        self._relayed = Counter("stackwatch_relay_frames", "Frames that the broker has.", registry=registry)
        self._answers = Counter("stackwatch_relay_answers", "Answers written to loggers.", registry=registry)
        self._dropped = Counter(
            "stackwatch_relay_answers_dropped", "Answers for loggers that are gone or do not read.", registry=registry
        )
        self._strays = Counter(
            "stackwatch_relay_strays", "Frames of nobody: no MN can be read and none is logged in.", registry=registry
        )
        self._garbage = Counter("stackwatch_relay_garbage_bytes", "Bytes between frames.", registry=registry)
        self._refused = Counter("stackwatch_relay_refused", "Connections turned away.", registry=registry)

    def ready(self) -> str | None:
        """None while frames can be passed on; else why not."""
        return self._mqtt.problem or (None if self.listening.is_set() else "not listening yet")

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until ``stop`` is set.

        Raises:
            OSError: the port is taken or may not be used.
        """
        server = await asyncio.start_server(self._accept, self._host, self.port)
        self.port = server.sockets[0].getsockname()[1]
        session = asyncio.create_task(self._mqtt.run())
        stopping = asyncio.create_task(stop.wait())
        self.listening.set()
        _log.info("listening for HJ 212 on %s:%d", self._host, self.port)
        try:
            await asyncio.wait({session, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if session.done():
                session.result()
        finally:
            self.listening.clear()
            server.close()
            for task in self._handlers:
                task.cancel()
            await asyncio.gather(*self._handlers, return_exceptions=True)
            await self._mqtt.close()
            session.cancel()
            stopping.cancel()
            await asyncio.gather(session, stopping, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._handlers) >= self._limits.connections:
            self._refused.inc()
            writer.close()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._handlers.add(task)
        self._connections.set(len(self._handlers))
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._handlers.discard(task)
        self._connections.set(len(self._handlers))
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a connection ended with %s: %s", type(error).__name__, error)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        _keep_alive(writer)
        framer = Framer()
        mn: str | None = None
        seen_garbage = 0
        try:
            while True:
                async with asyncio.timeout(self._limits.idle_s):
                    data = await reader.read(READ_BYTES)
                if not data:
                    break
                for frame in framer.feed(data):
                    if mn is None and (mn := login_of(frame)) is not None:
                        self._log_in(mn, writer)
                        _log.info("%s is MN %s", peer, mn)
                    await self._pass_on(frame, mn)
                self._garbage.inc(framer.garbage - seen_garbage)
                seen_garbage = framer.garbage
        except TimeoutError:
            _log.info("%s said nothing for %.0f s", peer, self._limits.idle_s)
        except ConnectionError as error:
            _log.info("%s is gone: %s", peer, error)
        finally:
            if mn is not None:
                self._log_out(mn, writer)
            writer.close()

    async def _pass_on(self, frame: bytes, mn: str | None) -> None:
        """To the topic of who is logged in, whatever the frame says: the gateway names what is wrong with it."""
        topic_mn = mn or sender_of(frame)
        if topic_mn is None:
            self._strays.inc()
            return
        await self._mqtt.deliver(f"hj212/{topic_mn}/up", frame)
        self._relayed.inc()

    def _log_in(self, mn: str, writer: asyncio.StreamWriter) -> None:
        # A logger that comes back before we saw it go is the same logger: the old connection is dead.
        old = self._loggers.get(mn)
        self._loggers[mn] = writer
        if old is not None:
            old.close()
        self._mqtt.subscribe(f"hj212/{mn}/down")

    def _log_out(self, mn: str, writer: asyncio.StreamWriter) -> None:
        if self._loggers.get(mn) is writer:
            del self._loggers[mn]
            self._mqtt.unsubscribe(f"hj212/{mn}/down")

    def _answered(self, arrival: Arrival) -> None:
        writer = self._loggers.get(arrival.topic.split("/")[1])
        if writer is None or writer.transport.get_write_buffer_size() > self._limits.unread:
            self._dropped.inc()
        else:
            writer.write(arrival.payload)
            self._answers.inc()
        self._mqtt.acknowledge(arrival)


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Let the system find out that a logger's line is dead, within a few minutes."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4)):
        if (number := getattr(socket, option, None)) is not None:
            sock.setsockopt(socket.IPPROTO_TCP, number, value)
