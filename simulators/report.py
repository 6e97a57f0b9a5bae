"""What a logger wants to say, before it is a frame: the thing that faults befall."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Values = Mapping[str, Mapping[str, str]]
"""Text by 2017 factor code and suffix."""

DATA = frozenset({"2011", "2051", "2061", "2031"})
PERIOD_DATA = frozenset({"2051", "2061", "2031"})
"""Commands that a logger keeps and sends late after a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One packet in the making."""

    at: datetime
    """When it leaves the logger."""
    outlet: str
    """Empty for a logger that nobody registered."""
    mn: str
    """Who is logged in."""
    edition: int
    cn: str
    data_time: datetime | None
    period: timedelta = timedelta(0)
    """What the values stand for, from ``data_time`` on."""
    values: Values = field(default_factory=dict)
    other: Mapping[str, str] = field(default_factory=dict)
    """Items without a suffix, such as ``RestartTime``."""
    st: str = "31"
    frame_mn: str = ""
    """What the frame says, where that is not ``mn``."""
    qn: datetime | None = None
    part: tuple[int, int] | None = None
    """(PNUM, PNO) of a sub-packet."""
    backfill: bool = False
    damage: str = ""
    """Name of what happens to the bytes on the way: a key of ``simulators.frames.DAMAGES``."""
    refused: str = ""
    """The reason of R3 for which the platform must refuse it; empty: it must be accepted."""

    @property
    def asks(self) -> bool:
        """Whether the frame asks for an answer: 2005 loggers send without a Flag and get none."""
        return self.edition != 2005
