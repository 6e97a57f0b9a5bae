"""Pieces of state as bytes: MessagePack, pressed with Zstandard. What was written unpressed can still be read."""

from typing import Any, Generic, TypeVar

import cramjam
import msgspec

_LEVEL = 3
"""A day of an outlet shrinks to about a tenth, in a tenth of a millisecond; higher levels gain little."""

_MAGIC = b"\x28\xb5\x2f\xfd"
"""A Zstandard frame begins so, and no MessagePack map or list does."""

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder()


def pack(value: Any) -> bytes:
    """The value as it is kept and written."""
    return bytes(cramjam.zstd.compress(_encoder.encode(value), level=_LEVEL))


class Unpacker(Generic[T]):
    """Gives back values of one type. Raises msgspec.MsgspecError or cramjam.DecompressionError on other bytes."""

    def __init__(self, kind: type[T]) -> None:
        self._decoder = msgspec.msgpack.Decoder(kind)

    def __call__(self, packed: bytes) -> T:
        """The value that ``pack`` was given."""
        return self._decoder.decode(bytes(cramjam.zstd.decompress(packed)) if packed.startswith(_MAGIC) else packed)
