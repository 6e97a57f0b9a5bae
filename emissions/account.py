"""Conservation account 守恒账: published ≥ relayed ≥ judged ≥ stored, for each outlet and hour of receipt.

The gateway numbers the lines of each logger, each stage says which numbers it has taken in, and the roll call says how
far everybody must have come. Sets of numbers are compared, not counts: what is said twice after a crash changes
nothing, and a hole shows as the number that is missing. Nothing here reads a clock; what is late is not missing before
the stage itself has said that it is past it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emissions.ranges import Range

JUDGING, STORING = "judging", "storing"

JUDGED, BEAT, IDLE, REFUSED, STORED = "judged", "beat", "idle", "refused", "stored"
"""What a stage says of a number: it was taken in; it was a sign of life, held nothing to store, was put into
quarantine, is in the series store. Judging says the first of every number."""

COLUMNS = (
    "published",
    "quarantined",
    "relayed",
    "judged",
    "heartbeats",
    "without_values",
    "refused",
    "stored",
    "missing",
)
"""Counts of a line of the account, in the order of the path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """The gateway's word on one logger and hour: these numbers it gave out. Stands in the feed behind all of them."""

    kind: str = "numbered"
    received_at: datetime
    """When the gateway said so."""
    mn: str
    outlet: str
    hour: datetime
    """Hour of receipt."""
    gateway: str
    boot: str
    """Which life of the gateway: numbers begin at 1 in each."""
    first: int
    last: int
    """0 and 0: nothing was put into the feed."""
    quarantined: int = 0
    """Lines put into quarantine; they have no numbers."""

    @property
    def series(self) -> str:
        """Who numbered."""
        return f"{self.gateway}/{self.boot}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A stage's word on one outlet and hour of receipt: these numbers it has taken in since it last said so."""

    kind: str = "counted"
    stage: str
    outlet: str
    series: str
    hour: datetime
    numbers: Mapping[str, tuple[Range, ...]]
    """By what became of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A stage is past the roll call of the hour: what stood before it in the feed, the stage has taken in."""

    kind: str = "passed"
    stage: str
    outlet: str
    hour: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHour:
    """One line of the account. Counts of feed lines by hour of receipt; duplicates count once."""

    kind: str = "account"
    outlet: str
    enterprise: str
    county: str
    hour: datetime
    published: int
    """Frames that the gateway took over: relayed and quarantined."""
    relayed: int
    """Lines put into the feed."""
    quarantined: int
    """Lines that the gateway put into quarantine."""
    judged: int
    heartbeats: int
    """Of the judged: signs of life."""
    without_values: int
    """Of the judged: nothing in them is stored."""
    refused: int
    """Of the judged: put into quarantine by a later stage."""
    stored: int | None
    """None while the storing stage is not past the hour's roll call."""
    missing: int
    gaps: tuple[Mapping[str, Any], ...] = ()
    """What is missing: stage, series, first and last number."""
    as_of: datetime
    """Roll call at which the line was drawn up."""


def add_up(lines: Iterable[AccountHour]) -> dict[str, int]:
    """Totals of several lines, column by column; what is not stored yet counts as nothing."""
    total = dict.fromkeys(COLUMNS, 0)
    for line in lines:
        for name in COLUMNS:
            total[name] += getattr(line, name) or 0
    return total
