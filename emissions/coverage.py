"""Coverage audit: who must have a monitor, and where there is none or it has never said anything (R23)."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from emissions.register import Outlet, Register


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRule:
    """Which outlets must have a monitor."""

    height_m: float = 45.0
    """Outlets higher than this must. [m]"""
    coal_categories: frozenset[str] = frozenset({"coal"})
    """Categories of the rulebook's standards that stand for boilers fired with coal."""
    industries: frozenset[str] = frozenset(
        {"power", "steel", "coking", "cement", "glass", "nonferrous", "brick", "petrochemical"}
    )
    """Industries all of whose registered outlets must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An outlet that the audit has something to say about."""

    outlet: Outlet
    status: str
    """``no_monitor``: it must have one and has no logger. ``never_sent``: it has one that has never sent anything.
    ``exempted``: it need not by the register, though R23 says otherwise; a note, not a gap."""
    grounds: tuple[str, ...]
    """Why it must: see ``grounds``; ``register`` where only the register says so."""


def grounds(*, height_m: float | None, category: str, industry: str, rule: CoverageRule) -> tuple[str, ...]:
    """Why R23 wants a monitor: ``height``, ``coal_boiler``, ``industry``; none of them if it does not.

    Args:
        height_m: Height of the stack; None where the register does not say. [m]
        category: Row of the standard that applies to the outlet.
        industry: Industry of the enterprise.
        rule: The rulebook's thresholds.
    """
    found = {
        "height": height_m is not None and height_m > rule.height_m,
        "coal_boiler": category in rule.coal_categories,
        "industry": industry in rule.industries,
    }
    return tuple(name for name, holds in found.items() if holds)


def must_monitor(*, height_m: float | None, category: str, industry: str, rule: CoverageRule) -> bool:
    """Whether R23 wants a monitor on the outlet. Arguments as for ``grounds``."""
    return bool(grounds(height_m=height_m, category=category, industry=industry, rule=rule))


def audit(register: Register, rule: CoverageRule, *, senders: AbstractSet[str] | None = None) -> list[Gap]:
    """All gaps of a register, by county, enterprise and outlet.

    Args:
        register: Who is there.
        rule: The rulebook's thresholds.
        senders: Outlets that have sent something; None where nobody has looked, so that silence is no gap.
    """
    found = []
    for outlet in register.outlets.values():
        why = grounds(
            height_m=outlet.height_m,
            category=outlet.category,
            industry=register.enterprises[outlet.enterprise].industry,
            rule=rule,
        )
        if (status := _status(outlet, why, senders)) is not None:
            found.append(Gap(outlet=outlet, status=status, grounds=why or ("register",)))
    return sorted(found, key=lambda gap: (gap.outlet.county, gap.outlet.enterprise, gap.outlet.id))


def missing(gaps: Iterable[Gap]) -> list[Gap]:
    """Those that are against R23, without the notes."""
    return [gap for gap in gaps if gap.status != "exempted"]


def _status(outlet: Outlet, why: tuple[str, ...], senders: AbstractSet[str] | None) -> str | None:
    if not outlet.must_monitor:
        return "exempted" if why else None
    if senders is not None and outlet.id in senders:
        return None  # also one that has no logger: JSON monitors are known by their outlet
    if not outlet.mn:
        return "no_monitor"
    return "never_sent" if senders is not None else None
