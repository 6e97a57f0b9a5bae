"""What the address of the page that explains a rate asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from emissions.transmission import LEVELS, TRACKS, WINDOWS
from web.pages.markup import path
from web.periods import NotAPeriod, bounds, period_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address asks for, with a default for what it leaves out or gets wrong."""

    level: str
    id: str
    window: str
    period: str
    track: str
    state: str | None
    reason: str | None
    offset: int
    hour: str | None
    pollutant: str | None

    def address(self, **changes: str | int | None) -> str:
        """The address of this page with some of it changed."""
        fields: dict[str, str | int | None] = {
            "level": self.level,
            "id": self.id,
            "window": self.window,
            "period": self.period,
            "track": self.track,
            "state": self.state,
            "reason": self.reason,
            "offset": self.offset or None,
            "hour": self.hour,
            "pollutant": self.pollutant,
        }
        return path("explain", **(fields | changes))

    def around_hour(self, pollutant: str) -> tuple[str, str]:
        """What stands before and after the hour in the address of this page with an hour of the pollutant chosen.

        For a list of hours: a month of an outlet has two thousand, and all else need be encoded only once.
        """
        before = self.address(hour=None, pollutant=None)
        return f"{before}&hour=", f"&{urlencode({'pollutant': pollutant})}"


def asked_of(query: Mapping[str, str], *, home: tuple[str, str], now: datetime) -> Asked:
    """Read the address; ``home``: level and id of what is explained where none is asked for."""
    window = query.get("window", "month")
    window = window if window in WINDOWS else "month"
    period = query.get("period") or period_at(now, window)
    try:
        bounds(window, period)
    except NotAPeriod:
        period = period_at(now, window)
    level = query.get("level", home[0] if not query.get("id") else "county")
    track = query.get("track", "in_time")
    offset = query.get("offset", "0")
    return Asked(
        level=level if level in LEVELS else home[0],
        id=query.get("id") or home[1],
        window=window,
        period=period,
        track=track if track in TRACKS else "in_time",
        state=query.get("state") or None,
        reason=query.get("reason") or None,
        offset=int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 9 else 0,
        hour=query.get("hour") or None,
        pollutant=query.get("pollutant") or None,
    )
