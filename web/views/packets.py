"""Frames behind one reading: found in the feed, decoded again, with the logger's password taken out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.feed import Acceptance, MonitorLine, PacketLine
from emissions.beijing import to_beijing
from emissions.event import Packet
from emissions.reading import Reading
from emissions.register import Outlet
from hj212.message import Message
from web.packets import Line, Packets

AROUND = timedelta(minutes=10)
"""Sub-packets of one data time come within this of the one that the store remembers (R5)."""

HIDDEN = "••••••"
_PASSWORD = re.compile(r"(?<=PW=)[^;&]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame of the feed."""

    received_at: datetime
    gateway: str
    raw: str
    """As it came, but for the password, which is nobody's business here."""
    hidden: bool
    """Whether a password was taken out. The checksum still counts what was sent."""
    message: Message | None
    """As decoded; None of a JSON monitor."""
    packet: Packet


async def frames_of(packets: Packets, acceptance: Acceptance, outlet: Outlet, reading: Reading) -> list[Frame]:
    """The frames that carry the reading's command and data time, in order of receipt.

    Raises:
        PacketsUnavailable: Kafka does not answer.
    """
    received = reading.received_at
    lines = await packets.find(outlet.mn or outlet.id, since=received - AROUND, until=received + AROUND)
    return frames(lines, acceptance, cn=reading.cn, at=reading.at)


def frames(lines: Iterable[Line], acceptance: Acceptance, *, cn: str, at: datetime) -> list[Frame]:
    """Those of the lines that carry a command's values of one data time."""
    found = []
    for line in lines:
        examined = acceptance.examine(line)
        packet = examined.event
        if not isinstance(packet, Packet) or packet.cn != cn or packet.data_time != at:
            continue
        raw, hidden = without_password(line)
        found.append(
            Frame(
                received_at=to_beijing(line.received_at),
                gateway=line.gateway,
                raw=raw,
                hidden=hidden,
                message=examined.message,
                packet=packet,
            )
        )
    return sorted(found, key=lambda frame: frame.received_at)


def without_password(line: PacketLine | MonitorLine) -> tuple[str, bool]:
    """The frame's text, and whether a password was taken out of it."""
    text = line.frame.rstrip("\r\n") if isinstance(line, PacketLine) else line.body
    shown = _PASSWORD.sub(HIDDEN, text)
    return shown, shown != text
