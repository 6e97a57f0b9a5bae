"""What one MQTT payload becomes: lines of the feed, quarantined lines, and answers to the logger. Pure."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.codec import encode
from contracts.feed import (
    Acceptance,
    Examined,
    Heartbeat,
    MonitorLine,
    PacketLine,
    answer_to,
    encode_line,
    monitor_line,
    packet_line,
)
from contracts.topics import shard_of
from emissions.finding import Rejected
from emissions.register import Register
from emissions.trace import trace_of
from hj212.framing import split
from ingest.numbering import Numbering

_log = logging.getLogger(__name__)

WHOLE = 64 * 1024
"""A longer payload is no frame, nor a sensible number of them: it is not split. [bytes]"""

KEPT = 128 * 1024
"""So much of a payload is kept in quarantine; escaped twice as JSON it still fits into one Kafka message. [bytes]"""

PIECES = 1000
"""A payload is split into at most so many frames; the rest of it is one piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A line for ``cems.packets``."""

    shard: int
    line: bytes
    heartbeat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A line for ``cems.quarantine``."""

    mn: str
    line: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What must be committed before the payload is acknowledged, in order, and what is answered after that."""

    records: tuple[Kept | Quarantined, ...]
    answers: tuple[bytes, ...] = ()


class Intake:
    """Reads payloads. The same payload at the same moment always becomes the same."""

    def __init__(
        self, register: Register, acceptance: Acceptance, *, gateway: str, numbering: Numbering | None = None
    ) -> None:
        """``gateway`` is the name that goes into the lines; ``numbering`` numbers those that go into the feed."""
        self._numbering = numbering
        self._outlets = register.outlets
        self._acceptance = acceptance
        self._gateway = gateway

    def frames(self, mn: str, payload: bytes, received_at: datetime) -> Taken:
        """The payload of a logger that is logged in as ``mn``: one or several frames, or garbage."""
        if len(payload) > WHOLE:
            piece, note = _cut(payload)
            return self._take([packet_line(received_at, mn, piece, self._gateway)], note)
        pieces = split(payload)
        if len(pieces) > PIECES:
            pieces = [*pieces[: PIECES - 1], b"".join(pieces[PIECES - 1 :])]
        # Nothing at all is a payload without a header; it is quarantined like any other.
        return self._take([packet_line(received_at, mn, piece, self._gateway) for piece in pieces or [payload]])

    def reading(self, outlet: str, payload: bytes, received_at: datetime) -> Taken:
        """The payload of a JSON monitor of an outlet."""
        piece, note = _cut(payload)
        return self._take([monitor_line(received_at, outlet, piece, self._gateway)], note)

    def refuse(self, kind: str, sender: str, payload: bytes, received_at: datetime, *, reason: str, note: str) -> Taken:
        """A payload that is not looked at: it goes to quarantine whole, and nothing is answered.

        Args:
            kind: First part of its topic: ``cems`` for a JSON monitor, else a logger's.
            sender: The second: an outlet, or an MN.
            payload: What came.
            received_at: When.
            reason: Of the quarantine.
            note: What people read with it.
        """
        piece, too_long = _cut(payload)
        maker = monitor_line if kind == "cems" else packet_line
        event = _refused(maker(received_at, sender, piece, self._gateway), reason, too_long or note).event
        assert isinstance(event, Rejected)
        if self._numbering is not None:
            self._numbering.refused(sender, received_at)
        return Taken((Quarantined(mn=event.mn, line=encode(event), reason=event.reason),))

    def _take(self, lines: list[PacketLine] | list[MonitorLine], note: str = "") -> Taken:
        records: list[Kept | Quarantined] = []
        answers: list[bytes] = []
        for line in lines:
            examined = self._examine(line, note)
            event = examined.event
            self._tell(line, examined)
            if isinstance(event, Rejected):
                if self._numbering is not None:
                    self._numbering.refused(self._counted_as(line), line.received_at)
                records.append(Quarantined(mn=event.mn, line=encode(event), reason=event.reason))
            else:
                beat = isinstance(event, Heartbeat)
                records.append(Kept(shard=self._shard(line), line=encode_line(self._numbered(line)), heartbeat=beat))
            if (answer := answer_to(examined)) is not None:
                answers.append(answer)
        return Taken(tuple(records), tuple(answers))

    def words(self, now: datetime | None = None, *, last: bool = False) -> list[Kept]:
        """What the account must be told, as lines for the feed, to be put behind all lines taken so far but the last.

        Args:
            now: Also of all hours that are over by then.
            last: Also of the running hour: nothing more will be taken.
        """
        if self._numbering is None:
            return []
        words = self._numbering.waiting()
        if now is not None:
            words += self._numbering.farewell(now) if last else self._numbering.over(now)
        return [Kept(shard=shard_of(word.mn), line=encode(word)) for word in words]

    def _numbered(self, line: PacketLine | MonitorLine) -> PacketLine | MonitorLine:
        if (numbering := self._numbering) is None:
            return line
        number = numbering.kept(self._counted_as(line), line.received_at)
        return replace(line, boot=numbering.boot, number=number)

    def _counted_as(self, line: PacketLine | MonitorLine) -> str:
        """The logger's MN, or the outlet's id where no logger exists."""
        if isinstance(line, PacketLine):
            return line.mn
        known = self._outlets.get(line.outlet)
        return line.outlet if known is None else known.mn or line.outlet

    def _tell(self, line: PacketLine | MonitorLine, examined: Examined) -> None:
        """A line in the log that says what became of it, under the packet's trace id."""
        refused = isinstance(examined.event, Rejected)
        if not _log.isEnabledFor(logging.INFO if refused else logging.DEBUG):
            return
        sender = _sender(line)
        if isinstance(line, MonitorLine) and (known := self._outlets.get(line.outlet)) is not None:
            sender = known.mn or sender
        qn = examined.message.qn if examined.message is not None else None
        marks = {"mn": sender, "qn": qn, "trace": trace_of(sender, qn or "", line.received_at)}
        if isinstance(examined.event, Rejected):
            _log.info("refused (%s): %s", examined.event.reason, examined.event.detail, extra=marks)
        else:
            _log.debug("accepted", extra=marks)

    def _examine(self, line: PacketLine | MonitorLine, note: str) -> Examined:
        if note:
            return _refused(line, "length_mismatch" if isinstance(line, PacketLine) else "bad_header_field", note)
        try:
            return self._acceptance.examine(line)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the lines behind it
            _log.exception("examining a line of %s failed; it goes to quarantine", _sender(line))
            return _refused(line, "bad_header_field", f"examining it failed: {type(error).__name__}: {error}")

    def _shard(self, line: PacketLine | MonitorLine) -> int:
        if isinstance(line, PacketLine):
            return shard_of(line.mn)
        return shard_of(self._outlets[line.outlet].mn or line.outlet)


def _cut(payload: bytes) -> tuple[bytes, str]:
    """What is kept of a payload, and what is wrong with its size."""
    if len(payload) <= WHOLE:
        return payload, ""
    note = f"a payload of {len(payload)} bytes; at most {WHOLE} are read"
    return payload[:KEPT], note if len(payload) <= KEPT else f"{note}, the first {KEPT} are kept"


def _refused(line: PacketLine | MonitorLine, reason: str, detail: str) -> Examined:
    rejected = Rejected(
        reason=reason,
        detail=detail,
        mn=_sender(line),
        received_at=line.received_at,
        line=encode_line(line).decode(),
    )
    return Examined(event=rejected, message=None)


def _sender(line: PacketLine | MonitorLine) -> str:
    return line.mn if isinstance(line, PacketLine) else line.outlet
