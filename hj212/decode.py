"""From the bytes of one frame to a message, or to one fault with its reason (R3). Never raises."""

import re

from hj212 import sm4
from hj212.commands import is_known, uploads_period
from hj212.crc import CrcProfile, checksum
from hj212.message import Fault, Message, flag_of
from hj212.moments import data_time

MAX_LENGTH = 9999
"""The length field has four digits. The standard stops at 1024; loggers in the field do not."""

_HEADER = re.compile(rb"##(\d{4})", re.ASCII)
_HEX4 = re.compile(r"[0-9A-Fa-f]{4}", re.ASCII)
_CP = b"CP=&&"
_CN = re.compile(r"\d{4}", re.ASCII)
_QN = re.compile(r"\d{17}", re.ASCII)
_ST = re.compile(r"[0-9A-Za-z]{2}", re.ASCII)
_MN = re.compile(r"[0-9A-Za-z]{1,32}", re.ASCII)
_COUNT = re.compile(r"\d{1,4}", re.ASCII)


def decode(frame: bytes, *, crc: CrcProfile = CrcProfile.STANDARD, key: bytes | None = None) -> Message | Fault:
    """Decode one frame of any edition.

    Args:
        frame: From ``##`` to the checksum; CR LF, LF or nothing may follow.
        crc: Which checksum the logger computes.
        key: 16 bytes of SM4 for an encrypted frame of the 2025 edition.

    Returns:
        The message, or the first fault of R3 that applies, with what could still be read.
    """
    if not frame.startswith(b"##"):
        return Fault(reason="no_header", detail=f"a frame begins with ##, this one with {_shown(frame[:8])}")
    header = _HEADER.match(frame)
    if header is None:
        return Fault(
            reason="bad_length_field",
            detail=f"four decimal digits follow ##, here {_shown(frame[2:6])}",
            message=_salvage(frame[6:]),
        )
    length, body = int(header[1]), frame[6:].removesuffix(b"\n").removesuffix(b"\r")
    if sm4.is_encrypted(body):
        return _decrypted(body, length, crc, key)
    if len(body) != length + 4:
        return Fault(
            reason="length_mismatch",
            detail=f"the header promises {length} bytes and a checksum of 4, {len(body)} bytes follow",
            message=_salvage(body),
        )
    return _checked(body[:length], body[length:], crc)


def _decrypted(body: bytes, length: int, crc: CrcProfile, key: bytes | None) -> Message | Fault:
    """An encrypted frame: its header gives the length, and its end the checksum, of the plain text."""
    if key is None:
        return Fault(
            reason="undecryptable", detail="the frame is encrypted and no key is known", message=_salvage(body)
        )
    plain = sm4.decrypt_segment(body[:-4], key)
    if plain is None or len(plain) != length or checksum(plain, crc).encode() != body[-4:].upper():
        return Fault(
            reason="undecryptable",
            detail="the key does not turn the frame into what it promises",
            message=_salvage(body),
        )
    return _checked(plain, body[-4:], crc)


def _checked(segment: bytes, given: bytes, crc: CrcProfile) -> Message | Fault:
    given_text = given.decode("latin-1")
    computed = checksum(segment, crc)
    if not _HEX4.fullmatch(given_text):
        return Fault(
            reason="crc_field_not_hex",
            detail=f"the checksum is four hexadecimal digits, here {_shown(given)}",
            message=_read(segment, None, computed)[0],
        )
    message, closed, bad_field = _read(segment, given_text, computed)
    if given_text != computed and given_text.upper() != computed:
        return Fault(reason="crc", detail=f"checksum {given_text} was sent, {computed} is right", message=message)
    if not closed:
        return Fault(reason="cp_unterminated", detail="CP does not stand between && and && at the end", message=message)
    if (wrong := bad_field or _bad_field(message)) is not None:
        return Fault(reason="bad_header_field", detail=wrong, message=message)
    assert message.cn is not None
    if (wrong := bad_data_time(message)) is not None and not _is_request(message):
        return Fault(reason="bad_datatime", detail=wrong, message=message)
    if not is_known(message.cn):
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


