"""Which hours of the month stand as exceeded: kept by identity, so that hearing an hour twice changes nothing."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from emissions.hourly import Hour

Identity = tuple[str, str, datetime]


@dataclass(frozen=True, slots=True)
class Exceedance:
    """One exceeded hour, with what a board counts it under."""

    outlet: str
    enterprise: str
    county: str
    pollutant: str
    hour: datetime
    revision: int


@dataclass(slots=True)
class Exceedances:
    """The exceeded hours of one span of time. Small: it holds nothing for the many hours within their limit."""

    start: datetime
    end: datetime
    _standing: dict[Identity, Exceedance] = field(default_factory=dict)

    def hear(self, hours: Iterable[Hour]) -> None:
        """Take in hours, in any order; a later revision replaces an earlier one, never the other way round."""
        for hour in hours:
            if not self.start <= hour.hour < self.end:
                continue
            identity = (hour.outlet, hour.pollutant, hour.hour)
            known = self._standing.get(identity)
            if known is not None and known.revision > hour.revision:
                continue
            if hour.verdict == "exceeded":
                self._standing[identity] = Exceedance(
                    hour.outlet, hour.enterprise, hour.county, hour.pollutant, hour.hour, hour.revision
                )
            else:
                self._standing.pop(identity, None)

    def by_county(self) -> Counter[str]:
        """Exceeded hours (hour × pollutant) of each county."""
        return Counter(one.county for one in tuple(self._standing.values()))

    def by_outlet(self) -> Counter[str]:
        """Exceeded hours (hour × pollutant) of each outlet."""
        return Counter(one.outlet for one in tuple(self._standing.values()))

    def enterprises(self) -> dict[str, set[str]]:
        """Enterprises with at least one exceeded hour, by county (R16)."""
        found: dict[str, set[str]] = {}
        for one in tuple(self._standing.values()):
            found.setdefault(one.county, set()).add(one.enterprise)
        return found
