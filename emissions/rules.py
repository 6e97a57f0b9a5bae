"""The numbers of the rules as values: parameters and limit rows. The YAML is read by ``rulebook``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from emissions.beijing import BEIJING, to_beijing


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspicionRule:
    """R22: the numbers of the rules of suspicion."""

    constant_hours: int = 6
    """Hourly means equal to the decimal over this many hours."""
    constant_realtime: timedelta = timedelta(minutes=30)
    """Real-time values equal to the decimal for this long."""
    hugging_hours: int = 72
    """This many valid hours are looked at together ..."""
    hugging_share: float = 0.90
    """... and at least this share of them lies between ..."""
    hugging_from: float = 0.95
    hugging_to: float = 1.0
    """... these shares of the limit."""
    dilution_tolerance: float = 0.05
    """The sent converted value is lower than the computed one by more than this share of it ..."""
    dilution_hours: int = 3
    """... for this many hours on end."""
    twin_hours: int = 24
    """Two outlets with equal hourly means over this many hours."""
    mark_hours: int = 5
    """Marks over this many hours of a month whose neighbours exceed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Every number that the rules leave to the rulebook, with its default."""

    ahead: timedelta = timedelta(minutes=10)
    """R3: a DataTime further ahead of its receipt than this is refused."""
    too_old: timedelta = timedelta(days=366)
    """R3: a DataTime further behind its receipt than this is refused."""
    no_combustion_o2_pct: float = 19.0
    """R6, R7, R9: from this oxygen content on nothing burns. [% v/v]"""
    conversion_tolerance: float = 0.05
    """R6: sent and computed converted values may differ by this share."""
    valid_minutes: int = 45
    """R7: an hour needs this many valid minutes."""
    value_minimum_mg_m3: float = 0.0
    """R7: an hourly mean below this is out of range."""
    mark_minutes: int = 15
    """R8: a mark counts for an hour of which it covers more than this."""
    mark_deadline: timedelta = timedelta(hours=12)
    """R8: a mark entered later than this after the hour's day ends is late (noon)."""
    accident_hours_per_year: int = 60
    """R8: an accident mark excuses this many hours a year and outlet."""
    running_o2_pct: float = 15.0
    """R8: a stop mark is contradicted below this oxygen content. [% v/v]"""
    running_flow_share: float = 0.20
    """R8: ... together with a flow above this share of the outlet's median."""
    running_limit_share: float = 0.20
    """R8: ... or with a pollutant above this share of its limit."""
    in_time: timedelta = timedelta(hours=2)
    """R12, R13: a value is in time until this long after the start of its hour."""
    rate_threshold_pct: int = 90
    """R14, R15: an effective rate below this is too low."""
    settled_day: int = 5
    """R15: a month is settled at 00:00 of this day of the next month."""
    warning_hours: int = 24
    """R15: a live warning needs this many distinct hours called in the month."""
    exceeding_enterprises: int = 3
    """R16: this many enterprises with an exceeded hour in a month make a case."""
    episode_end_hours: int = 1
    """R18: an episode ends after this many judged hours within the limit."""
    early_running: timedelta = timedelta(minutes=5)
    """R20: converted values over the limit for this long on end give a warning."""
    silence_after: timedelta = timedelta(minutes=15)
    """R21: an outlet from which nothing came for this long is silent ..."""
    silence_intervals: float = 3
    """R21: ... but not before this many of its own sending intervals have passed."""
    suspicion: SuspicionRule = field(default_factory=SuspicionRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """One row of a standard's limit table (R9)."""

    standard: str
    category: str
    pollutant: str
    limit_mg_m3: float
    reference_o2_pct: float | None
    """None: the standard gives none, so nothing is converted. [% v/v]"""
    valid_from: date
    valid_to: date | None
    """Last day in force; None: still in force."""
    clause: str
    verified: bool = False
    """True only when the number was checked against the standard's own text."""

    def in_force(self, hour: datetime) -> bool:
        """Whether the row is the law in this hour."""
        day = (hour if hour.tzinfo is BEIJING else to_beijing(hour)).date()
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Parameters and limits together: all that a decision may depend on besides the data."""

    parameters: Parameters = field(default_factory=Parameters)
    limits: Mapping[tuple[str, str, str], tuple[LimitRow, ...]] = field(default_factory=dict)
    """Limit rows by (standard, category, pollutant)."""
    version: str = ""
    """Fingerprint of the rulebook's files; travels in the evidence."""

    def limit_row(self, *, standard: str, category: str, pollutant: str, hour: datetime) -> LimitRow | None:
        """The row in force at that hour, the latest one where several are."""
        known = self.limits.get((standard, category, pollutant), ())
        rows = [row for row in known if row.in_force(hour)]
        return rows[0] if len(rows) == 1 else max(rows, key=lambda row: row.valid_from, default=None)
