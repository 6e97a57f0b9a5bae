"""What the folds take in: packets, roll calls and marks, freed of the wire format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One accepted message of a data logger (or of a JSON monitor)."""

    outlet: str
    mn: str
    received_at: datetime
    """Stamped once, by the gateway (R2)."""
    cn: str
    """Command number: ``2011``, ``2051``, ``2061``, ``2031`` or another of the standard's."""
    data_time: datetime | None
    """Start of the period, or for 2011 the moment of sampling (R1); None where the command carries none."""
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Text as sent, by 2017 factor code and suffix: ``{"a21026": {"Avg": "12.30", "Flag": "N"}}``."""
    sent_codes: Mapping[str, str] = field(default_factory=dict)
    """For every factor that was sent under a 2005 code: 2017 code to the code as sent."""
    edition: int = 2017
    """Edition of HJ 212 that the packet follows: 2005, 2017 or 2025. Flag letters mean different things."""
    qn: str = ""
    """Request number of the exchange, empty where the packet has none."""
    st: str = ""
    backfill: bool = False
    """The logger says that the packet is sent late (补传, 2025 only)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Roll call 点名 of one outlet for one hour, made when the hour's values are due (R13)."""

    kind: str = "due"
    outlet: str
    mn: str
    hour: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a person or a device declares about a span of time (标记, R8)."""

    kind: str = "mark"
    id: str
    outlet: str
    mn: str
    mark: str
    """One of ``emissions.marks.KINDS``: ``calibration``, ``maintenance``, ``fault``, ``out_of_control`` of the device;
    ``stopped``, ``starting``, ``stopping``, ``accident`` of the plant."""
    from_: datetime
    to: datetime
    entered_at: datetime
    by: str
    note: str = ""
    revoked: bool = False
