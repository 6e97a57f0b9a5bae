"""What was settled stays, in InfluxDB: a month's rate is copied once, at its first publication after the settlement.

InfluxDB overwrites without looking, so what it holds of a month is asked for once and remembered for a while. As with
`stores.influx_newest`, one writer at a time for each subject is relied on.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from emissions.transmission import Rate
from stores.lines import is_settlement

MEASUREMENT = "settled_rate"

REMEMBERED_S = 60.0

_Subject = tuple[str, str, str]


class Settlements:
    """Sifts what is about to be written for the first settled rate of each subject and track."""

    def __init__(self, look: Callable[[str], list[Rate]], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._clock = clock
        self._known: dict[str, tuple[float, dict[_Subject, datetime]]] = {}

    def sift(self, rates: Iterable[Rate]) -> list[Rate]:
        """Copies, under a kind of their own, of the rates that settle something nobody has settled before."""
        first: dict[tuple[str, _Subject], Rate] = {}
        for rate in rates:
            key = (rate.period, _subject(rate))
            if is_settlement(rate) and (key not in first or rate.as_of < first[key].as_of):
                first[key] = rate
        return [
            replace(rate, kind=MEASUREMENT)
            for (period, subject), rate in first.items()
            if (known := self._held(period).get(subject)) is None or rate.as_of < known
        ]

    def written(self, rates: Iterable[Rate]) -> None:
        """These are in the store now."""
        for rate in rates:
            self._held(rate.period)[_subject(rate)] = rate.as_of

    def look_again(self) -> None:
        """Ask again about every period."""
        self._known = {}

    def _held(self, period: str) -> dict[_Subject, datetime]:
        read_at, held = self._known.get(period, (float("-inf"), {}))
        if self._clock() - read_at > REMEMBERED_S:
            held = {_subject(rate): rate.as_of for rate in self._look(period)}
            self._known[period] = (self._clock(), held)
        return held


def _subject(rate: Rate) -> _Subject:
    return rate.level, rate.id, rate.track
