"""The port every series store implements. Writing the same point again overwrites it: at-least-once is enough."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from emissions.account import AccountHour
from emissions.hourly import Hour
from emissions.reading import Reading
from emissions.transmission import Rate

Version = Hour | Rate | AccountHour
"""What is kept whole and replaced by its next version."""

Point = Reading | Version


class StoreUnavailable(Exception):
    """Later: the store cannot be reached or is overloaded; the same write may go through after a while."""


class StoreRefused(Exception):
    """Never: the store understands and will not take these points, however often they are sent."""

    def __init__(self, message: str, points: Sequence[Point] = ()) -> None:
        super().__init__(message)
        self.points = tuple(points)
        """Only those that were refused; the others of the batch have been written."""


class SeriesStore(Protocol):
    """Readings, judged hours and rates by data time.

    All methods raise ``StoreUnavailable``, ``write`` also ``StoreRefused``. Moments come back in Beijing time. What is
    kept when the same identity is written again:

    - reading (outlet, cn, at): the keys of both, the later value where both have one, since the sub-packets of one data
      time carry different factors (R5);
    - hour (outlet, pollutant, hour): the higher revision, the later one where they are equal (R10);
    - line of the account (outlet, hour): the later ``as_of``, the later one written where they are equal;
    - rate (level, id, window, period, track): the later ``as_of``, the later one written where they are equal. Of a
      month's settled rate also the earliest ``as_of``, the first one written, is kept: what was settled stays known.

    Others see hours and rates whole or not at all; a reading that is just being written they may see in part.
    """

    def write(self, points: Sequence[Point], *, before: float = math.inf) -> None:
        """Write all points, durably, before returning. The last of several with the same identity wins.

        Args:
            points: What is to be written.
            before: From then on, by ``time.monotonic``, somebody else may write of the same: what has not been sent by
                then is not written, which is `StoreUnavailable`.
        """

    def look_again(self) -> None:
        """Rely on nothing that is remembered of the store: somebody else may have written of the same. Never waits."""

    def readings(
        self, outlet: str, *, cn: str, start: datetime, end: datetime, factor: str | None = None
    ) -> list[Reading]:
        """Readings of one outlet and command with start ≤ at < end, oldest first; ``factor`` keeps only its keys.

        A reading that has none of the factor's keys is left out.
        """

    def hours(
        self, *, start: datetime, end: datetime, outlet: str | None = None, county: str | None = None
    ) -> list[Hour]:
        """Newest revision of each judged hour with start ≤ hour < end, by (hour, outlet, pollutant)."""

    def accounts(
        self, *, start: datetime, end: datetime, outlet: str | None = None, county: str | None = None
    ) -> list[AccountHour]:
        """Newest line of the account of each outlet and hour with start ≤ hour < end, by (hour, outlet)."""

    def rates(
        self,
        *,
        level: str | None = None,
        window: str | None = None,
        period: str | None = None,
        track: str | None = None,
        id: str | None = None,  # noqa: A002 - the field's own name
    ) -> list[Rate]:
        """Newest rate of each (level, id, window, period, track) that fits."""

    def settled_rates(self, *, period: str, level: str | None = None) -> list[Rate]:
        """Rates of a month as they were when it was settled, by (level, id, track); none before."""

    def ping(self) -> str:
        """Name and version of the engine, for the doctor."""

    def close(self) -> None:
        """Let go of connections; the store cannot be used afterwards."""
