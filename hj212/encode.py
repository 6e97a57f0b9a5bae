"""From fields to the bytes of a frame."""

from collections.abc import Mapping

from hj212.crc import CrcProfile, checksum
from hj212.sm4 import encrypt_content

END = b"\r\n"


class Unencodable(ValueError):
    """A field cannot stand in a frame; says which and why."""


def frame(segment: bytes, *, crc: CrcProfile = CrcProfile.STANDARD) -> bytes:
    """A whole frame around a data segment: header, length, segment, checksum, CR LF.

    Raises:
        Unencodable: the segment is longer than four digits can say.
    """
    if len(segment) > 9999:
        raise Unencodable(f"a data segment has at most 9999 bytes, this one {len(segment)}")
    return b"##%04d" % len(segment) + segment + checksum(segment, crc).encode() + END


def message(
    *,
    st: str,
    cn: str,
    mn: str,
    pw: str = "123456",
    qn: str | None = None,
    flag: int | None = None,
    pnum: int | None = None,
    pno: int | None = None,
    rf: bool = False,
    data_time: str | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    other: Mapping[str, str] | None = None,
    crc: CrcProfile = CrcProfile.STANDARD,
    key: bytes | None = None,
) -> bytes:
    """The frame of one message.

    Args:
        st, cn, mn, pw, qn: Header fields; ``qn`` of 17 digits, None for a 2005 upload without one.
        flag: 0 to 255; None leaves it out, as 2005 uploads do.
        pnum, pno: Number of sub-packets and which this is; ``flag`` must have bit 1.
        rf: Mark the packet as sent late (补传, 2025).
        data_time: 14 or 17 digits.
        values: Text by code and suffix; the items of one code stand together.
        other: Items of CP that have no suffix.
        crc: Which checksum to compute.
        key: Encrypt CP by SM4 (2025). The length and the checksum are those of the plain text.

    Raises:
        Unencodable: a value would break the frame, or the segment is too long.
    """
    if flag is not None and not 0 <= flag <= 255:
        raise Unencodable(f"Flag is a number from 0 to 255, not {flag}")
    if (pnum is None) is not (pno is None) or (pnum is not None) is not bool((flag or 0) & 2):
        raise Unencodable("PNUM and PNO go together, and with bit 1 of Flag")
    head: list[tuple[str, str | None]] = [
        ("QN", qn),
        ("ST", st),
        ("CN", cn),
        ("PW", pw),
        ("MN", mn),
        ("Flag", None if flag is None else str(flag)),
        ("PNUM", None if pnum is None else str(pnum)),
        ("PNO", None if pno is None else str(pno)),
        ("RF", "1" if rf else None),
    ]
    fields = ";".join(f"{name}={_field(name, text)}" for name, text in head if text is not None)
    content = content_of(data_time=data_time, values=values or {}, other=other or {}).encode()
    if content.startswith(b"{0x"):
        raise Unencodable("CP would look like an encrypted one")
    segment = f"{fields};CP=&&".encode() + content + b"&&"
    plain = frame(segment, crc=crc)
    if key is None:
        return plain
    opening, tail = len(fields.encode()) + len(";CP=&&"), plain[6 + len(segment) :]
    return plain[: 6 + opening] + encrypt_content(content, key) + b"&&" + tail


def content_of(*, data_time: str | None, values: Mapping[str, Mapping[str, str]], other: Mapping[str, str]) -> str:
    """What stands between ``&&`` and ``&&``: DataTime, then the other items, then the values, a group for each code."""
    groups: list[str] = [] if data_time is None else [_item("DataTime", data_time)]
    groups += [_item(_key(key), text) for key, text in other.items()]
    groups += [_group(code, suffixes) for code, suffixes in values.items() if suffixes]
    return ";".join(groups)


def _group(code: str, suffixes: Mapping[str, str]) -> str:
    return ",".join(_item(_key(code, suffix), text) for suffix, text in suffixes.items())


def _key(code: str, suffix: str | None = None) -> str:
    """A key that reads back as it was: it is split at its last dash."""
    words = (code,) if suffix is None else (code, suffix)
    key = "-".join(words)
    dash = "-" in words[-1]
    if not all(words) or dash or key == "DataTime" or key != key.strip() or any(sign in key for sign in ";,=&\r\n"):
        raise Unencodable(f"{key!r} cannot be a key in CP")
    return key


def _field(name: str, text: str) -> str:
    if any(sign in text for sign in ";=&\r\n") or not text:
        raise Unencodable(f"{name}={text!r} cannot stand in a header")
    return text


def _item(key: str, text: str) -> str:
    """Text that stands between ``//`` may hold commas and semicolons; other text may hold neither."""
    quoted = len(text) >= 4 and text.startswith("//") and text.find("//", 2) == len(text) - 2
    plain = not (text.startswith("//") or any(sign in text for sign in (";", ",", "=//")))
    if not (quoted or plain) or any(sign in text for sign in ("&&", "\r", "\n")) or text.endswith("&"):
        raise Unencodable(f"{key}={text!r} cannot stand in CP")
    return f"{key}={text}"
