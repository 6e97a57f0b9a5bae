"""From a line of the feed to an event of the core: the one place where a frame is accepted or refused (R3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from contracts.codec import UNREADABLE, BadLine, decode, stamp
from contracts.quarantine import NOTE
from emissions.account import Numbered
from emissions.beijing import to_beijing
from emissions.event import Due, Mark, Packet
from emissions.finding import Rejected
from emissions.register import Outlet, Register
from emissions.rules import Parameters
from hj212 import answers, moments
from hj212.crc import CrcProfile
from hj212.decode import bad_data_time
from hj212.decode import decode as decode_frame
from hj212.message import Fault, Message
from hj212.tables import to_2017

HEARTBEATS = frozenset({"9015", "9021"})
"""Commands that say only "I am here": counted, never quarantined (R3)."""

PERIODS = frozenset({"2051", "2061", "2031"})
"""Data of a period: DataTime is its start, milliseconds mean nothing."""

NOTICES = frozenset({"9015", "1013"})
"""Answered by 9013 (notice) and not by 9014 (data)."""

RESPONSES = frozenset({"9011", "9012", "9013", "9014"})
"""What a logger sends as its own answer: never answered in turn."""

ANSWERED_THOUGH_REFUSED = frozenset({"bad_datatime", "datatime_ahead", "datatime_too_old", "unsupported_cn"})
"""The frame itself came through whole from a known logger. It is kept, and sending it again would not mend it."""


FIRST_YEAR, LAST_YEAR = 1970, 2200
"""No moment of the feed lies outside."""

LONGEST_MARK = timedelta(days=800)
"""Each hour of a mark is judged anew. Marks lie within a year of when they are entered, on either side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketLine:
    """One frame as it came, with when and from whom."""

    kind: Literal["packet"] = "packet"
    received_at: datetime
    mn: str
    """Who was logged in (the topic's MN), not what the frame says."""
    frame: str
    gateway: str = ""
    charset: str = "utf-8"
    """``latin-1`` for a frame whose bytes are not UTF-8, so that every byte is kept."""
    boot: str = ""
    """Which life of the gateway numbered the line; empty: it has no number."""
    number: int = 0
    """Of all lines of this logger that this life of the gateway has put into the feed, from 1."""
    redriven: Mapping[str, str] | None = None
    """Note of a line that was refused once and then driven again, see ``contracts.quarantine``."""

    @property
    def frame_bytes(self) -> bytes:
        """The bytes as they came."""
        return self.frame.encode(self.charset)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorLine:
    """One JSON message of a monitor that speaks no HJ 212, as it came."""

    kind: Literal["monitor"] = "monitor"
    received_at: datetime
    outlet: str
    body: str
    gateway: str = ""
    boot: str = ""
    number: int = 0
    redriven: Mapping[str, str] | None = None


Line = PacketLine | MonitorLine | Due | Mark | Numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """An outlet's logger is there; nothing more is known."""

    outlet: str
    mn: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What became of one line: an event for the fold, or a refusal with one reason; and what was read of the frame."""

    event: Packet | Heartbeat | Rejected
    message: Message | None


class _MonitorBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a JSON monitor publishes on ``cems/{outlet}/readings``."""

    cn: Literal["2011", "2051", "2061", "2031"]
    data_time: str
    """ISO 8601 with an offset, or HJ 212's 14 digits in Beijing time."""
    values: dict[str, dict[str, str | int | float | None]]


class _Kind(msgspec.Struct):
    kind: str


_kind = msgspec.json.Decoder(_Kind)
_packet = msgspec.json.Decoder(PacketLine)
_monitor = msgspec.json.Decoder(MonitorLine)
_body = msgspec.json.Decoder(_MonitorBody)


def packet_line(received_at: datetime, mn: str, frame: bytes, gateway: str = "") -> PacketLine:
    """The feed line of a frame that has just come in. Loses no byte, whatever the frame holds."""
    try:
        text, charset = frame.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text, charset = frame.decode("latin-1"), "latin-1"
    return PacketLine(received_at=received_at, mn=mn, frame=text, gateway=gateway, charset=charset)


def monitor_line(received_at: datetime, outlet: str, body: bytes, gateway: str = "") -> MonitorLine:
    """The feed line of a JSON monitor's message that has just come in."""
    return MonitorLine(received_at=received_at, outlet=outlet, body=body.decode("utf-8", "replace"), gateway=gateway)


