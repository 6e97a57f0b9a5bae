"""The mean of the hour that is running, should the rest of it hold the last value: a look ahead for people (R20)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from emissions.beijing import HOUR

HOLD = timedelta(minutes=5)
"""A momentary value stands for no longer than this where no other follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One value and the span it stands for: a mean of minutes, or a momentary value until the next."""

    start: datetime
    end: datetime
    mg_m3: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is known of the running hour and what would come of it. [mg/m³]"""

    hour: datetime
    known_minutes: float
    """How much of the hour the samples stand for. [min]"""
    mean_so_far: float
    last: float
    mean_if_held: float
    """The hour's mean if all that is still to come holds the last value."""
    headroom: float | None
    """What the rest may average so that the hour stays within its limit; below nought: it exceeds whatever comes.
    None without a limit, or when nothing is left of the hour."""
    exceeds: bool
    """The mean would be over the limit, strictly (R9)."""


def held(moments: Iterable[tuple[datetime, float]], *, until: datetime) -> list[Sample]:
    """Momentary values, oldest first, as samples: each holds until the next one, ``until``, or ``HOLD``."""
    values = list(moments)
    ends = [*(at for at, _ in values[1:]), until] if values else []
    return [
        Sample(start=at, end=min(end, at + HOLD), mg_m3=value)
        for (at, value), end in zip(values, ends, strict=True)
        if end > at
    ]


def forecast(samples: Iterable[Sample], *, hour: datetime, now: datetime, limit_mg_m3: float | None) -> Forecast | None:
    """The forecast at a moment within the hour; None where nothing is known of it.

    Spans are cut to the hour, and a span that begins before the one before it has ended counts from there on: a minute
    counts once. Minutes of the past that no sample stands for are left out of the mean, as the hour's own mean does.
    """
    end = hour + HOUR
    covered, total, last, at = timedelta(), 0.0, None, hour
    for sample in sorted(samples, key=lambda one: (one.start, one.end)):
        start, stop = max(sample.start, at), min(sample.end, end)
        if stop <= start:
            continue
        covered += stop - start
        total += sample.mg_m3 * _minutes(stop - start)
        last, at = sample.mg_m3, stop
    if last is None:
        return None
    rest = _minutes(max(timedelta(), end - max(now, at)))
    known = _minutes(covered)
    mean = (total + last * rest) / (known + rest)
    headroom = (limit_mg_m3 * (known + rest) - total) / rest if limit_mg_m3 is not None and rest > 0 else None
    return Forecast(
        hour=hour,
        known_minutes=known,
        mean_so_far=total / known,
        last=last,
        mean_if_held=mean,
        headroom=headroom,
        exceeds=limit_mg_m3 is not None and round(mean - limit_mg_m3, 9) > 0,
    )


def _minutes(span: timedelta) -> float:
    return span / timedelta(minutes=1)
