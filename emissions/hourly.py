"""The judged hour of one pollutant at one outlet: the unit of everything that is counted (R6, R7, R9, R10)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """One revision of one judged hour. Identity: (outlet, pollutant, hour); the highest revision is the truth now."""

    kind: str = "hour"
    outlet: str
    pollutant: str
    hour: datetime
    """Start of the hour, Beijing time."""
    state: str
    """``valid``, ``invalid``, ``missing`` or ``excluded``, as known now (completed track)."""
    reason: str
    """``ok``, ``not_received``, ``not_connected``, ``stopped``, ``marked_<kind>``, ``flag_<letter>``, ``no_value``,
    ``out_of_range``, ``no_oxygen`` or ``too_few_minutes``."""
    in_time: bool
    """Whether the in-time track holds something other than ``missing`` for this hour (R12)."""
    in_time_state: str
    """State on the in-time track."""
    in_time_reason: str
    raw_mg_m3: float | None
    """Measured mean, dry standard state. [mg/m³]"""
    converted_mg_m3: float | None
    """Mean at reference oxygen: the legal figure. [mg/m³]"""
    limit_mg_m3: float | None
    verdict: str
    """``exceeded``, ``within`` or ``not_judged``."""
    revision: int
    """0 for the first publication, + 1 for each later one (R10)."""
    cause: str | None
    """Why it was published again: ``late_data``, ``more_data`` (a further sub-packet), ``revised_value``, ``minutes``,
    ``mark``, ``mark_revoked``, ``roll_call``, ``connected`` or ``rules``; None for the first time."""
    known_at: datetime
    """The received_at, roll call or mark entry that this revision rests on; not a clock reading."""
    enterprise: str
    county: str
    city: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What the decision rests on: ``rule`` (for instance ``R7.5``), ``verdict_reason``, ``limit_source``, ``o2_pct``,
    ``qn`` and ``received_at`` of the packet ..."""
