"""Who is told when: grouping, inhibition, and the delay of what comes and goes. Numbers and rules only, no database."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Notices of one kind from one county become one (R21)."""

    wait: timedelta = timedelta(seconds=30)
    """The first waits this long for others."""
    interval: timedelta = timedelta(minutes=5)
    """After a notice the next one of its group follows no sooner; a severe one does not wait for this."""
    listed: int = 1000
    """At most so many are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flapping:
    """An alert that comes and goes is told later each time."""

    window: timedelta = timedelta(hours=24)
    free: int = 2
    first: timedelta = timedelta(minutes=5)
    longest: timedelta = timedelta(hours=2)

    def delay(self, before: int, *, within: timedelta) -> timedelta:
        """How much later the next notice is told.

        Args:
            before: How often the same has been raised in the window before this time.
            within: Time in which the alert must be acknowledged; the delay never takes more than half of it.
        """
        if before < self.free:
            return timedelta(0)
        grown = self.first * (1 << min(before - self.free, 20))
        return min(grown, self.longest, within / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Which alerts are meant."""

    rules: frozenset[str] = frozenset()
    """Empty: all."""
    subject: str = ""
    """``outlet`` or ``county``; empty: anything."""

    def matches(self, *, rule: str, subject: str) -> bool:
        """Whether an alert of this rule, about this kind of subject, is meant."""
        return (not self.rules or rule in self.rules) and self.subject in ("", subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """While one alert lasts, others of its county are not told by themselves."""

    source: Matching
    target: Matching


INHIBITIONS = (
    Inhibition(
        source=Matching(rules=frozenset({"silence"}), subject="county"),
        target=Matching(rules=frozenset({"silence", "not_connected"}), subject="outlet"),
    ),
)
"""The outage of a county inhibits the silences of its outlets."""
