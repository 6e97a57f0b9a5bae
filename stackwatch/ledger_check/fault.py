"""What can be wrong with a run, and the stages at which it can be."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

STAGES = (
    "broker",
    "feed",
    "quarantine",
    "readings",
    "judged",
    "hours",
    "rates",
    "findings",
    "cases",
    "alerts",
    "account",
)
"""In the order of the path.

``broker``: the MQTT broker acknowledged it; ``feed``: it stands in ``cems.packets``; ``quarantine``: it stands in
``cems.quarantine``, where it belongs; ``readings``, ``hours``, ``rates``: the series store has it; ``judged``: its hour
was published; ``findings``, ``cases``: they were published; ``alerts``: somebody is told;
``account``: the platform's own conservation account says so too.
"""

KINDS = ("lost", "wrong", "late", "reordered", "duplicate")
"""``lost``: it is not there. ``wrong``: it is another than it must be, or nothing explains it. ``late``: it left the
logger in time and was received too late to count in time. ``reordered``: a later frame of the same logger went before.
``duplicate``: it stands there more than once after merging."""

GRAVE = frozenset({"lost", "wrong"})
"""With one of these the run has failed; the others are told."""

SHOWN = 20
"""Faults of one kind at one stage that are kept with their particulars; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is not as it must be."""

    kind: str
    stage: str
    outlet: str
    """The outlet; a logger's MN where no outlet is known, a county for what is about a county."""
    about: Sequence[str]
    """What it is: number of the sending, pollutant, hour …, in words of the ledger."""
    expected: Any = None
    found: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of the path and what came of it."""

    stage: str
    expected: int
    """Things that must stand there."""
    found: int
    """Of these, how many do, whether right or wrong."""


@dataclass(slots=True)
class Faults:
    """Counts all, keeps the first few of each kind at each stage."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By (outlet, stage, kind)."""
    first: list[Fault] = field(default_factory=list)
    _kept: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, found: Iterable[Fault]) -> None:
        """Take in faults."""
        for fault in found:
            self.counts[fault.outlet, fault.stage, fault.kind] += 1
            if self._kept[fault.stage, fault.kind] < SHOWN:
                self._kept[fault.stage, fault.kind] += 1
                self.first.append(fault)

    def of(self, *, stage: str | None = None, kind: str | None = None) -> int:
        """How many there are at a stage, of a kind."""
        return sum(
            count
            for (_, at, what), count in self.counts.items()
            if (stage is None or at == stage) and (kind is None or what == kind)
        )

    @property
    def grave(self) -> int:
        """Losses and wrongs."""
        return sum(count for (_, _, kind), count in self.counts.items() if kind in GRAVE)
