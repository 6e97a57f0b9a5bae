"""The data segment 数据段 as text: header fields by name, then the items of CP."""

import re

from hj212.message import Message, flag_of

_CP = re.compile(r"(?:^|;)CP=&&", re.IGNORECASE | re.ASCII)
_FIRST_FIELD = re.compile(rb"(?:QN|ST|CN|PW|MN|FLAG)=", re.IGNORECASE)
_CLOSED = re.compile(rb"&&([0-9A-F]{4})\s*\Z", re.IGNORECASE)
_ITEM_END = re.compile("[;,]")

_QN = re.compile(r"[0-9]{17}")
_ST = re.compile(r"[0-9A-Za-z]{2}")
_CN = re.compile(r"[0-9]{4}")
_PW = re.compile(r"[!-%'-:<>-~]{0,32}")
_MN = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
_COUNT = re.compile(r"[0-9]{1,4}")

Parsed = tuple[Message, bool, str | None]
"""What was read, whether CP stands between its two ``&&``, and the first header field that is wrong, in words."""


def parse(segment: bytes, *, crc_given: str | None = None, crc_computed: str | None = None) -> Parsed:
    """Read a segment by the names of its fields, in whatever order they stand. Takes any bytes."""
    try:
        text = segment.decode()
    except UnicodeDecodeError:
        text = segment.decode("latin-1")
    head, content, closed = _divided(text)
    fields: dict[str, str] = {}
    wrong: str | None = None
    for item in head.split(";"):
        name, _, value = item.partition("=")
        name = name.strip().upper()
        if name in fields and fields[name] != value.strip():
            wrong = wrong or f"{name} stands twice, as {fields[name]!r} and as {value.strip()!r}"
        elif name:
            fields[name] = value.strip()
    sent = fields.get
    raw = sent("FLAG")
    at, values, other = _content(content)
    message = Message(
        qn=sent("QN") or None,
        st=sent("ST"),
        cn=sent("CN"),
        pw=sent("PW"),
        mn=sent("MN"),
        flag=None if raw is None else flag_of(raw),
        pnum=_count(sent("PNUM")),
        pno=_count(sent("PNO")),
        rf=sent("RF"),
        data_time=at,
        values=values,
        other=other,
        crc_given=crc_given,
        crc_computed=crc_computed,
    )
    return message, closed, wrong or _wrong(message, fields)


def salvage(data: bytes) -> Message | None:
    """What can be read of a frame whose bounds are wrong; None where no field of a header is to be seen."""
    found = _FIRST_FIELD.search(data)
    if found is None:
        return None
    segment, given = data[found.start() :], None
    if (end := _CLOSED.search(segment)) is not None:
        segment, given = segment[: end.start(1)], end[1].decode()
    return parse(segment, crc_given=given)[0]


def _divided(text: str) -> tuple[str, str, bool]:
    """Header, content of CP, and whether both ``&&`` are there with nothing but further fields behind them."""
    start = text.find(";CP=&&") + 1
    if not start:
        found = _CP.search(text)
        if found is None:
            return text, "", False
        start = found.end() - 5
    content = text[start + 5 :]
    end = content.rfind("&&")
    if end < 0:
        return text[:start], content, False
    behind = content[end + 2 :]
    if not behind:
        return text[:start], content[:end], True
    return text[:start] + behind, content[:end], behind[0] == ";"


def _content(content: str) -> tuple[str | None, dict[str, dict[str, str]], dict[str, str]]:
    """DataTime, values by code and suffix, and the items whose key has no suffix."""
    at: str | None = None
    values: dict[str, dict[str, str]] = {}
    other: dict[str, str] = {}
    for item in _items(content) if "=//" in content else content.replace(",", ";").split(";"):
        key, equals, value = item.partition("=")
        code, _, suffix = key.rpartition("-")
        if code and suffix:
            if code in values:
                values[code][suffix] = value
            else:
                values[code] = {suffix: value}
        elif key == "DataTime":
            # Two times in one packet: nobody can say which values belong to which, so neither is taken.
            if equals:
                at = value if at is None or at == value else f"{at};{value}"
        elif key := key.strip():
            other[key] = value
    return at, values, other


def _items(content: str) -> list[str]:
    """Items of CP. Text that stands between ``//`` (3020) may hold commas and semicolons of its own."""
    items, at = [""], 0
    while (opening := content.find("=//", at)) >= 0 and (closing := content.find("//", opening + 3)) >= 0:
        _append(items, content[at:opening])
        items[-1] += content[opening : closing + 2]
        at = closing + 2
    _append(items, content[at:])
    return items


def _append(items: list[str], text: str) -> None:
    first, *more = _ITEM_END.split(text)
    items[-1] += first
    items += more


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and _COUNT.fullmatch(text) else None


def _wrong(message: Message, fields: dict[str, str]) -> str | None:
    """The first field that is missing or not what its edition defines, in words; None where all are right."""
    if message.mn is None or not _MN.fullmatch(message.mn):
        return _not("MN is letters and digits", message.mn)
    if message.cn is None or not _CN.fullmatch(message.cn):
        return _not("CN is four digits", message.cn)
    if message.st is None or not _ST.fullmatch(message.st):
        return _not("ST is two letters or digits", message.st)
    if message.qn is not None and not _QN.fullmatch(message.qn):
        return _not("QN is 17 digits", message.qn)
    if message.pw is not None and not _PW.fullmatch(message.pw):
        return _not("PW is at most 32 printable characters", message.pw)
    return _wrong_numbers(message, fields)


def _wrong_numbers(message: Message, fields: dict[str, str]) -> str | None:
    flag = message.flag
    if flag is None:
        return _not("Flag is a number from 0 to 255", fields["FLAG"]) if "FLAG" in fields else None
    if flag.has_packet_number:
        if message.pnum is None or message.pno is None:
            return f"Flag {flag.raw} announces PNUM and PNO, {fields.get('PNUM')!r} and {fields.get('PNO')!r} were sent"
        if not 1 <= message.pno <= message.pnum:
            return f"PNO {message.pno} is not one of {message.pnum} packets"
    for name, number in (("PNUM", message.pnum), ("PNO", message.pno)):
        if number is None and fields.get(name):
            return _not(f"{name} is a number from 1 to 9999", fields[name])
    if flag.edition == 2025 and message.rf not in {None, "1"}:
        return _not("RF is 1 or is left out", message.rf)
    return None


def _not(rule: str, sent: str | None) -> str:
    return f"{rule}, {'none was sent' if sent is None else f'here {sent!r}'}"