def _bad_field(message: Message) -> str | None:
    """The first field that is not what its edition defines, in words; None where all are."""
    if message.mn is None or not _MN.fullmatch(message.mn):
        return f"MN is 1 to 32 letters and digits, here {message.mn!r}"
    if message.cn is None or not _CN.fullmatch(message.cn):
        return f"CN is four digits, here {message.cn!r}"
    if message.st is None or not _ST.fullmatch(message.st):
        return f"ST is two characters, here {message.st!r}"
    if message.qn is not None and not _QN.fullmatch(message.qn):
        return f"QN is 17 digits, here {message.qn!r}"
    if message.flag is not None and message.flag.has_packet_number:
        if message.pnum is None or message.pno is None:
            return f"Flag {message.flag.raw} announces PNUM and PNO, and they are not there"
        if not 1 <= message.pno <= message.pnum:
            return f"PNO {message.pno} is not one of {message.pnum} packets"
    return None


def _read(segment: bytes, given: str | None, computed: str | None) -> tuple[Message, bool, str | None]:
    """The segment's fields, whether CP is closed, and the first field whose own text is wrong."""
    try:
        text = segment.decode("utf-8")
    except UnicodeDecodeError:
        text = segment.decode("latin-1")
    head, opened, content = text.partition("CP=&&")
    closed = bool(opened) and content.endswith("&&")
    if closed:
        content = content[:-2]
    fields: dict[str, str] = {}
    for item in head.split(";"):
        name, equals, value = item.partition("=")
        if equals:
            fields[name.strip().upper()] = value.strip()
    wrong: str | None = None
    flag = None
    if (raw := fields.get("FLAG")) is not None:
        flag = flag_of(raw)
        wrong = None if flag is not None else f"Flag is a number from 0 to 255, here {raw!r}"
    counts: list[int | None] = []
    for name in ("PNUM", "PNO"):
        sent = fields.get(name)
        number = int(sent) if sent is not None and _COUNT.fullmatch(sent) else None
        if sent and number is None and wrong is None:
            wrong = f"{name} is a number from 1 to 9999, here {sent!r}"
        counts.append(number)
    at, values, other = _content(content)
    message = Message(
        qn=fields.get("QN") or None,
        st=fields.get("ST"),
        cn=fields.get("CN"),
        pw=fields.get("PW"),
        mn=fields.get("MN"),
        flag=flag,
        pnum=counts[0],
        pno=counts[1],
        rf=fields.get("RF"),
        data_time=at,
        values=values,
        other=other,
        crc_given=given,
        crc_computed=computed,
    )
    return message, closed, wrong


def _content(content: str) -> tuple[str | None, dict[str, dict[str, str]], dict[str, str]]:
    """DataTime, values by code and suffix, and items whose key has no suffix."""
    at: str | None = None
    values: dict[str, dict[str, str]] = {}
    other: dict[str, str] = {}
    for item in _items(content):
        key, equals, value = item.partition("=")
        if not equals:
            if key := key.strip():
                other[key] = ""
            continue
        code, dash, suffix = key.rpartition("-")
        if dash and code and suffix:
            factor = values.get(code)
            if factor is None:
                values[code] = {suffix: value}
            else:
                factor[suffix] = value
        elif key == "DataTime":
            at = value
        elif key:
            other[key] = value
    return at, values, other


def _items(content: str) -> list[str]:
    """Items of CP. Text between ``//`` (3020) may hold commas and semicolons of its own."""
    if "//" not in content:
        return content.replace(";", ",").split(",")
    items: list[str] = []
    for number, part in enumerate(content.split("//")):
        if number % 2:
            items[-1] += f"//{part}//"
            continue
        first, *rest = part.replace(";", ",").split(",")
        if items:
            items[-1] += first
        else:
            items.append(first)
        items += rest
    return items


def _salvage(body: bytes) -> Message | None:
    """What can still be read of a frame whose bounds are wrong."""
    start = body.find(b"QN=") if b"QN=" in body else body.find(b"ST=")
    end = body.rfind(b"&&")
    if start < 0:
        return None
    segment = body[start : end + 2] if end > start else body[start:]
    given = body[end + 2 : end + 6].decode("latin-1") if end > start else None
    return _read(segment, given or None, None)[0]


def _shown(data: bytes) -> str:
    return repr(data.decode("latin-1"))
