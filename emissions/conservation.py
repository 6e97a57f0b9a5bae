"""The comparing of the conservation account: one fold per outlet over what the stages say of their numbers."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from emissions import ranges
from emissions.account import (
    BEAT,
    IDLE,
    JUDGED,
    JUDGING,
    REFUSED,
    STORED,
    STORING,
    AccountHour,
    Counted,
    Numbered,
    Passed,
)
from emissions.account_memory import AccountMemory, HourCount, Lost, Series
from emissions.beijing import BEIJING, HOUR, hour_of
from emissions.finding import Finding, finding_id, give_revisions
from emissions.ranges import Range
from emissions.register import Outlet

RULE = "account_gap"

KEPT = 6 * HOUR
"""So long after it was closed the counts of an hour are kept, for what comes late."""

SHOWN = 20
"""Ranges that a finding or a line of the account lists; all are counted."""


Output = AccountHour | Finding


def fold(
    memory: AccountMemory, event: Numbered | Counted | Passed, *, outlet: Outlet, in_time: timedelta
) -> list[Output]:
    """Take in one word of a stage and say what follows.

    Args:
        memory: What is known of the outlet; changed in place.
        event: The next word about the outlet. Words of one stage must come in their order.
        outlet: The outlet as registered.
        in_time: So long after its start an hour is called (R13).
    """
    work = _Work(memory, outlet, in_time)
    match event:
        case Counted():
            work.counted(event)
        case Numbered():
            work.numbered(event)
        case Passed():
            work.passed(event)
    give_revisions(work.outputs, memory, event.received_at if isinstance(event, Numbered) else event.hour + in_time)
    return work.outputs


class _Work:
    """One step of the fold."""

    def __init__(self, memory: AccountMemory, outlet: Outlet, in_time: timedelta) -> None:
        self.memory = memory
        self.outlet = outlet
        self.in_time = in_time
        self.outputs: list[Output] = []

    def counted(self, word: Counted) -> None:
        hour = _unix(word.hour)
        if self._forgotten(word.series, hour):
            return
        series = self._series(word.series, hour)
        count = series.hours.setdefault(hour, HourCount())
        new = 0
        for first, last in word.numbers.get(JUDGED, ()):
            fresh = ranges.add(series.judged, first, last)
            count.judged += fresh
            new += fresh
            low, high = count.seen
            count.seen = (min(low or first, first), max(high, last))
            if series.start is None:
                series.start = first
        for name, column in _SETTLED.items():
            for first, last in word.numbers.get(name, ()):
                fresh = ranges.add(series.settled, first, last)
                new += fresh
                setattr(count, column, getattr(count, column) + fresh)
        if new:
            self._changed(hour)

    def numbered(self, word: Numbered) -> None:
        hour = _unix(word.hour)
        if self._forgotten(word.series, hour):
            return
        series = self._series(word.series, hour)
        count = series.hours.setdefault(hour, HourCount())
        if word.last:
            low, high = count.said
            count.said = (min(low or word.first, word.first), max(high, word.last))
            # The first number that a gateway speaks of is where the series begins for us, unless it began before.
            series.start = min(series.start or word.first, word.first)
        count.quarantined = max(count.quarantined, word.quarantined)
        self._changed(hour)
        self._check(JUDGING, hour, known_at=word.received_at)

    def passed(self, word: Passed) -> None:
        hour, memory = _unix(word.hour), self.memory
        if self._over(hour):
            return  # played again; its counts are gone, and its line stands
        if word.stage == STORING:
            memory.stored_until = _later(memory.stored_until, hour)
        else:
            memory.judged_until = _later(memory.judged_until, hour)
            self._check(JUDGING, hour, known_at=self._called_at(hour))
            if memory.closed_until is None or hour > memory.closed_until:
                self.outputs.append(self._line(hour, as_of=hour, closed=False))
        # A stage that has overtaken the other one waits for it.
        if _both(memory.judged_until, memory.stored_until, hour):
            self._close(hour)

    def _close(self, hour: float) -> None:
        """Both stages are past the roll call of the hour: what is missing now is missing."""
        memory = self.memory
        self._check(STORING, hour, known_at=self._called_at(hour))
        memory.closed_until = _later(memory.closed_until, hour)
        due = {hour, *(changed for changed in memory.changed if changed <= hour)}
        for one in sorted(due):
            memory.changed.pop(one, None)
            self.outputs.append(self._line(one, as_of=hour, closed=True))
        self._let_go(hour - KEPT.total_seconds())

    def _check(self, stage: str, until: float, *, known_at: datetime) -> None:
        """Compare what must be there up to an hour with what is, and publish every hour whose holes have changed."""
        before = self.memory.lost.get(stage, {})
        now: dict[float, Lost] = {}
        for name, series in self.memory.series.items():
            known = {hour: lost[name] for hour, lost in before.items() if name in lost}
            for hour, missing in _missing(stage, series, until, known).items():
                now.setdefault(hour, {})[name] = missing
        for hour in sorted(before.keys() | now.keys()):
            if before.get(hour) != now.get(hour):
                self._changed(hour)
        self.memory.lost[stage] = now
        for hour in sorted(before.keys() | now.keys()):
            if before.get(hour) != now.get(hour):
                found = now.get(hour) or before[hour]
                self.outputs.append(self._finding(stage, hour, found, over=hour not in now, known_at=known_at))

    def _finding(self, stage: str, hour: float, lost: Lost, *, over: bool, known_at: datetime) -> Finding:
        start = _moment(hour)
        line = self._line(hour, as_of=hour, closed=stage == STORING)
        first = next((name, missing[0][0]) for name, missing in sorted(lost.items()))
        return Finding(
            id=finding_id(RULE, self.outlet.id, start.isoformat(), stage),
            rule=RULE,
            subject={"outlet": self.outlet.id},
            from_=start,
            to=known_at if over else None,
            severity="severe",
            county=self.outlet.county,
            known_at=known_at,
            evidence={
                "outlet": self.outlet.id,
                "hour": start.isoformat(),
                "stage": stage,
                "missing": sum(map(ranges.size, lost.values())),
                "first_missing": first[1],
                "series": first[0],
                "gaps": list(_gaps(stage, lost))[:SHOWN],
                "published": line.published,
                "relayed": line.relayed,
                "judged": line.judged,
                "stored": line.stored,
            },
        )

    def _line(self, hour: float, *, as_of: float, closed: bool) -> AccountHour:
        relayed = judged = beats = idle = refused = stored = quarantined = 0
        lost = {stage: by_hour.get(hour, {}) for stage, by_hour in self.memory.lost.items()}
        for name, series in self.memory.series.items():
            if (count := series.hours.get(hour)) is None:
                continue
            said = count.said[1] - count.said[0] + 1 if count.said[1] else 0
            relayed += max(said, count.judged + ranges.size(lost.get(JUDGING, {}).get(name, ())))
            judged += count.judged
            beats += count.beats
            idle += count.idle
            refused += count.refused
            stored += count.stored
            quarantined += count.quarantined
        gaps = [gap for stage in (JUDGING, STORING) for gap in _gaps(stage, lost.get(stage, {}))]
        return AccountHour(
            outlet=self.outlet.id,
            enterprise=self.outlet.enterprise,
            county=self.outlet.county,
            hour=_moment(hour),
            published=relayed + quarantined,
            relayed=relayed,
            quarantined=quarantined,
            judged=judged,
            heartbeats=beats,
            without_values=idle,
            refused=refused,
            stored=stored if closed else None,
            missing=sum(ranges.size(missing) for by_name in lost.values() for missing in by_name.values()),
            gaps=tuple(gaps[:SHOWN]),
            as_of=self._called_at(as_of),
        )

    def _series(self, name: str, hour: float) -> Series:
        memory = self.memory
        if (series := memory.series.get(name)) is None:
            # Counting has just begun here, or a time is played again that is over: nobody knows what went before.
            series = memory.series[name] = Series(start=1 if memory.begun and not self._over(hour) else None)
            memory.begun = True
        return series

    def _forgotten(self, name: str, hour: float) -> bool:
        """Whether the word is played again about a life of a gateway that was let go. Judging, killed in the middle,
        says again what storing is done with and does not: counted anew it would look like a hole."""
        return self._over(hour) and name not in self.memory.series

    def _over(self, hour: float) -> bool:
        """Whether the counts of the hour have been let go."""
        closed = self.memory.closed_until
        return closed is not None and hour <= closed - KEPT.total_seconds()

    def _changed(self, hour: float) -> None:
        if not self._over(hour):
            self.memory.changed[hour] = None

    def _let_go(self, before: float) -> None:
        """Forget the counts of hours that are over, and lives of gateways that have begun a new one since."""
        memory = self.memory
        newest: dict[str, str] = {}
        for name, series in memory.series.items():
            newest[name.rpartition("/")[0]] = name
            series.hours = {h: count for h, count in series.hours.items() if h > before or h in memory.changed}
        kept = {name for by_hour in memory.lost.values() for lost in by_hour.values() for name in lost}
        memory.series = {
            name: series
            for name, series in memory.series.items()
            if series.hours or name in kept or newest[name.rpartition("/")[0]] == name
        }

    def _called_at(self, hour: float) -> datetime:
        return _moment(hour) + self.in_time


_SETTLED = {BEAT: "beats", IDLE: "idle", REFUSED: "refused", STORED: "stored"}
"""After one of these nothing more need follow; and what counts it."""


def _missing(stage: str, series: Series, until: float, known: Mapping[float, list[Range]]) -> dict[float, list[Range]]:
    """Numbers of a series that a stage has not taken in, by hour; those already known as lost stay where they are."""
    hours = sorted(hour for hour, count in series.hours.items() if hour <= until and count.last)
    highest = max((series.hours[hour].last for hour in hours), default=0)
    highest = max(highest, max((missing[-1][1] for missing in known.values()), default=0))
    if stage == JUDGING:
        missing = ranges.gaps(series.judged, series.start or 1, highest)
    else:
        missing = ranges.without(ranges.within(series.judged, 1, highest), series.settled)
    found: dict[float, list[Range]] = {}
    for hour, was in known.items():
        if still := [part for first, last in was for part in ranges.within(missing, first, last)]:
            found[hour] = still
        missing = ranges.without(missing, was)
    for hour in hours:
        if not missing:
            break
        here = ranges.within(missing, 1, series.hours[hour].last)
        if here:
            mine = found.setdefault(hour, [])
            for first, last in here:
                ranges.add(mine, first, last)
            missing = ranges.without(missing, here)
    return found


def _gaps(stage: str, lost: Lost) -> Iterator[Mapping[str, Any]]:
    for name, missing in sorted(lost.items()):
        for first, last in missing:
            yield {"stage": stage, "series": name, "first": first, "last": last}


def _later(known: float | None, hour: float) -> float:
    return hour if known is None else max(known, hour)


def _both(one: float | None, other: float | None, hour: float) -> bool:
    return one is not None and other is not None and hour <= one and hour <= other


def _unix(hour: datetime) -> float:
    return hour_of(hour).timestamp()


def _moment(unix: float) -> datetime:
    return datetime.fromtimestamp(unix, BEIJING)
