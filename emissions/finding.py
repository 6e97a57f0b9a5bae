"""A finding: something a person should know, with the evidence that explains it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


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


def finding_id(*parts: str) -> str:
    """A short id that depends on nothing but what it names."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:20]
