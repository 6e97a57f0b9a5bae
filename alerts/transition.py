"""What a state machine of this room hands back: who did what to something, when and why; and how it says no."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

DATA = "data"
"""Actor of everything that a finding or a case line does."""
CLOCK = "clock"
"""Actor of everything that a missed deadline does."""
MACHINES = frozenset({DATA, CLOCK, "system"})
"""Names that no person may act under."""


class NotAllowed(Exception):
    """The state it is in does not allow this; says which state, and since when."""


class Incomplete(ValueError):
    """The action lacks something that it must have; says what."""


class Unusable(ValueError):
    """A line can be read but says something that no alert can be made of; it belongs in quarantine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One transition as it goes to the audit log and to whoever listens."""

    name: str
    at: datetime
    by: str
    reason: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def person(by: str) -> str:
    """The name of the person who acts, trimmed.

    Raises:
        Incomplete: there is none, or it is one of the machine's own.
    """
    name = by.strip()
    if not name:
        raise Incomplete("no name: every action needs the person who takes it")
    if name.lower() in MACHINES:
        raise Incomplete(f"{name!r} is not a person: this step is taken by people only")
    return name


def stated(reason: str, what: str) -> str:
    """A reason in words, trimmed.

    Raises:
        Incomplete: it is empty; ``what`` names what it is a reason for.
    """
    text = reason.strip()
    if not text:
        raise Incomplete(f"no reason given: {what} needs one")
    return text
