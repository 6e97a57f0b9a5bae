"""The record that carries an outlet's head together with the days that changed with it: written whole or not at all.

Kafka keeps a record whole, not a checkpoint. A head that is ahead of its days would let a replay say rates again as of
the head's roll call instead of as of their own (``tests/properties/test_restarts.py``).
"""

from collections.abc import Mapping

import msgspec

MOST_BYTES = 256 * 1024
"""Days beyond this go their own way: a mark may touch a year of them, and a broker takes 1 MiB at most."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[bytes, dict[str, bytes]])

_PAIR = 0x92
"""A MessagePack array of two begins so. A head by itself, as older versions wrote it, begins like a map or pressed."""


def join(head: bytes, days: Mapping[str, bytes]) -> bytes:
    """One record of a packed head and packed days by date."""
    return _encoder.encode((head, days))


def part(record: bytes) -> tuple[bytes, dict[str, bytes]]:
    """Head and days of a record. Raises msgspec.MsgspecError where it is none."""
    return _decoder.decode(record) if record[:1] == bytes([_PAIR]) else (record, {})


def fitting(days: Mapping[str, bytes]) -> dict[str, bytes]:
    """The newest of the days that fit into one record."""
    chosen: dict[str, bytes] = {}
    size = 0
    for day, packed in sorted(days.items(), reverse=True):
        size += len(packed)
        if size > MOST_BYTES:
            break
        chosen[day] = packed
    return chosen