def encode_line(line: PacketLine | MonitorLine) -> bytes:
    """The line as the feed holds it: ``kind`` first, moments in Beijing time with milliseconds."""
    fields: dict[str, Any] = {"kind": line.kind, "received_at": stamp(line.received_at)}
    if isinstance(line, PacketLine):
        fields |= {"mn": line.mn, "frame": line.frame, "gateway": line.gateway}
        if line.charset != "utf-8":
            fields["charset"] = line.charset
    else:
        fields |= {"outlet": line.outlet, "body": line.body, "gateway": line.gateway}
    if line.redriven is not None:
        fields[NOTE] = line.redriven
    if line.boot:
        fields |= {"boot": line.boot, "number": line.number}
    return msgspec.json.encode(fields)


def read_line(line: bytes) -> Line:
    """One line of the feed.

    Raises:
        BadLine: not JSON, not a kind of the feed, a field missing or of the wrong type, a moment without an offset.
    """
    try:
        kind = _kind.decode(line).kind
        if kind == "packet":
            packet = _packet.decode(line)
            _require_offset(packet.received_at)
            if packet.charset not in {"utf-8", "latin-1"}:
                raise BadLine(f"charset {packet.charset!r} is neither utf-8 nor latin-1")
            return packet
        if kind == "monitor":
            monitor = _monitor.decode(line)
            _require_offset(monitor.received_at)
            return monitor
    except UNREADABLE as error:
        raise BadLine(str(error)) from error
    if kind not in {"due", "mark", "numbered"}:
        raise BadLine(f"kind {kind!r} is not one of packet, monitor, due, mark, numbered")
    message = decode(line)
    if isinstance(message, Numbered):
        _require_offset(message.received_at)
        _require_offset(message.hour)
    elif isinstance(message, Due):
        _require_offset(message.hour)
    elif isinstance(message, Mark):
        for moment in (message.from_, message.to, message.entered_at):
            _require_offset(moment)
        if message.to <= message.from_:
            raise BadLine(
                f"mark {message.id!r} ends at {stamp(message.to)}, not after its start {stamp(message.from_)}"
            )
        if message.to - message.from_ > LONGEST_MARK:
            raise BadLine(f"mark {message.id!r} is longer than {LONGEST_MARK.days} days")
    assert isinstance(message, Due | Mark | Numbered)
    return message


def _require_offset(moment: datetime) -> None:
    if moment.tzinfo is None:
        raise BadLine(f"{moment.isoformat()} has no offset such as +08:00")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        # At the edges of the calendar no hour can be added and no offset changed.
        raise BadLine(f"{moment.isoformat()} is not between {FIRST_YEAR} and {LAST_YEAR}")


