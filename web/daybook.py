"""Judged hours counted by day and outlet, and kept: a month is counted once, not at every look.

A day is read again when an hour of it has been heard on the topics since it was read, and in any case after a while.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from emissions.beijing import to_beijing
from emissions.hourly import Hour
from stores.port import SeriesStore

State = tuple[str, str, str, str]
"""State and reason as known now, state and reason in time."""

FRESH_SECONDS = 2.0
"""For so long a count is good whatever has been heard."""
STORED_SECONDS = 15.0
"""An hour that has been heard is in the store by then: what was read earlier than that is read again."""
KEPT_SECONDS = 3600.0
"""Longest life of a count while the topics are followed."""
BLIND_SECONDS = 60.0
"""Longest life of a count while they are not."""
MOST_DAYS = 800
"""Days that are kept; beyond, those that were not asked for longest go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceededHour:
    """One hour over its limit."""

    outlet: str
    pollutant: str
    hour: datetime
    converted_mg_m3: float
    limit_mg_m3: float
    limit_source: str
    """Where the limit stands: ``permit``, or standard, category and clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCounts:
    """All judged hours of one day, or of a part of it."""

    states: Mapping[tuple[str, str], Mapping[State, int]]
    """By outlet and pollutant."""
    exceeded: tuple[ExceededHour, ...]
    known_at: Mapping[tuple[str, date], int]
    """Hours by outlet and by the day, Beijing time, on which their newest revision became known."""


def count_day(hours: Iterable[Hour]) -> DayCounts:
    """Count hours."""
    states: dict[tuple[str, str], Counter[State]] = {}
    exceeded: list[ExceededHour] = []
    known_at: Counter[tuple[str, date]] = Counter()
    for hour in hours:
        state = (hour.state, hour.reason, hour.in_time_state, hour.in_time_reason)
        states.setdefault((hour.outlet, hour.pollutant), Counter())[state] += 1
        known_at[hour.outlet, to_beijing(hour.known_at).date()] += 1
        if hour.verdict == "exceeded" and hour.converted_mg_m3 is not None and hour.limit_mg_m3 is not None:
            exceeded.append(
                ExceededHour(
                    outlet=hour.outlet,
                    pollutant=hour.pollutant,
                    hour=to_beijing(hour.hour),
                    converted_mg_m3=hour.converted_mg_m3,
                    limit_mg_m3=hour.limit_mg_m3,
                    limit_source=str(hour.evidence.get("limit_source") or ""),
                )
            )
    return DayCounts(states=states, exceeded=tuple(exceeded), known_at=known_at)


def narrowed(day: DayCounts, outlets: frozenset[str]) -> DayCounts:
    """What concerns these outlets."""
    return DayCounts(
        states={key: counts for key, counts in day.states.items() if key[0] in outlets},
        exceeded=tuple(hour for hour in day.exceeded if hour.outlet in outlets),
        known_at={key: count for key, count in day.known_at.items() if key[0] in outlets},
    )


@dataclass(slots=True)
class _Kept:
    counts: DayCounts
    read_at: float
    asked_at: float


Span = tuple[datetime, datetime]


class DayBook:
    """The counts of a store's days. Safe to use from several threads."""

    def __init__(
        self,
        store: SeriesStore,
        *,
        following: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._following = following
        self._clock = clock
        self._days: dict[Span, _Kept] = {}
        self._heard: dict[datetime, float] = {}
        self._one_reads = threading.Lock()
        self._within: frozenset[str] | None = None

    def of_outlets(self, outlets: frozenset[str]) -> "DayBook":
        """The same book, in which nothing is found but what concerns these outlets."""
        part = copy(self)
        part._within = outlets
        return part

    def hear(self, hour: Hour) -> None:
        """An hour has been published: its day will be read again."""
        self._heard[_midnight(hour.hour)] = self._clock()

    def days(self, start: datetime, end: datetime) -> list[DayCounts]:
        """The counts of [start, end), day by day. Blocks; raises ``StoreUnavailable``."""
        counts = [self._day(span) for span in day_spans(start, end)]
        return counts if self._within is None else [narrowed(day, self._within) for day in counts]

    def _day(self, span: Span) -> DayCounts:
        if (kept := self._usable(span)) is not None:
            return kept
        with self._one_reads:  # many who ask for the same month at once cost one reading of it
            if (kept := self._usable(span)) is not None:
                return kept
            at = self._clock()
            counts = count_day(self._store.hours(start=span[0], end=span[1]))
            self._days[span] = _Kept(counts, at, at)
            self._trim()
            return counts

    def _usable(self, span: Span) -> DayCounts | None:
        kept, now = self._days.get(span), self._clock()
        if kept is None:
            return None
        age = now - kept.read_at
        heard = self._heard.get(_midnight(span[0]), float("-inf"))
        settled = kept.read_at - heard > STORED_SECONDS
        if age > FRESH_SECONDS and not (settled and age <= (KEPT_SECONDS if self._following() else BLIND_SECONDS)):
            return None
        kept.asked_at = now
        return kept.counts

    def _trim(self) -> None:
        while len(self._days) > MOST_DAYS:
            del self._days[min(self._days, key=lambda span: self._days[span].asked_at)]
        while len(self._heard) > 2 * MOST_DAYS:
            del self._heard[min(self._heard)]


def day_spans(start: datetime, end: datetime) -> Iterator[Span]:
    """[start, end) cut at midnight, Beijing time."""
    start, end = to_beijing(start), to_beijing(end)
    while start < end:
        after = min(_midnight(start) + timedelta(days=1), end)
        yield start, after
        start = after


def _midnight(moment: datetime) -> datetime:
    return to_beijing(moment).replace(hour=0, minute=0, second=0, microsecond=0)
