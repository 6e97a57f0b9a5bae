"""Decoded values on their way to the series store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All values of one packet, ready to be stored. Same (outlet, cn, at, key) again overwrites."""

    kind: str = "reading"
    outlet: str
    enterprise: str
    county: str
    cn: str
    at: datetime
    """Data time."""
    received_at: datetime
    numbers: Mapping[str, float] = field(default_factory=dict)
    """Finite numbers by ``factor-Suffix``, e.g. ``a21026-Avg``; everything that is not a number stays out (R4)."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """Flag letters and other texts by ``factor-Suffix``, e.g. ``a21026-Flag``."""
    series: str = ""
    """Who numbered the line that it comes from (``emissions.account``); empty: nobody."""
    number: int = 0
