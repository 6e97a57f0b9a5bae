"""What one county may see of the whole: the same sources, in which nothing of any other county is found.

Narrowed where it is read, so that a page, a route, a count or a stream that forgets to ask shows nothing it should not.
"""

import math
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from emissions.account import AccountHour
from emissions.finding import Finding, Rejected
from emissions.hourly import Hour
from emissions.reading import Reading
from emissions.register import Register
from emissions.transmission import Rate
from stores.port import Point, SeriesStore, StoreRefused
from web.exceedances import Exceedances
from web.live import KINDS, Listened, Subscriber
from web.packets import Line, Packets


def register_of(register: Register, county: str) -> Register:
    """The part of the register that belongs to one county: its division, enterprises and outlets, not the city's."""
    return Register(
        divisions={code: division for code, division in register.divisions.items() if code == county},
        enterprises={id_: one for id_, one in register.enterprises.items() if one.county == county},
        outlets={id_: outlet for id_, outlet in register.outlets.items() if outlet.county == county},
    )


@dataclass(frozen=True, slots=True)
class CountyStore:
    """A series store that holds one county."""

    whole: SeriesStore
    county: str
    outlets: frozenset[str]

    def write(self, points: Sequence[Point], *, before: float = math.inf) -> None:
        """Refuse: whoever sees a part writes nothing."""
        del before
        raise StoreRefused("this view only reads", points)

    def look_again(self) -> None:
        """Nothing is remembered."""

    def readings(
        self, outlet: str, *, cn: str, start: datetime, end: datetime, factor: str | None = None
    ) -> list[Reading]:
        """Readings of an outlet of the county."""
        if outlet not in self.outlets:
            return []
        return self.whole.readings(outlet, cn=cn, start=start, end=end, factor=factor)

    def hours(
        self, *, start: datetime, end: datetime, outlet: str | None = None, county: str | None = None
    ) -> list[Hour]:
        """Hours of the county or of one of its outlets."""
        if county not in {None, self.county} or (outlet is not None and outlet not in self.outlets):
            return []
        return self.whole.hours(start=start, end=end, outlet=outlet, county=self.county)

    def accounts(
        self, *, start: datetime, end: datetime, outlet: str | None = None, county: str | None = None
    ) -> list[AccountHour]:
        """Lines of the account of the county's outlets."""
        if county not in {None, self.county} or (outlet is not None and outlet not in self.outlets):
            return []
        return self.whole.accounts(start=start, end=end, outlet=outlet, county=self.county)

    def rates(
        self,
        *,
        level: str | None = None,
        window: str | None = None,
        period: str | None = None,
        track: str | None = None,
        id: str | None = None,  # noqa: A002 - the field's own name
    ) -> list[Rate]:
        """Rates of the county, its enterprises and outlets; never those of a city."""
        if level == "county":
            if id not in {None, self.county}:
                return []
            id = self.county  # noqa: A001 - the field's own name
        found = self.whole.rates(level=level, window=window, period=period, track=track, id=id)
        return [rate for rate in found if rate.level != "city" and rate.county == self.county]

    def settled_rates(self, *, period: str, level: str | None = None) -> list[Rate]:
        """Settled rates of the county, its enterprises and outlets."""
        found = self.whole.settled_rates(period=period, level=level)
        return [rate for rate in found if rate.level != "city" and rate.county == self.county]

    def ping(self) -> str:
        """Name and version of the engine."""
        return self.whole.ping()

    def close(self) -> None:
        """Leave the store open: it is not this view's."""


class CountyExceedances(Exceedances):
    """The exceeded hours of one county, counted anew from the whole whenever they are asked for."""

    def __init__(self, whole: Exceedances, county: str, outlets: frozenset[str]) -> None:
        super().__init__(whole.start, whole.end)
        self._whole, self._county, self._outlets = whole, county, outlets

    def by_county(self) -> Counter[str]:
        """Of this county only."""
        return Counter({self._county: count}) if (count := self._whole.by_county()[self._county]) else Counter()

    def by_outlet(self) -> Counter[str]:
        """Of this county's outlets only."""
        return Counter({id_: count for id_, count in self._whole.by_outlet().items() if id_ in self._outlets})

    def enterprises(self) -> dict[str, set[str]]:
        """Of this county only."""
        return {county: found for county, found in self._whole.enterprises().items() if county == self._county}


@dataclass(frozen=True, slots=True)
class CountyLive:
    """What has been heard lately about one county."""

    whole: Listened
    county: str
    outlets: frozenset[str]
    mns: frozenset[str]

    @property
    def following(self) -> bool:
        """Whether the topics are being read now."""
        return self.whole.following

    @property
    def exceedances(self) -> Exceedances | None:
        """Exceeded hours of the month, of this county."""
        whole = self.whole.exceedances
        return None if whole is None else CountyExceedances(whole, self.county, self.outlets)

    def findings(self) -> list[Finding]:
        """The last word on each finding of the county, the newest first."""
        return [finding for finding in self.whole.findings() if finding.county == self.county]

    def finding(self, id_: str) -> Finding | None:
        """One finding by its id, if it is the county's."""
        found = self.whole.finding(id_)
        return found if found is not None and found.county == self.county else None

    def quarantine(self) -> list[Rejected]:
        """Refused lines of the county's loggers; one of an unknown MN is no county's."""
        return [line for line in self.whole.quarantine() if line.mn in self.mns]

    def reading(self, outlet: str, cn: str) -> Reading | None:
        """The newest reading of an outlet of the county."""
        return self.whole.reading(outlet, cn) if outlet in self.outlets else None

    def last_received(self, outlet: str) -> datetime | None:
        """When an outlet of the county was last heard of."""
        return self.whole.last_received(outlet) if outlet in self.outlets else None

    def subscribe(
        self, *, kinds: frozenset[str] = KINDS, county: str | None = None
    ) -> AbstractContextManager[Subscriber]:
        """An event stream of the county; of another one nothing ever comes."""
        only = self.county if county in {None, self.county} else _NO_COUNTY
        return self.whole.subscribe(kinds=kinds, county=only)


_NO_COUNTY = "\0"


@dataclass(frozen=True, slots=True)
class CountyPackets:
    """The way back to the frames of one county's outlets."""

    whole: Packets
    names: frozenset[str]
    """MNs of its loggers and ids of its outlets."""

    async def find(self, name: str, *, since: datetime, until: datetime) -> list[Line]:
        """Lines of one of the county's loggers; of another there are none."""
        return await self.whole.find(name, since=since, until=until) if name in self.names else []

    def sweep(self, names: frozenset[str], *, since: datetime, until: datetime) -> AsyncIterator[bytes]:
        """Lines of those among them that are the county's."""
        return self.whole.sweep(names & self.names, since=since, until=until)

    async def close(self) -> None:
        """Leave the connection open: it is not this view's."""
