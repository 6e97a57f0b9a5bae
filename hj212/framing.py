"""Frames in a stream of bytes: glued, halved, repeated, with garbage between.

A frame ends where its length field says, if a closed CP and a checksum stand there. Where they do not, the length is
wrong or the frame is torn: it then ends at the next line end or before the next header, and is given back as it is,
so that whoever decodes it can say what is wrong with it. An encrypted frame ends at its line end, since its length
counts the plain text. The same rules hold for a stream and for a payload.
"""

from hj212.sm4 import OPENING

LIMIT = 64 * 1024
"""Bytes that may wait for the end of a frame; the longest encrypted one takes five for each of 9999. [bytes]"""

_HEADER = 6
_CHECKSUM = 4
_HEX = b"0123456789ABCDEFabcdef"
_DIGITS = b"0123456789"


class Framer:
    """Cuts frames out of what arrives on one connection; however the stream is cut, the frames are the same."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.garbage = 0
        """Bytes passed over between frames so far, line ends not counted."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what has arrived; give back what is complete, each frame from ``##`` on, without its line end."""
        self._buffer += data
        return self._cut(final=False)

    def close(self) -> list[bytes]:
        """The connection has ended: give back the frame that will not be completed, if there is one."""
        return self._cut(final=True)

    def _cut(self, *, final: bool) -> list[bytes]:
        buffer, at = self._buffer, 0
        frames: list[bytes] = []
        while True:
            start = _next_header(buffer, at, final=final)
            passed = buffer[at:start]
            self.garbage += len(passed) - passed.count(b"\r") - passed.count(b"\n")
            at = start
            end = _end(buffer, at, final=final) if start < len(buffer) else None
            if end is None:
                del buffer[:at]
                return frames
            frames.append(bytes(buffer[at:end]).rstrip(b"\r"))
            at = end


def split(payload: bytes) -> list[bytes]:
    """The frames of one payload that may hold several. What is no frame is a piece too: only line ends are lost."""
    pieces: list[bytes] = []
    at, size = 0, len(payload)
    while at < size:
        start = _next_header(payload, at, final=True)
        if garbage := payload[at:start].strip(b"\r\n"):
            pieces.append(garbage)
        if start == size:
            break
        at = _end(payload, start, final=True) or size
        pieces.append(payload[start:at].rstrip(b"\r"))
    return pieces or [payload]


def _next_header(data: bytes | bytearray, at: int, *, final: bool) -> int:
    """Where the next frame may begin; where there is none, how far the data can be passed over."""
    size = len(data)
    start = data.find(b"##", at)
    if start < 0:
        return size - 1 if not final and size > at and data.endswith(b"#") else size
    stray = data[start + 2 : start + 4]
    return start + 1 if len(stray) == 2 and stray.startswith(b"#") and stray != b"##" else start


def _end(data: bytes | bytearray, start: int, *, final: bool) -> int | None:
    """End of the frame that begins at ``start``, its line end not included; None where more bytes must come first."""
    size = len(data)
    if size - start < _HEADER:
        return size if final else None
    length = data[start + 2 : start + _HEADER]
    if length.strip(_DIGITS):
        return _torn(data, start, start + 2, final=final)
    due = start + _HEADER + int(length) + _CHECKSUM
    if data.find(b"\n", start + _HEADER, due) >= 0:
        return _torn(data, start, start + _HEADER, final=final)
    if size < due:
        return size if final else None
    closing, checksum = data[due - _CHECKSUM - 2 : due - _CHECKSUM], data[due - _CHECKSUM : due]
    if closing == b"&&" and not checksum.strip(_HEX):
        return due
    opening = data.find(OPENING, start + _HEADER, due)
    encrypted = opening >= 0 and data.find(b"##", start + _HEADER, opening) < 0
    return _torn(data, start, due - _CHECKSUM if encrypted else start + _HEADER, final=final)


def _torn(data: bytes | bytearray, start: int, at: int, *, final: bool) -> int | None:
    """The next line end or header at or behind ``at``, within the limit; None where more bytes must come first."""
    stop = start + LIMIT
    header = data.find(b"##", at, stop)
    line = data.find(b"\n", at, stop if header < 0 else header)
    if line >= 0 or header >= 0:
        return line if line >= 0 else header
    if len(data) >= stop:
        return stop
    return len(data) if final else None
