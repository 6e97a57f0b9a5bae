"""Silences: for a while nobody is told of some alerts. They are raised, shown and must be answered all the same.

Pure. A silence has an author, a reason and an end; nothing is deleted by it, and what it held back is told when it
ends and the alert still waits.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.transition import Incomplete, person, stated

LONGEST = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What is not told, and until when. An empty field matches anything."""

    county: str
    outlet: str
    rule: str
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    """When a person has ended it early."""

    def holds(self, now: datetime) -> bool:
        """Whether it is in force."""
        return self.starts_at <= now < (self.ends_at if self.ended_at is None else min(self.ends_at, self.ended_at))

    def covers(self, *, county: str, outlet: str, rule: str) -> bool:
        """Whether it is about an alert with these features."""
        pairs = ((self.county, county), (self.outlet, outlet), (self.rule, rule))
        return all(wanted in ("", value) for wanted, value in pairs)


def checked(silence: Silence, *, by: str, reason: str, now: datetime) -> tuple[str, str]:
    """The author and the reason, trimmed.

    Raises:
        Incomplete: no author, no reason, an end that is past, before the beginning, or too far away.
    """
    name, why = person(by), stated(reason, "a silence")
    if silence.ends_at <= max(silence.starts_at, now):
        raise Incomplete(f"ends at {silence.ends_at.isoformat()}, which is not after its beginning and now")
    if silence.ends_at - silence.starts_at > LONGEST:
        raise Incomplete(f"a silence lasts {LONGEST.days} days at most")
    if not (silence.county or silence.outlet or silence.rule):
        raise Incomplete("a silence is about a county, an outlet or a rule, not about everything")
    return name, why
