"""From a percentage to the hours behind it (R11 to R14): counted again hour by hour, a day at a time.

A city's month is some hundred thousand hours. They are read day by day and only counted; the caller gets the page of
them that it asked for.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from emissions.beijing import HOUR
from emissions.hourly import Hour
from emissions.register import Register
from emissions.rules import Parameters
from emissions.tally import Tally, percent
from emissions.transmission import Rate, tally_of
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
class Question:
    """Which rate, and which page of its hours."""

    level: str
    id: str
    window: str
    period: str
    track: str
    state: str | None = None
    """List only hours of this state."""
    reason: str | None = None
    """List only hours with this reason."""
    offset: int = 0
    limit: int = 0
    newest_first: bool = False


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
    """What one subject of the level below adds to the counts."""

    level: str
    id: str
    tally: Tally

    @property
    def effective_pct(self) -> float | None:
        """Its own effective rate. [%]"""
        return percent(self.tally.valid, self.tally.expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A rate, its hours counted again, and whether the two agree."""

    question: Question
    rate: Rate | None
    """As it was published; None when none has been."""
    tally: Tally
    """Counted again, here, from the hours."""
    shares: Sequence[Share]
    """How many hours there are of each state and reason, the most frequent first."""
    parts: Sequence[Part]
    """The level below, the lowest rate first."""
    changed_since: int
    """Hours that became otherwise known after the roll call that the rate goes up to."""
    total: int
    """Hours of the state and reason that were asked for."""
    hours: Sequence[Counted]
    """The page of them that was asked for."""

    @property
    def adds_up(self) -> bool:
        """Whether the hours give exactly the counts of the published rate."""
        return self.rate is not None and tally_of(self.rate) == self.tally


def tally_states(states: Mapping[str, int]) -> Tally:
    """The counts that a number of hours of each state gives."""
    valid, invalid = states.get("valid", 0), states.get("invalid", 0)
    return Tally(due=sum(states.values()), excluded=states.get("excluded", 0), received=valid + invalid, valid=valid)


def received_at(hour: Hour) -> datetime | None:
    """When the packet behind an hour came, as its evidence says; None where no packet is behind it."""
    try:
        return datetime.fromisoformat(str(hour.evidence["received_at"]))
    except (KeyError, ValueError):
        return None


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


def rate_of_question(store: SeriesStore, question: Question) -> Rate | None:
    """The rate as it was published; None when none has been."""
    found = store.rates(
        level=question.level, window=question.window, period=question.period, track=question.track, id=question.id
    )
    return found[0] if found else None


def explain(
    store: SeriesStore, register: Register, parameters: Parameters, question: Question, *, now: datetime
) -> Explanation:
    """Read a rate and its hours, and count them again. Blocks, for seconds where there are many.

    Raises:
        NotAPeriod: the period is none of the window.
        TooMany: there are more hours than are counted again at once.
    """
    start, end = bounds(question.window, question.period)
    rate = rate_of_question(store, question)
    as_of = rate.as_of if rate is not None else now
    end = min(end, as_of)
    if (about := _about(register, question, start, end)) > MOST_HOURS:
        raise TooMany(about)
    shares: Counter[tuple[str, str]] = Counter()
    parts: dict[str, Counter[str]] = {}
    below = BELOW.get(question.level, "")
    changed_since = total = 0
    page: list[Counted] = []
    for first, after in _days(start, end, newest_first=question.newest_first):
        hours = _hours(store, register, question, first, after)
        counted = count_hours(hours, track=question.track, as_of=as_of, parameters=parameters)
        shares.update((one.state, one.reason) for one in counted)
        changed_since += sum(one.hour.known_at > as_of for one in counted)
        if below:
            for one in counted:
                parts.setdefault(str(getattr(one.hour, below)), Counter())[one.state] += 1
        chosen = [one for one in counted if _wanted(one, question)]
        if question.newest_first:
            chosen.reverse()
        skipped = max(0, question.offset - total)
        page += chosen[skipped : skipped + question.limit - len(page)]
        total += len(chosen)
    states: Counter[str] = Counter()
    for (state, _), count in shares.items():
        states[state] += count
    return Explanation(
        question=question,
        rate=rate,
        tally=tally_states(states),
        shares=[Share(state=state, reason=reason, count=count) for (state, reason), count in shares.most_common()],
        parts=_sorted(Part(level=below, id=id_, tally=tally_states(counts)) for id_, counts in parts.items()),
        changed_since=changed_since,
        total=total,
        hours=page,
    )


def parts_of(store: SeriesStore, register: Register, question: Question) -> list[Part]:
    """The published rates of the level below: one query, without the hours."""
    below = BELOW.get(question.level)
    if below is None:
        return []
    rates = store.rates(level=below, window=question.window, period=question.period, track=question.track)
    return _sorted(
        Part(level=below, id=rate.id, tally=tally_of(rate)) for rate in rates if _belongs(register, question, rate)
    )


def subject_known(register: Register, level: str, id_: str) -> None:
    """Raise the 404 problem for a subject that is not in the register."""
    known: Mapping[str, object] = {"outlet": register.outlets, "enterprise": register.enterprises}.get(
        level, register.divisions
    )
    if id_ not in known:
        raise not_found(level, id_)


BELOW = {"city": "county", "county": "enterprise", "enterprise": "outlet"}
"""The level below each level."""

_OWN = {"outlet": "id"}


def _belongs(register: Register, question: Question, rate: Rate) -> bool:
    if question.level == "enterprise":
        outlet = register.outlets.get(rate.id)
        return outlet is not None and outlet.enterprise == question.id
    return (rate.city if question.level == "city" else rate.county) == question.id


def _sorted(parts: Iterable[Part]) -> list[Part]:
    """The lowest rate first, those without one last."""
    return sorted(parts, key=lambda part: (part.effective_pct is None, part.effective_pct or 0.0, part.id))


def _wanted(one: Counted, question: Question) -> bool:
    return question.state in {None, one.state} and question.reason in {None, one.reason}


def _about(register: Register, question: Question, start: datetime, end: datetime) -> int:
    """How many hours × pollutants the range can hold at most."""
    hours = max(0, int((end - start) / HOUR))
    own = _OWN.get(question.level, question.level)
    return hours * sum(len(o.pollutants) for o in register.outlets.values() if getattr(o, own) == question.id)


def _days(start: datetime, end: datetime, *, newest_first: bool) -> Iterator[tuple[datetime, datetime]]:
    days = []
    while start < end:
        after = start + timedelta(days=1)
        days.append((start, after))
        start = after
    yield from reversed(days) if newest_first else days


def _hours(store: SeriesStore, register: Register, question: Question, start: datetime, end: datetime) -> list[Hour]:
    """Newest revision of every hour of the subject on one day."""
    id_ = question.id
    match question.level:
        case "outlet":
            return store.hours(start=start, end=end, outlet=id_)
        case "enterprise":
            county = register.enterprises[id_].county
            return [hour for hour in store.hours(start=start, end=end, county=county) if hour.enterprise == id_]
        case "county":
            return store.hours(start=start, end=end, county=id_)
        case _:
            return [hour for hour in store.hours(start=start, end=end) if hour.city == id_]
