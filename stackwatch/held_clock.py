"""A clock in a file of 40 bytes: one process moves it, any number of others read it.

Layout, little endian: sequence (uint64), epoch in µs since 1970 (int64), wall anchor in µs since 1970 (int64),
speed (float64), CRC-32 of the 32 bytes before it (uint32), magic (4 bytes). A reader that meets a half-written
record sees a wrong checksum and looks again.
"""

import mmap
import os
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from zlib import crc32

from emissions.beijing import BEIJING, to_beijing

_BODY = struct.Struct("<Qqqd")
_TAIL = struct.Struct("<I4s")
SIZE = _BODY.size + _TAIL.size
_MAGIC = b"held"

_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

PATIENCE_S = 2.0
"""A record that stays torn this long was left behind by a writer that died in the middle of it."""


class HeldClockError(Exception):
    """The file holds no clock."""


class HeldClockReader:
    """Callable: the moment the held clock shows. Never goes back."""

    def __init__(self, path: Path) -> None:
        """Raises ``OSError`` when the file cannot be opened, ``HeldClockError`` when it is no clock."""
        self._path = path
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size != SIZE:
                raise HeldClockError(f"{path} is no held clock: expected {SIZE} bytes")
            self._view = mmap.mmap(file.fileno(), SIZE, access=mmap.ACCESS_READ)
        self._latest = 0
        self()

    def __call__(self) -> datetime:
        """The moment shown now, in Beijing time.

        Raises:
            HeldClockError: the record is damaged and stays so.
        """
        epoch, anchor, speed = self._read()
        shown = epoch + int(max(0, _wall() - anchor) * speed) if speed else epoch
        self._latest = max(self._latest, shown)
        return _moment(self._latest)

    def _read(self) -> tuple[int, int, float]:
        deadline: float | None = None
        while True:
            record = self._view[:SIZE]
            checksum, magic = _TAIL.unpack_from(record, _BODY.size)
            if magic == _MAGIC and checksum == crc32(record[: _BODY.size]):
                _, epoch, anchor, speed = _BODY.unpack_from(record)
                return epoch, anchor, speed
            if deadline is None:
                deadline = time.monotonic() + PATIENCE_S
            elif time.monotonic() > deadline:
                raise HeldClockError(f"{self._path} holds no whole clock record")
            time.sleep(0)


class HeldClock:
    """The writer. There is one at a time; it may be closed and opened again by another process."""

    def __init__(self, path: Path) -> None:
        """Take over a clock that exists; ``create`` makes one."""
        self.path = path
        self._read = HeldClockReader(path)
        with path.open("r+b") as file:
            self._view = mmap.mmap(file.fileno(), SIZE)
        (self._sequence,) = struct.unpack_from("<Q", self._view)

    @classmethod
    def create(cls, path: Path, now: datetime) -> Self:
        """A new clock that stands still at ``now``; an older file of that name is replaced."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_bytes(_record(1, _micros(now), _wall(), 0.0))
        draft.replace(path)
        return cls(path)

    @property
    def url(self) -> str:
        """What ``STACKWATCH_CLOCK`` must say for the others."""
        return f"held://{self.path.absolute()}"

    def now(self) -> datetime:
        """What the clock shows."""
        return self._read()

    def set(self, now: datetime) -> None:
        """Stand still at ``now``.

        Raises:
            ValueError: the clock shows a later moment already; readers must never see it go back.
        """
        shown = self.now()
        if now < shown:
            raise ValueError(f"the clock shows {shown.isoformat()}, it cannot go back to {to_beijing(now).isoformat()}")
        self._write(_micros(now), 0.0)

    def run(self, speed: float) -> None:
        """Go on from what is shown at ``speed`` times real time; 1 is live.

        Raises:
            ValueError: a speed that is not above 0.
        """
        if not speed > 0:
            raise ValueError(f"speed {speed} is not above 0; set() makes a clock stand still")
        self._write(_micros(self.now()), speed)

    def close(self) -> None:
        """Let go of the file; readers go on."""
        self._view.close()

    def __enter__(self) -> Self:
        """The clock itself; closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the file."""
        self.close()

    def _write(self, epoch: int, speed: float) -> None:
        self._sequence += 1
        self._view[:SIZE] = _record(self._sequence, epoch, _wall(), speed)


def _record(sequence: int, epoch: int, anchor: int, speed: float) -> bytes:
    body = _BODY.pack(sequence, epoch, anchor, speed)
    return body + _TAIL.pack(crc32(body), _MAGIC)


def _wall() -> int:
    return time.time_ns() // 1000


def _micros(moment: datetime) -> int:
    return (to_beijing(moment) - _UNIX) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return (_UNIX + timedelta(microseconds=micros)).astimezone(BEIJING)
