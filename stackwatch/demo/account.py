"""The conservation account of a run: what went in at one end, what stands at the other, and what differs."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from stackwatch.ledger_check.check import Checked
from stackwatch.ledger_check.fault import GRAVE

SHOWN = 20
"""Differences of one sort that a report lists; all are counted."""


@dataclass(slots=True, kw_only=True)
class Account:
    """Counts by stage. Frames: published to stored readings. Hours: expected to stored."""

    published: int
    """Frames that left the loggers."""
    acknowledged: int
    """PUBACK came."""
    answers_due: int
    answered: int
    """9014 or 9013 came."""
    relayed: int
    """Frames that stand in ``cems.packets`` or ``cems.quarantine``."""
    accepted: int
    quarantined: int
    heartbeats: int
    marks: int
    readings_expected: int
    """Distinct (outlet, command, data time) of accepted frames that carry values."""
    readings_stored: int
    hours_expected: int
    """Outlet × pollutant × hour called."""
    hours_judged: int
    """Of these, how many stand in ``cems.hours``."""
    hours_stored: int
    """Of these, how many stand in the series store."""
    resent: int = 0
    restarts: Mapping[str, int] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """What went in and is missing at a later stage."""
        return sum(max(0, missing) for _, _, missing in self.stages())

    def stages(self) -> list[tuple[str, int, int]]:
        """(stage, count, missing against the stage before) in the order of the path."""
        return [
            ("published", self.published, 0),
            ("acknowledged", self.acknowledged, self.published - self.acknowledged),
            ("answered", self.answered, self.answers_due - self.answered),
            ("relayed", self.relayed, self.published - self.relayed),
            ("in quarantine", self.quarantined, 0),
            ("readings stored", self.readings_stored, self.readings_expected - self.readings_stored),
            ("hours judged", self.hours_judged, self.hours_expected - self.hours_judged),
            ("hours stored", self.hours_stored, self.hours_judged - self.hours_stored),
        ]


@dataclass(slots=True)
class Differences:
    """Differences by what was compared with what."""

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, comparison: str, found: Iterable[Any]) -> None:
        """Count all, keep the first few."""
        self.counts.setdefault(comparison, 0)
        kept = self.first.setdefault(comparison, [])
        for one in found:
            self.counts[comparison] += 1
            if len(kept) < SHOWN:
                kept.append(one)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())


def account_of(checked: Checked, *, resent: int, restarts: Mapping[str, int]) -> Account:
    """The account of a run that has been checked."""
    counts = checked.counts
    readings, judged, stored = (checked.stage(name) for name in ("readings", "judged", "hours"))
    return Account(
        published=counts["sent"],
        acknowledged=counts["acknowledged"],
        answers_due=counts["answers_due"],
        answered=counts["answered"],
        relayed=counts["in_feed_or_quarantine"],
        accepted=counts["sent"] - counts["refused"],
        quarantined=counts["refused"],
        heartbeats=counts["heartbeats"],
        marks=counts["marks"],
        readings_expected=readings.expected,
        readings_stored=readings.found,
        hours_expected=counts["expected_hours"],
        hours_judged=judged.found,
        hours_stored=stored.found,
        resent=resent,
        restarts=restarts,
    )


def differences_of(checked: Checked) -> Differences:
    """Losses and wrongs by stage."""
    found = Differences()
    for stage in checked.stages:
        kept = [fault for fault in checked.faults.first if fault.stage == stage.stage and fault.kind in GRAVE]
        found.counts[stage.stage] = sum(checked.faults.of(stage=stage.stage, kind=kind) for kind in GRAVE)
        found.first[stage.stage] = kept[:SHOWN]
    return found


def digest(lines: Iterable[bytes]) -> str:
    """SHA-256 over canonical JSON: one object a line, keys sorted, in the order given."""
    seen = hashlib.sha256()
    for line in lines:
        seen.update(msgspec.json.encode(msgspec.json.decode(line), order="deterministic") + b"\n")
    return seen.hexdigest()
