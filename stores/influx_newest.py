"""What InfluxDB holds by now of judged hours and rates, so that an older version never overwrites a newer one."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from emissions.hourly import Hour
from emissions.reading import Reading
from emissions.transmission import Rate
from stores.influx_lines import fields_of, moment_of, tags_of
from stores.lines import microseconds
from stores.port import Point, Version

Identity = tuple[str, ...]
"""Measurement, tags in their order, microseconds of the data time."""


@dataclass(frozen=True, slots=True)
class Held:
    """One version: how new it is, and which fields it has."""

    order: int
    """Revision of an hour; ``as_of`` of the others."""
    fields: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Some subjects' points of one measurement within a stretch of data time, both ends included."""

    measurement: str
    first: datetime
    last: datetime
    subjects: frozenset[str]
    """Outlets of hours and of lines of the account, ids of rates."""


Look = Callable[[Span], dict[Identity, Held]]
"""Asks the engine what it holds in a span."""

Put = Callable[[Sequence[Version]], list[tuple[Point, str]]]
Delete = Callable[[Version], None]

GAP = timedelta(days=3)
"""Points closer together than this are asked for at once."""

SUBJECTS = 200
"""How many subjects one question names at most."""


class Newest:
    """Remembers for a while what the engine holds, and asks it about the rest.

    InfluxDB overwrites without looking. One writer at a time per outlet is what this relies on; a stream has that, as
    each of its partitions has one reader. Whoever has not been the only writer since must ``look_again``.
    """

    def __init__(self, look: Look, *, seconds: float = 60.0, limit: int = 200_000) -> None:
        self._look = look
        self._seconds = seconds
        self._limit = limit
        self._held: dict[Identity, Held] = {}
        self._looked: set[Identity] = set()
        self._since = time.monotonic()
        self._lock = threading.Lock()

    def write(self, points: Iterable[Version], *, put: Put, delete: Delete) -> list[tuple[Point, str]]:
        """Put those points that are not older than what the engine holds; what it refused, each with the reason."""
        with self._lock:
            if time.monotonic() - self._since > self._seconds or len(self._looked) > self._limit:
                self._forget()
            newest = self._sift(points)
            for identity, point in newest.items():
                held = self._held.get(identity)
                # The engine only adds fields to what it holds: a number that is no more would stay for ever.
                if held is not None and held.fields - fields_of(point).keys():
                    delete(point)
            # Until all has gone well, nobody knows what the engine holds of these.
            self._looked -= newest.keys()
            refused = put(list(newest.values()))
            self._held.update({identity: Held(order_of(p), frozenset(fields_of(p))) for identity, p in newest.items()})
            self._looked |= newest.keys() - {
                identity_of(point) for point, _ in refused if not isinstance(point, Reading)
            }
            return refused

    def look_again(self) -> None:
        """Forget all before the next write. Without the lock: somebody may be writing, for as long as that takes."""
        self._since = -math.inf

    def _sift(self, points: Iterable[Version]) -> dict[Identity, Version]:
        newest: dict[Identity, Version] = {}
        for point in points:
            identity = identity_of(point)
            if (rival := newest.get(identity)) is None or order_of(point) >= order_of(rival):
                newest[identity] = point
        self._ask({identity: point for identity, point in newest.items() if identity not in self._looked})
        return {
            identity: point
            for identity, point in newest.items()
            if (held := self._held.get(identity)) is None or order_of(point) >= held.order
        }

    def _ask(self, unknown: dict[Identity, Version]) -> None:
        for identity in unknown:
            self._held.pop(identity, None)
        for span in _spans(unknown.values()):
            # The answer holds more than was asked for; only what was asked for counts as known.
            self._held.update({i: held for i, held in self._look(span).items() if i in unknown})
        self._looked |= unknown.keys()

    def _forget(self) -> None:
        self._held.clear()
        self._looked.clear()
        self._since = time.monotonic()


def identity_of(point: Version) -> Identity:
    """What two versions of one hour, or of one rate, have in common."""
    return (point.kind, *tags_of(point).values(), str(microseconds(moment_of(point))))


def order_of(point: Version) -> int:
    """Which of two versions is the newer one: the greater."""
    return point.revision if isinstance(point, Hour) else microseconds(point.as_of)


def subject_of(point: Version) -> str:
    """Whom the point is about."""
    return point.id if isinstance(point, Rate) else point.outlet


def _spans(points: Iterable[Version]) -> Iterator[Span]:
    """Few questions that together ask about all points."""
    by_moment = sorted(points, key=lambda point: (point.kind, moment_of(point)))
    for measurement, of_kind in groupby(by_moment, key=lambda point: point.kind):
        for stretch in _stretches(list(of_kind)):
            subjects = sorted({subject_of(point) for point in stretch})
            for start in range(0, len(subjects), SUBJECTS):
                yield Span(
                    measurement=measurement,
                    first=moment_of(stretch[0]),
                    last=moment_of(stretch[-1]),
                    subjects=frozenset(subjects[start : start + SUBJECTS]),
                )


def _stretches(points: list[Version]) -> Iterator[list[Version]]:
    """The points, which are in the order of time, cut where a long gap lies between two."""
    start = 0
    for i in range(1, len(points)):
        if moment_of(points[i]) - moment_of(points[i - 1]) > GAP:
            yield points[start:i]
            start = i
    yield points[start:]
