"""Loopback ports: a free one, a given one that must be free, and waiting until a server answers on it."""

import atexit
import errno
import secrets
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable

from stackwatch.embedded.child import Child
from stackwatch.errors import UserError

LOOPBACK = "127.0.0.1"

_MQTT_CONNECT = b"\x10\x12\x00\x04MQTT\x04\x02\x00\x0a\x00\x06probe-"
"""MQTT 3.1.1 CONNECT of a clean session."""

_KAFKA_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
"""ApiVersions request, version 0, without a client id."""

Probe = Callable[[socket.socket], bool]


_OURS = range(20_000, 32_000)
"""Below the ports that systems give to outgoing connections, any of which could take a free one before we listen."""
_BLOCK = 200


class _Block:
    """Ports that are this process's until it ends: it holds the first of them, so no other process takes the block.

    Asking whether a port is free and listening on it later leaves a moment between, often in another process. Two
    demos, or tests beside each other, would now and then choose the same one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ports: deque[int] = deque()

    def next(self) -> int:
        """One that nobody listens on, and of those the one given out longest ago."""
        with self._lock:
            while True:
                for _ in range(len(self._ports)):
                    self._ports.rotate(-1)
                    with socket.socket() as probe:
                        if _bound(probe, self._ports[-1]):
                            return self._ports[-1]
                self._hold_more()

    def _hold_more(self) -> None:
        firsts = list(_OURS[::_BLOCK])
        for first in secrets.SystemRandom().sample(firsts, len(firsts)):
            guard = socket.socket()
            if _bound(guard, first):
                atexit.register(guard.close)
                self._ports.extendleft(range(first + 1, first + _BLOCK))
                return
            guard.close()
        raise UserError(f"no loopback port from {_OURS.start} to {_OURS.stop - 1} is free")


_ours = _Block()


def free_port() -> int:
    """A loopback port that nobody listens on at this moment, and that no other process of ours will choose.

    Raises:
        UserError: there is none.
    """
    return _ours.next()


def _bound(probe: socket.socket, port: int) -> bool:
    try:
        probe.bind((LOOPBACK, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True


def require_free(port: int, *, what: str) -> int:
    """The port again, when it is free; a free one for 0.

    Raises:
        UserError: somebody listens on it.
    """
    if port == 0:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise UserError(f"port {port} for {what} cannot be used: {error.strerror}") from error
    return port


def speaks_mqtt(connection: socket.socket) -> bool:
    """Whether an MQTT broker accepts a session on the connection."""
    connection.sendall(_MQTT_CONNECT)
    return connection.recv(4) == b"\x20\x02\x00\x00"


def speaks_kafka(connection: socket.socket) -> bool:
    """Whether a Kafka broker says which requests it knows."""
    connection.sendall(_KAFKA_API_VERSIONS)
    return len(connection.recv(8)) == 8


def wait_until_ready(child: Child, port: int, probe: Probe, *, what: str, deadline_s: float) -> None:
    """Return when the child answers the probe on its port.

    Raises:
        UserError: it ended, or did not answer in time; with its last words.
    """
    deadline = time.monotonic() + deadline_s
    while True:
        if child.exit_code is not None:
            raise UserError(f"{what} on port {port} ended at once ({child.exit_code}): {child.last_words()}")
        try:
            with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
                if probe(connection):
                    return
        except OSError as error:
            if time.monotonic() > deadline:
                raise UserError(f"{what} on port {port} does not answer after {deadline_s:.0f} s: {error}") from error
        if time.monotonic() > deadline:
            raise UserError(f"{what} on port {port} answers, but not as {what} should; see {child.log}")
        time.sleep(0.05)
