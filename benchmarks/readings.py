"""What was published and what was stored, written down by two processes in the same short form."""

import hashlib
import struct
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

_RECORD = struct.Struct("<dQ")
SIZE = _RECORD.size
"""Bytes of one record."""


def identity(outlet: str, cn: str, at: datetime) -> int:
    """A number for a reading; equal for a packet and what is stored of it."""
    name = f"{outlet}|{cn}|{at.timestamp():.0f}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "little")


def record(moment: float, reading: int) -> bytes:
    """When something happened to a reading, by the machine's monotonic clock. [s]"""
    return _RECORD.pack(moment, reading)


def first_moments(path: Path, *, skip: int = 0) -> dict[int, float]:
    """When it first happened to each reading, from the record number ``skip`` on. [s]"""
    moments: dict[int, float] = {}
    for moment, reading in _records(path, skip):
        moments.setdefault(reading, moment)
    return moments


def _records(path: Path, skip: int) -> Iterator[tuple[float, int]]:
    with path.open("rb") as file:
        file.seek(skip * SIZE)
        data = file.read()
    yield from _RECORD.iter_unpack(data[: len(data) // SIZE * SIZE])
