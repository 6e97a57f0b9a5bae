"""From the bytes of one frame to a message, or to one fault with its reason (R3). Never raises."""

import re

from hj212.commands import is_known, uploads_period
from hj212.crc import CrcProfile, checksum
from hj212.message import Fault, Message
from hj212.moments import data_time
from hj212.segment import parse, salvage
from hj212.sm4 import Sealed, is_encrypted

_HEADER = re.compile(rb"##([0-9]{4})")
_HEX4 = re.compile(rb"[0-9A-Fa-f]{4}")
_CHECKSUM = 4
"""Hexadecimal digits behind the data segment."""


def decode(frame: bytes, *, crc: CrcProfile = CrcProfile.STANDARD, key: bytes | None = None) -> Message | Fault:
    """Decode one frame of any edition.

    Args:
        frame: From ``##`` to the checksum; CR LF, LF or nothing may follow. The standard stops at a segment of 1024
            bytes, loggers in the field do not: all that four digits can say is taken.
        crc: Which checksum the logger computes.
        key: 16 bytes of SM4 for an encrypted frame of the 2025 edition.

    Returns:
        The message, or the first fault of R3 that applies, with what could still be read.
    """
    if not frame.startswith(b"##"):
        return Fault(
            reason="no_header",
            detail=f"a frame begins with ##, this one with {_shown(frame[:8])}",
            message=salvage(frame),
        )
    header = _HEADER.match(frame)
    if header is None:
        return Fault(
            reason="bad_length_field",
            detail=f"four decimal digits follow ##, here {_shown(frame[2:6])}",
            message=salvage(frame[2:]),
        )
    length, body = int(header[1]), frame[6:].removesuffix(b"\n").removesuffix(b"\r")
    if is_encrypted(body):
        return _opened(body[:-_CHECKSUM], body[-_CHECKSUM:], length, crc, key)
    if len(body) != length + _CHECKSUM:
        return Fault(
            reason="length_mismatch",
            detail=f"the header promises {length} bytes and a checksum of 4, {len(body)} bytes follow",
            message=salvage(body),
        )
    return _checked(body[:length], body[length:], crc)


def _opened(segment: bytes, given: bytes, length: int, crc: CrcProfile, key: bytes | None) -> Message | Fault:
    """An encrypted frame. Its length field may count the plain text, as the standard's examples do, or what is sent."""
    sealed = Sealed(segment)
    seen = parse(sealed.head + b"&&", crc_given=given.decode("latin-1"))[0]
    if not sealed.whole:
        return Fault(reason="undecryptable", detail="the list of encrypted bytes is cut off", message=seen)
    if length not in {sealed.plain_length, len(segment)}:
        detail = f"the header promises {length} bytes, {sealed.plain_length} are encrypted"
        return Fault(reason="length_mismatch", detail=detail, message=seen)
    if not _HEX4.fullmatch(given):
        return _not_hex(given, seen)
    if key is None:
        return Fault(reason="undecryptable", detail="the frame is encrypted and no key is known", message=seen)
    plain = sealed.open(key)
    if plain is None:
        return Fault(reason="undecryptable", detail=f"a key has 16 bytes, this one {len(key)}", message=seen)
    if checksum(plain, crc).encode() != given.upper():
        detail = f"under this key the checksum is {checksum(plain, crc)}, {given.decode()} was sent"
        return Fault(reason="undecryptable", detail=detail, message=seen)
    return _checked(plain, given, crc)


def _checked(segment: bytes, given: bytes, crc: CrcProfile) -> Message | Fault:
    sent, computed = given.decode("latin-1"), checksum(segment, crc)
    message, closed, wrong = parse(segment, crc_given=sent, crc_computed=computed)
    if sent != computed and sent.upper() != computed:
        if not _HEX4.fullmatch(given):
            return _not_hex(given, message)
        return Fault(reason="crc", detail=f"checksum {sent} was sent, {computed} is right", message=message)
    if not closed:
        return Fault(reason="cp_unterminated", detail="CP does not stand between && and &&", message=message)
    if wrong is not None:
        return Fault(reason="bad_header_field", detail=wrong, message=message)
    if (wrong := bad_data_time(message)) is not None and not _is_request(message):
        return Fault(reason="bad_datatime", detail=wrong, message=message)
    if not is_known(message.cn or ""):
        return Fault(reason="unsupported_cn", detail=f"no edition has a command {message.cn}", message=message)
    return message


def bad_data_time(message: Message) -> str | None:
    """Why an upload of real-time, minute, hour or day data cannot be placed in time, in words; None where it can."""
    if message.cn is None or not uploads_period(message.cn):
        return None
    if message.data_time is None:
        return "DataTime is missing"
    if data_time(message.data_time) is None:
        return f"DataTime is a moment of 14 or 17 digits, here {message.data_time!r}"
    return None


def _is_request(message: Message) -> bool:
    """A platform asks for data under the same commands: to begin uploading, or for a span of history."""
    return message.data_time is None and not message.values and message.other.keys() <= {"BeginTime", "EndTime"}


def _not_hex(given: bytes, message: Message) -> Fault:
    detail = f"the checksum is four hexadecimal digits, here {_shown(given)}"
    return Fault(reason="crc_field_not_hex", detail=detail, message=message)


def _shown(data: bytes) -> str:
    return repr(data.decode("latin-1"))
