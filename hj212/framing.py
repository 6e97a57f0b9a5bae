"""Frames in a stream of bytes: glued, halved, repeated, with garbage between."""

from hj212.sm4 import is_encrypted

_LIMIT = 64 * 1024
"""Bytes that may wait for the end of a frame before they are given up as garbage."""

_LONGEST_ENCRYPTED = 6 + 9999 * 6
"""``0xE4,`` stands for one byte of plain text."""


class Framer:
    """Cuts frames out of what arrives on one connection; however the stream is cut, the frames are the same."""

    def __init__(self) -> None:
        self._buffer = b""
        self.garbage = 0
        """Bytes passed over between frames so far."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what has arrived and give back the frames that are complete, each from ``##`` to its checksum.

        A frame whose length field does not lead to its checksum is cut at the next CR LF or before the next ``##``, and
        given back as it is: whoever decodes it says what is wrong with it.
        """
        self._buffer += data
        frames: list[bytes] = []
        while (found := self._next()) is not None:
            if found:
                frames.append(found)
        return frames

    def _next(self) -> bytes | None:
        """The next frame; empty where only garbage was passed over; None where more bytes are needed."""
        buffer = self._buffer
        start = buffer.find(b"##")
        if start < 0:
            kept = 1 if buffer.endswith(b"#") else 0
            self._skip(len(buffer) - kept)
            return None
        if buffer.startswith(b"###", start):
            start += 1  # a stray sign before the header
        if start:
            self._skip(start)
            return b""
        if len(buffer) < 6:
            return None
        if not buffer[2:6].isdigit():
            return self._cut_at_resynchronisation()
        if is_encrypted(buffer[: 6 + 1024]):
            end = buffer.find(b"\r\n")
            if end >= 0:
                return self._take(end, 2)
            return None if len(buffer) < _LONGEST_ENCRYPTED else self._cut_at_resynchronisation()
        end = 6 + int(buffer[2:6]) + 4
        if len(buffer) < end:
            # The length may be wrong: a line end, or a further header behind one, shows that no more will come.
            line = buffer.find(b"\r\n", 6)
            return None if line < 0 else self._take(line, 2)
        if not _hexadecimal(buffer[end - 4 : end]):
            return self._cut_at_resynchronisation()
        return self._take(end, _line_end(buffer[end : end + 2]))

    def _take(self, end: int, after: int) -> bytes:
        frame = self._buffer[:end]
        self._buffer = self._buffer[end + after :]
        return frame

    def _cut_at_resynchronisation(self) -> bytes | None:
        line, header = self._buffer.find(b"\r\n", 2), self._buffer.find(b"##", 2)
        if line >= 0 and (header < 0 or line < header):
            return self._take(line, 2)
        if header >= 0:
            return self._take(header, 0)
        if len(self._buffer) > _LIMIT:
            return self._take(len(self._buffer), 0)
        return None

    def _skip(self, count: int) -> None:
        self.garbage += sum(byte not in b"\r\n" for byte in self._buffer[:count])
        self._buffer = self._buffer[count:]


def split(payload: bytes) -> list[bytes]:
    """The frames of one message that may hold several. Only line ends are lost: what is no frame is a piece too."""
    pieces: list[bytes] = []
    rest = payload
    while rest := rest.lstrip(b"\r\n"):
        length = _frame_length(rest)
        piece, rest = rest[:length], rest[length:]
        pieces.append(piece.rstrip(b"\r\n"))
    return pieces or [payload]


def _frame_length(data: bytes) -> int:
    """How many bytes of the data belong to the piece that it begins with."""
    line = data.find(b"\r\n")
    line_end = len(data) if line < 0 else line
    if data.startswith(b"##") and data[2:6].isdigit() and not is_encrypted(data[:line_end]):
        end = 6 + int(data[2:6]) + 4
        if end <= len(data) and _hexadecimal(data[end - 4 : end]):
            after = data[end : end + 2]
            if not after or after[:1] in b"\r\n" or after == b"##":
                return end
    header = data.find(b"##", 2)
    return line_end if header < 0 else min(line_end, header)


def _hexadecimal(text: bytes) -> bool:
    return len(text) == 4 and all(byte in b"0123456789ABCDEFabcdef" for byte in text)


def _line_end(after: bytes) -> int:
    return 2 if after == b"\r\n" else 1 if after[:1] in {b"\r", b"\n"} else 0
