"""From a percentage to the hours behind it (R11 to R14)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from emissions.beijing import HOUR
from emissions.hourly import Hour
from emissions.register import Register
from emissions.rules import Parameters
from emissions.tally import Tally, percent
from emissions.transmission import Rate
from stores.port import SeriesStore
from web.periods import bounds
from web.problems import not_found

MOST_HOURS = 400_000
"""Hours that are counted again at once; a city's year is explained by its counties or months."""


class TooMany(Exception):
    """The range holds more hours than are counted again at once."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"about {count} hours, more than the {MOST_HOURS} that are listed at once; "
            "choose a level below or a shorter window"
        )
        self.count = count
        self.limit = MOST_HOURS


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One hour as the rate counts it: its state and reason on the rate's own track."""

    hour: Hour
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Hours of one state and reason."""

    state: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one enterprise or outlet below adds to the counts."""

    level: str
    id: str
    tally: Tally

    @property
    def effective_pct(self) -> float | None:
        """Its own effective rate. [%]"""
        return percent(self.tally.valid, self.tally.expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A rate, the hours that it counts, and whether the two agree."""

    level: str
    id: str
    window: str
    period: str
    track: str
    rate: Rate | None
    """As it was published; None when none has been."""
    tally: Tally
    """Counted again, here, from the hours below."""
    hours: Sequence[Counted]
    """Every hour that was called, oldest first."""
    parts: Sequence[Part]
    """The level below, the lowest rate first."""
    changed_since: int
    """Hours that became otherwise known after the roll call that the rate goes up to."""

    @property
    def adds_up(self) -> bool:
        """Whether the hours give exactly the counts of the published rate."""
        rate, tally = self.rate, self.tally
        return rate is not None and (rate.due, rate.excluded, rate.received, rate.valid) == (
            tally.due,
            tally.excluded,
            tally.received,
            tally.valid,
        )

    def chosen(self, *, state: str | None = None, reason: str | None = None) -> list[Counted]:
        """The hours of one state, one reason, or both."""
        return [
            one
            for one in self.hours
            if (state is None or one.state == state) and (reason is None or one.reason == reason)
        ]

    def shares(self) -> list[Share]:
        """How many hours there are of each state and reason, the most frequent first."""
        counts = Counter((counted.state, counted.reason) for counted in self.hours)
        return [Share(state=state, reason=reason, count=count) for (state, reason), count in counts.most_common()]


def received_at(hour: Hour) -> datetime | None:
    """When the packet behind an hour came, as its evidence says; None where no packet is behind it."""
    try:
        return datetime.fromisoformat(str(hour.evidence["received_at"]))
    except (KeyError, ValueError):
        return None


def tally_hours(hours: Iterable[Counted]) -> Tally:
    """The counts that a set of hours gives."""
    states = Counter(counted.state for counted in hours)
    return Tally(
        due=states.total(),
        excluded=states["excluded"],
        received=states["valid"] + states["invalid"],
        valid=states["valid"],
    )


def count_hours(hours: Iterable[Hour], *, track: str, as_of: datetime, parameters: Parameters) -> list[Counted]:
    """The hours that had been called at ``as_of``, each with its state on the track."""
    in_time = track == "in_time"
    return [
        Counted(
            hour=hour,
            state=hour.in_time_state if in_time else hour.state,
            reason=hour.in_time_reason if in_time else hour.reason,
        )
        for hour in hours
        if hour.hour + parameters.in_time <= as_of
    ]


def explain(
    store: SeriesStore,
    register: Register,
    parameters: Parameters,
    *,
    level: str,
    id: str,  # noqa: A002 - the rate's own field
    window: str,
    period: str,
    track: str,
    now: datetime,
) -> Explanation:
    """Read a rate and its hours, and count them again.

    Raises:
        NotAPeriod: the period is none of the window.
        TooMany: there are more hours than are counted again at once.
    """
    start, end = bounds(window, period)
    if (about := _about(register, level, id, start, min(end, now))) > MOST_HOURS:
        raise TooMany(about)
    rates = store.rates(level=level, window=window, period=period, track=track, id=id)
    rate = rates[0] if rates else None
    as_of = rate.as_of if rate is not None else now
    hours = _hours(store, register, level, id, start, end)
    counted = count_hours(hours, track=track, as_of=as_of, parameters=parameters)
    return Explanation(
        level=level,
        id=id,
        window=window,
        period=period,
        track=track,
        rate=rate,
        tally=tally_hours(counted),
        hours=counted,
        parts=_parts(counted, level),
        changed_since=sum(one.hour.known_at > as_of for one in counted),
    )


def subject_known(register: Register, level: str, id_: str) -> None:
    """Raise the 404 problem for a subject that is not in the register."""
    known: Mapping[str, object]
    match level:
        case "outlet":
            known = register.outlets
        case "enterprise":
            known = register.enterprises
        case _:
            known = register.divisions
    if id_ not in known:
        raise not_found(level, id_)


def _about(register: Register, level: str, id_: str, start: datetime, end: datetime) -> int:
    """How many hours × pollutants the range can hold at most."""
    hours = max(0, int((end - start) / HOUR))
    return hours * sum(
        len(outlet.pollutants) for outlet in register.outlets.values() if id_ == getattr(outlet, _OWN.get(level, level))
    )


_OWN = {"outlet": "id"}


def _hours(store: SeriesStore, register: Register, level: str, id_: str, start: datetime, end: datetime) -> list[Hour]:
    """Newest revision of every hour of the subject, by one query."""
    match level:
        case "outlet":
            return store.hours(start=start, end=end, outlet=id_)
        case "enterprise":
            county = register.enterprises[id_].county
            return [hour for hour in store.hours(start=start, end=end, county=county) if hour.enterprise == id_]
        case "county":
            return store.hours(start=start, end=end, county=id_)
        case _:
            return [hour for hour in store.hours(start=start, end=end) if hour.city == id_]


_BELOW = {"city": "county", "county": "enterprise", "enterprise": "outlet"}


def _parts(counted: Sequence[Counted], level: str) -> list[Part]:
    below = _BELOW.get(level)
    if below is None:
        return []
    groups: dict[str, list[Counted]] = {}
    for one in counted:
        groups.setdefault(str(getattr(one.hour, below)), []).append(one)
    parts = [Part(level=below, id=id_, tally=tally_hours(group)) for id_, group in groups.items()]
    return sorted(parts, key=lambda part: (part.effective_pct is None, part.effective_pct or 0.0, part.id))
