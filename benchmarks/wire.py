"""As much MQTT 3.1.1 as loggers need, in so little time that it is not what is measured."""

import asyncio
from collections.abc import Callable

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ = 0x10, 0x20, 0x32, 0x40, 0x82, 0x90, 0xC0
QOS = 0x06
"""Of a message's first byte: whether it has a packet identifier and wants a PUBACK."""
KEEPALIVE_S = 600
FIRST, LAST = 1, 65_535
"""Packet identifiers."""

Heard = Callable[[bytes, bytes], None]


def _text(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


def _packet(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + _length(len(body)) + body


def _length(length: int) -> bytes:
    digits = bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(digits)


def publication(topic: bytes, payload: bytes) -> tuple[bytes, bytes]:
    """A message with QoS 1: what stands before its packet identifier, and what behind it."""
    head = bytes([PUBLISH]) + _length(2 + len(topic) + 2 + len(payload)) + _text(topic)
    return head, payload


class Session(asyncio.Protocol):
    """One connection with a clean session."""

    def __init__(self, name: str, heard: Heard | None = None) -> None:
        self._name, self._heard = name, heard
        self._buffer = b""
        self._next = FIRST
        self.ready = asyncio.get_running_loop().create_future()
        self.lost = False
        self.unacknowledged: dict[int, int] = {}
        """What was handed to ``publish`` and has no PUBACK yet, by packet identifier."""
        self._less = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Log in."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        body = _text(b"MQTT") + bytes([4, 2]) + KEEPALIVE_S.to_bytes(2, "big") + _text(self._name.encode())
        transport.write(_packet(CONNECT, body))

    def connection_lost(self, _error: Exception | None) -> None:
        """Nothing is sent again: a benchmark that loses its broker has failed."""
        self.lost = True
        self._less.set()

    def subscribe(self, *filters: str) -> None:
        """With QoS 1."""
        body = b"".join(_text(each.encode()) + b"\x01" for each in filters)
        self._transport.write(_packet(SUBSCRIBE, b"\x00\x01" + body))

    def publish(self, message: tuple[bytes, bytes], number: int) -> None:
        """Send; the number is kept until the PUBACK."""
        while self._next in self.unacknowledged:
            self._next = FIRST if self._next == LAST else self._next + 1
        self.unacknowledged[self._next] = number
        head, payload = message
        self._transport.write(head + self._next.to_bytes(2, "big") + payload)
        self._next = FIRST if self._next == LAST else self._next + 1

    async def fewer_than(self, many: int) -> None:
        """Return when fewer than so many wait for their PUBACK."""
        while len(self.unacknowledged) >= many:
            if self.lost:
                raise ConnectionError("the MQTT broker has closed a connection")
            self._less.clear()
            await self._less.wait()

    def data_received(self, data: bytes) -> None:
        """Take what has come apart."""
        buffer = self._buffer + data
        start, end = 0, len(buffer)
        while end - start >= 2:
            length, shift, at = 0, 0, start + 1
            while at < end:
                length |= (buffer[at] & 0x7F) << shift
                shift += 7
                at += 1
                if not buffer[at - 1] & 0x80:
                    break
            else:
                break
            if at + length > end:
                break
            self._take(buffer[start], buffer[at : at + length])
            start = at + length
        self._buffer = buffer[start:]

    def _take(self, first: int, body: bytes) -> None:
        kind = first & 0xF0
        if kind == PUBACK:
            del self.unacknowledged[int.from_bytes(body[:2], "big")]
            self._less.set()
        elif kind == PUBLISH & 0xF0:
            end = 2 + int.from_bytes(body[:2], "big")
            topic, rest = body[2:end], body[end:]
            if first & QOS:
                self._transport.write(_packet(PUBACK, rest[:2]))
                rest = rest[2:]
            if self._heard is not None:
                self._heard(topic, rest)
        elif kind == CONNACK and not self.ready.done():
            if body[1]:
                self.ready.set_exception(ConnectionRefusedError(f"CONNACK {body[1]}"))
            else:
                self.ready.set_result(None)
