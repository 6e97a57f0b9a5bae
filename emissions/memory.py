"""What the outlet fold remembers: a small head and one segment per day.

A segment holds all that is known of a day's hours. The head holds only what a replay can put right by itself: minima,
maxima, sets and counts that are recomputed and replaced, never incremented.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from emissions.beijing import midnight, to_beijing
from emissions.event import Mark


@dataclass(slots=True)
class Cell:
    """One value of one hour: as known now and as known in time."""

    text: str
    """Text as sent; the later received wins (R5)."""
    received: float
    """Unix time of its receipt."""
    qn: str = ""
    in_time: str | None = None
    """The value that counted at H + 2 h; None: there was none (R12)."""
    in_time_received: float = 0.0


@dataclass(slots=True)
class Minutes:
    """One 2051 value: whether its minutes are valid, now and in time."""

    valid: bool
    received: float
    in_time: bool | None = None
    in_time_received: float = 0.0


@dataclass(slots=True)
class Published:
    """What was last said about one pollutant of the hour."""

    state: str
    reason: str
    in_time_state: str
    in_time_reason: str
    verdict: str
    raw: float | None
    converted: float | None
    limit: float | None
    revision: int = 0


@dataclass(slots=True)
class HourMemory:
    """All that is known of one hour at one outlet."""

    values: dict[str, Cell] = field(default_factory=dict)
    """2061 values by ``factor-Suffix``; under ``factor-`` stands that the packet named the factor at all."""
    minutes: dict[str, dict[int, Minutes]] = field(default_factory=dict)
    """2051 values by factor and starting minute."""
    minutes_from: float | None = None
    """Earliest receipt of any 2051 packet of the hour."""
    called: bool = False
    published: dict[str, Published] = field(default_factory=dict)
    revisions: list[tuple[str, str, str, float]] = field(default_factory=list)
    """Values that changed after the hour had been judged: key, old, new, Unix time of receipt."""


@dataclass(slots=True)
class Day:
    """One day of an outlet: the unit in which state is written."""

    hours: dict[int, HourMemory] = field(default_factory=dict)


@dataclass(slots=True)
class Episode:
    """One run of exceeded hours of one pollutant (R18)."""

    id: str
    first: float
    hours: dict[str, list[float]] = field(default_factory=dict)
    """Exceeded hours (ISO text) to [converted, limit]."""
    corrected: list[str] = field(default_factory=list)
    """Hours that no longer exceed after a correction."""
    ended_by: float | None = None
    """The judged hour within the limit that ended it, as Unix time."""


@dataclass(slots=True)
class RunningHour:
    """The samples so far of one pollutant's running hour, each holding until the next (R20). Times are Unix times."""

    hour: float
    first: float
    """The hour's first sample."""
    last: float
    until: float
    """Where the last sample ends: a 2051 value stands for minutes, a 2011 value for its moment."""
    value: float
    """The last sample, converted. [mg/m³]"""
    area: float
    """Sum of value times time from the first sample to the last. [mg/m³·s]"""
    over_from: float | None
    """Since when every sample has been over the limit."""


@dataclass(slots=True)
class Steady:
    """A run of equal real-time values of one pollutant (R22). Times are Unix times."""

    text: str
    first: float
    last: float
    told: bool = False


@dataclass(slots=True)
class Run:
    """Hours on end of one pollutant that show the same sign (R22). Times are Unix times."""

    name: float
    """The first hour as it was when the run was first told: its identity."""
    value: str
    first: float
    last: float


@dataclass(slots=True)
class Head:
    """What is known of an outlet beside its days."""

    first_received: float | None = None
    """Unix time of the first thing that ever came from it."""
    last_received: float | None = None
    """Unix time of the last thing that came from it."""
    last_often: float | None = None
    """Unix time of the last packet of a command that comes more often than once an hour."""
    silent_from: float | None = None
    """Unix time of the last thing that came before the silence that lasts (R21)."""
    running: dict[str, RunningHour] = field(default_factory=dict)
    """By ``pollutant|command``: the running hour (R20)."""
    warned: dict[str, float] = field(default_factory=dict)
    """By pollutant: the latest hour that a warning was given for, as Unix time."""
    steady: dict[str, Steady] = field(default_factory=dict)
    """By pollutant: the latest run of equal real-time values."""
    runs: dict[str, list[Run]] = field(default_factory=dict)
    """By ``rule|pollutant``: the latest runs of hours that were told."""
    called_until: float | None = None
    """Latest hour called, as Unix time."""
    not_connected_from: float | None = None
    """First hour called while nothing had ever come."""
    marks: dict[str, Mark] = field(default_factory=dict)
    counts: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Counts by day, see ``emissions.tally``."""
    months: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Their sums by month."""
    episodes: dict[str, list[Episode]] = field(default_factory=dict)
    contradicted: dict[str, dict[str, dict[str, float | None]]] = field(default_factory=dict)
    """By stop mark: the hours that contradict it, with the numbers (R8)."""
    told: list[str] = field(default_factory=list)
    """Findings that are told once."""
    revision: int = 0
    """That of the last finding, see ``emissions.finding``."""
    duplicates: int = 0
    rules_version: str | None = None


@dataclass(slots=True)
class OutletMemory:
    """Head and days of one outlet. Days not at hand are fetched when they are needed."""

    head: Head = field(default_factory=Head)
    days: dict[str, Day] = field(default_factory=dict)
    fetch: Callable[[str], Day | None] = lambda _: None
    """Brings a day that was written away, by its ISO date."""
    touched: set[str] = field(default_factory=set)
    """Days changed since they were last written; the head counts as always changed with them."""

    def day(self, date: str) -> Day | None:
        """The day if anything is known of it."""
        found = self.days.get(date)
        if found is None and (found := self.fetch(date)) is not None:
            self.days[date] = found
        return found

    def hour(self, hour: datetime) -> HourMemory | None:
        """The hour if anything is known of it."""
        local = to_beijing(hour)
        day = self.day(local.date().isoformat())
        return None if day is None else day.hours.get(local.hour)

    def change(self, hour: datetime) -> HourMemory:
        """The hour, made where nothing was known of it, and its day noted as touched."""
        local = to_beijing(hour)
        date = local.date().isoformat()
        day = self.day(date)
        if day is None:
            day = self.days[date] = Day()
        self.touched.add(date)
        return day.hours.setdefault(local.hour, HourMemory())

    def back_from(self, hour: datetime, *, days: int) -> Iterator[tuple[datetime, HourMemory]]:
        """Known hours before the given one, latest first, over so many days back."""
        local = to_beijing(hour)
        for back in range(days + 1):
            date = local.date() - timedelta(days=back)
            day = self.day(date.isoformat())
            if day is None:
                continue
            for index in sorted(day.hours, reverse=True):
                at = midnight(date) + timedelta(hours=index)
                if at < hour:
                    yield at, day.hours[index]