class Acceptance:
    """Decides on frames against one register. Holds no state: the same line always gets the same answer."""

    def __init__(
        self,
        register: Register,
        parameters: Parameters,
        *,
        crc_profiles: Mapping[str, CrcProfile] | None = None,
        keys: Mapping[str, bytes] | None = None,
    ) -> None:
        """``crc_profiles`` and ``keys`` (SM4, 16 bytes) are per MN, for the loggers that need one."""
        self._outlets = register.outlets
        self._by_mn = register.by_mn()
        self._parameters = parameters
        self._crc_profiles = crc_profiles or {}
        self._keys = keys or {}

    def examine(self, line: PacketLine | MonitorLine) -> Examined:
        """Accept the line's content as an event, or reject it with the first reason of R3 that applies."""
        if isinstance(line, MonitorLine):
            return self._examine_monitor(line)
        decoded = decode_frame(
            line.frame_bytes,
            crc=self._crc_profiles.get(line.mn, CrcProfile.STANDARD),
            key=self._keys.get(line.mn),
        )
        fault = decoded if isinstance(decoded, Fault) else None
        message = decoded.message if isinstance(decoded, Fault) else decoded
        if fault is not None and (message is None or fault.reason not in {"bad_datatime", "unsupported_cn"}):
            return _refused(line, fault.reason, fault.detail, message)
        assert message is not None
        if message.mn != line.mn:
            return _refused(line, "mn_mismatch", f"the frame says MN {message.mn}, the login is {line.mn}", message)
        outlet = self._by_mn.get(line.mn)
        if outlet is None:
            return _refused(line, "unknown_mn", f"MN {line.mn} is not in the register", message)
        if fault is not None:
            # bad_datatime goes before unsupported_cn, and both behind what only the register can tell.
            return _refused(line, fault.reason, fault.detail, message)
        if (wrong := bad_data_time(message)) is not None:
            return _refused(line, "bad_datatime", wrong, message)  # a request, come up from a logger
        at = moments.data_time(message.data_time) if message.data_time is not None else None
        if message.cn in HEARTBEATS:
            beat = Heartbeat(outlet=outlet.id, mn=line.mn, received_at=to_beijing(line.received_at))
            return Examined(event=beat, message=message)
        if at is not None and (refusal := self._out_of_window(at, line.received_at)):
            return _refused(line, *refusal, message)
        return Examined(event=_packet_of(line, message, outlet, at), message=message)

    def _out_of_window(self, at: datetime, received_at: datetime) -> tuple[str, str] | None:
        if at - received_at > self._parameters.ahead:
            return "datatime_ahead", f"DataTime {stamp(at)} is ahead of its receipt at {stamp(received_at)}"
        if received_at - at > self._parameters.too_old:
            return "datatime_too_old", f"DataTime {stamp(at)} is too far behind its receipt at {stamp(received_at)}"
        return None

    def _examine_monitor(self, line: MonitorLine) -> Examined:
        outlet = self._outlets.get(line.outlet)
        if outlet is None:
            return _refused(line, "unknown_mn", f"outlet {line.outlet!r} is not in the register")
        try:
            body = _body.decode(line.body)
        except UNREADABLE as error:
            return _refused(line, "bad_header_field", f"not a reading of a JSON monitor: {error}")
        at = _monitor_time(body.data_time)
        if at is None:
            return _refused(line, "bad_datatime", f"data_time {body.data_time!r} is no moment")
        if refusal := self._out_of_window(at, line.received_at):
            return _refused(line, *refusal)
        values = {
            code: {suffix: "" if value is None else str(value) for suffix, value in suffixes.items()}
            for code, suffixes in body.values.items()
        }
        packet = Packet(
            outlet=outlet.id,
            mn=outlet.mn,
            received_at=to_beijing(line.received_at),
            cn=body.cn,
            data_time=at,
            values=values,
            st="31",
        )
        return Examined(event=packet, message=None)


def answer_to(examined: Examined) -> bytes | None:
    """The frame that the standard wants sent back once the line is safely kept, if any: 9014, or 9013 for a notice."""
    message, event = examined.message, examined.event
    if message is None or message.flag is None or not message.flag.needs_answer or message.cn in RESPONSES:
        return None
    if isinstance(event, Rejected) and event.reason not in ANSWERED_THOUGH_REFUSED:
        return None
    return answers.notice_answer(message) if message.cn in NOTICES else answers.data_answer(message)


def _refused(line: PacketLine | MonitorLine, reason: str, detail: str, message: Message | None = None) -> Examined:
    rejected = Rejected(
        reason=reason,
        detail=detail,
        mn=line.mn if isinstance(line, PacketLine) else line.outlet,
        received_at=to_beijing(line.received_at),
        line=encode_line(line).decode(),
    )
    return Examined(event=rejected, message=message)


def _packet_of(line: PacketLine, message: Message, outlet: Outlet, at: datetime | None) -> Packet:
    if at is not None and at.microsecond and message.cn in PERIODS:
        at = at.replace(microsecond=0)
    values: dict[str, Mapping[str, str]] = {}
    sent_codes: dict[str, str] = {}
    for code, suffixes in message.values.items():
        known = to_2017(code)
        if known != code:
            sent_codes[known] = code
        # Both code sets can stand in one packet; what was sent under the 2017 code goes before.
        values[known] = (
            suffixes if known not in values else {**suffixes, **values[known]} | (suffixes if known == code else {})
        )
    return Packet(
        outlet=outlet.id,
        mn=line.mn,
        received_at=to_beijing(line.received_at),
        cn=message.cn or "",
        data_time=at,
        values=values,
        sent_codes=sent_codes,
        edition=message.flag.edition if message.flag is not None else 2005,
        qn=message.qn or "",
        st=message.st or "",
        backfill=message.rf == "1",
    )


def _monitor_time(text: str) -> datetime | None:
    if text.isascii() and text.isdigit():
        return moments.data_time(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return to_beijing(moment) if moment.tzinfo is not None and FIRST_YEAR <= moment.year <= LAST_YEAR else None
