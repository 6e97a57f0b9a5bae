"""Refused lines: by what name one is known however often it is refused, and the note of a redrive that it carries."""

import hashlib
from collections.abc import Mapping

import msgspec

from contracts.codec import UNREADABLE

NOTE = "redriven"
"""Field of a feed line that was refused once and then driven again: ``{"id", "at", "by"}``. It decides nothing."""

_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encoder = msgspec.json.Encoder()


def line_id(line: str) -> str:
    """The name of a line, made of its content without the note: refused again it is the same line."""
    fields = _fields(line)
    content = line.encode("utf-8", "surrogatepass") if fields is None else _encoder.encode(fields)
    return hashlib.sha256(content).hexdigest()[:24]


def with_note(line: str, note: Mapping[str, str]) -> bytes:
    """The line as it goes back into the feed: nothing of it changed, the note added.

    Raises:
        ValueError: the line is no JSON object.
    """
    if (fields := _fields(line)) is None:
        raise ValueError("only a JSON object can carry a note")
    return _encoder.encode({**fields, NOTE: note})


def has_note(line: str) -> bool:
    """Whether the line has been driven again before."""
    try:
        return NOTE in _decoder.decode(line.encode())
    except (*UNREADABLE, UnicodeEncodeError):
        return False


def _fields(line: str) -> dict[str, msgspec.Raw] | None:
    try:
        fields = _decoder.decode(line.encode())
    except (*UNREADABLE, UnicodeEncodeError):
        return None
    fields.pop(NOTE, None)
    return fields
