"""A finding: something a person should know, with the evidence that explains it.

What is known of a thing can change, and change back: a value is revised, a mark revoked. So each version of a finding
or a case carries a *revision*, by which a reader tells a newer version from an old one that was published again. It is
the moment, in milliseconds, at which the feed gave cause for it, and at least one more than anything that the same
fold has said of the same outlet or county. The same feed gives the same revisions; those of a feed that is judged again
under other rules, or of which the beginning is gone, can be compared with those of before.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding. Published again under the same id when it grows, ends or gets more evidence."""

    kind: str = "finding"
    id: str
    """Deterministic: the same feed gives the same ids."""
    rule: str
    """``hourly_exceedance``, ``rate_below_90``, ``several_exceeding``, ``conversion_mismatch``,
    ``stopped_but_running``, ``revised_after_judgement``, ``no_limit``, ``not_connected`` ..."""
    subject: Mapping[str, str]
    """``{"outlet": ...}`` or ``{"county": ...}``."""
    from_: datetime
    """Written ``from`` on the wire."""
    to: datetime | None
    """None while it lasts."""
    severity: str
    """``info``, ``warning`` or ``severe``."""
    county: str
    known_at: datetime
    """When the data that it rests on became known."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 0
    """Greater in each newer version; 0: not numbered, as in lines of version 0.1 and in what a batch gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Grounds for county supervision 挂牌督办: one per (county, trigger), evidence grows by month (R15 to R17)."""

    kind: str = "case"
    id: str
    county: str
    trigger: str
    """``rate`` or ``exceeding``."""
    opened_at: datetime
    period: str
    """Month that opened it."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """``{"periods": {"2026-10": {...}, ...}}``: what each month adds."""
    revision: int = 0
    """As that of a finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A feed line or frame that was not accepted, kept whole (R3)."""

    kind: str = "rejected"
    reason: str
    mn: str
    received_at: datetime | None
    line: str
    """The whole feed line as it came, so that it can be driven again."""
    detail: str = ""
    """What was wrong, in words a person can act on."""


class Speaker(Protocol):
    """What a fold remembers of an outlet or a county."""

    revision: int
    """That of the last finding or case."""


def give_revisions(outputs: list[Any], memory: Speaker, at: datetime) -> None:
    """Give the findings and cases among new outputs their revisions, in the order in which they are said.

    Args:
        outputs: What a fold says; changed in place.
        memory: What the fold remembers; changed in place.
        at: The moment of the event that gave cause for it.
    """
    for index, output in enumerate(outputs):
        if isinstance(output, (Finding, Case)):
            memory.revision = max(memory.revision + 1, round(at.timestamp() * 1000))
            outputs[index] = replace(output, revision=memory.revision)


Numbered = TypeVar("Numbered", Finding, Case)


def unnumbered(message: Numbered) -> Numbered:
    """The same content without a revision: for comparing what was said, whenever it was said."""
    return replace(message, revision=0)


def finding_id(*parts: str) -> str:
    """A short id that depends on nothing but what it names."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:20]
