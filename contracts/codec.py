"""Lines of JSON to and from the domain's own dataclasses: one line, one object, ``kind`` says which."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from emissions.account import AccountHour, Counted, Numbered, Passed
from emissions.beijing import to_beijing
from emissions.event import Due, Mark
from emissions.finding import Case, Finding, Rejected
from emissions.hourly import Hour
from emissions.reading import Reading
from emissions.transmission import Called, Rate

Message = (
    Hour | Rate | Finding | Case | Rejected | Called | Reading | Due | Mark | Numbered | Counted | Passed | AccountHour
)

KINDS: dict[str, type[Message]] = {
    "hour": Hour,
    "rate": Rate,
    "finding": Finding,
    "case": Case,
    "rejected": Rejected,
    "called": Called,
    "reading": Reading,
    "due": Due,
    "mark": Mark,
    "numbered": Numbered,
    "counted": Counted,
    "passed": Passed,
    "account": AccountHour,
}

_WITH_FROM: tuple[type[Message], ...] = (Finding, Mark)
"""``from`` is a word of Python, so these two call it ``from_``."""


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a line may do to the decoder: no JSON or another shape, bytes that are no text, nested without end."""


class BadLine(ValueError):
    """The line is not what its topic promises; says what was wrong."""


class _Kind(msgspec.Struct):
    kind: str


_encoder = msgspec.json.Encoder()
_kind = msgspec.json.Decoder(_Kind)
_decoders = {kind: msgspec.json.Decoder(type_) for kind, type_ in KINDS.items() if type_ not in _WITH_FROM}
_plain = msgspec.json.Decoder()


def encode(message: Message) -> bytes:
    """One message as one line of JSON, without the line's end. Moments keep their offset."""
    if not isinstance(message, (Finding, Case, Mark)):
        return _encoder.encode(message)
    fields = msgspec.to_builtins(message, builtin_types=(datetime,))
    if not isinstance(message, Mark) and not message.revision:
        del fields["revision"]  # not numbered
    return _encoder.encode({("from" if name == "from_" else name): value for name, value in fields.items()})


def decode(line: bytes) -> Message:
    """The message of one line.

    Moments come back as sent, in their own offset; compare them, or use ``emissions.beijing``.

    Raises:
        BadLine: not JSON, no known ``kind``, or a field that is missing or of the wrong type.
    """
    try:
        kind = _kind.decode(line).kind
        if (decoder := _decoders.get(kind)) is not None:
            return decoder.decode(line)
        if (type_ := KINDS.get(kind)) is None:
            raise BadLine(f"kind {kind!r} is not one of {', '.join(KINDS)}")
        fields = _plain.decode(line)
        fields["from_"] = fields.pop("from", None)
        return msgspec.convert(fields, type_)
    except UNREADABLE as error:
        raise BadLine(str(error)) from error


def bundle(messages: Iterable[Message]) -> bytes:
    """Several messages as NDJSON: what one Kafka message carries."""
    return b"\n".join(map(encode, messages))


def unbundle(payload: bytes) -> list[bytes]:
    """The lines of one Kafka message, blank ones left out."""
    return [line for line in payload.split(b"\n") if line.strip()]


def stamp(moment: datetime) -> str:
    """A moment as the feed writes it: Beijing time, milliseconds, offset."""
    return to_beijing(moment).isoformat(timespec="milliseconds")
