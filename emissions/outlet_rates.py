"""Rates of one outlet, from its day counts (R11 to R14)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from emissions.beijing import BEIJING, to_beijing
from emissions.memory import Head, OutletMemory
from emissions.periods import day_after, first_day, next_month, period_of, settles_at
from emissions.register import Outlet
from emissions.rules import Parameters
from emissions.tally import Tally, count_day
from emissions.transmission import TRACKS, WINDOWS, Rate, rate_of

_WIDTH = len(Tally._fields)
_NONE = (0,) * _WIDTH * len(TRACKS)


def recount(memory: OutletMemory, outlet: Outlet, hour: datetime) -> None:
    """Count the hour's day and month anew and replace their counts: never incremented, so a replay heals itself."""
    local = to_beijing(hour).date()
    name = local.isoformat()
    day = memory.day(name)
    if day is None:
        return
    in_time, completed = count_day(day, outlet.pollutants)
    memory.head.counts[name] = (*in_time, *completed)
    month = period_of(local, "month")
    days = (memory.head.counts.get(f"{month}-{number:02}") for number in range(1, 32))
    memory.head.months[month] = _sum(counts for counts in days if counts is not None)


def after_call(
    head: Head, outlet: Outlet, hour: datetime, *, before: float | None, parameters: Parameters
) -> list[Rate]:
    """Rates of the hour's day, month, quarter and year after its roll call, and of the periods that it settles."""
    day = to_beijing(hour).date()
    periods = {(window, period_of(day, window)): None for window in WINDOWS}
    as_of = _as_of(head, parameters)
    if before is not None:
        periods |= dict.fromkeys(_settled_between(head, before, as_of, parameters))
    return _rates(head, outlet, periods, as_of=as_of, parameters=parameters)


def after_change(head: Head, outlet: Outlet, hours: Iterable[datetime], *, parameters: Parameters) -> list[Rate]:
    """Rates of the hours' periods after something about called hours has changed."""
    days = sorted({to_beijing(hour).date() for hour in hours})
    periods = dict.fromkeys((window, period_of(day, window)) for window in WINDOWS for day in days)
    return _rates(head, outlet, periods, as_of=_as_of(head, parameters), parameters=parameters)


def _as_of(head: Head, parameters: Parameters) -> datetime:
    assert head.called_until is not None
    return datetime.fromtimestamp(head.called_until, BEIJING) + parameters.in_time


def _settled_between(head: Head, before: float, as_of: datetime, parameters: Parameters) -> Iterator[tuple[str, str]]:
    """Periods that this roll call settles and the one before did not."""
    earlier = datetime.fromtimestamp(before, BEIJING) + parameters.in_time
    month = earlier.date().replace(day=1)
    while month <= as_of.date():
        settles = datetime.combine(month.replace(day=parameters.settled_day), datetime.min.time(), BEIJING)
        if earlier < settles <= as_of:
            last = month - timedelta(days=1)
            first = last.replace(day=1)
            days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
            yield from (("day", d.isoformat()) for d in days if d.isoformat() in head.counts)
            for window in ("month", "quarter", "year"):
                period = period_of(last, window)
                if day_after(window, period) == month and any(_counts(head, window, period)):
                    yield window, period
        month = next_month(month)


def _counts(head: Head, window: str, period: str) -> tuple[int, ...]:
    match window:
        case "day":
            return head.counts.get(period, _NONE)
        case "month":
            return head.months.get(period, _NONE)
    first, end = (f"{day:%Y-%m}" for day in (first_day(window, period), day_after(window, period)))
    return _sum(counts for month, counts in head.months.items() if first <= month < end)


def _sum(rows: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*rows, strict=True))) or _NONE


def _rates(
    head: Head, outlet: Outlet, periods: Iterable[tuple[str, str]], *, as_of: datetime, parameters: Parameters
) -> list[Rate]:
    rates = []
    for window, period in periods:
        counts = _counts(head, window, period)
        settled = as_of >= settles_at(window, period, settled_day=parameters.settled_day)
        for index, track in enumerate(TRACKS):
            tally = Tally(*counts[index * _WIDTH : (index + 1) * _WIDTH])
            rates.append(
                rate_of(
                    tally,
                    level="outlet",
                    id=outlet.id,
                    window=window,
                    period=period,
                    track=track,
                    as_of=as_of,
                    settled=settled,
                    county=outlet.county,
                    city=outlet.city,
                )
            )
    return rates
