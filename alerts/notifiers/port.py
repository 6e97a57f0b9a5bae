"""The port of every notifier."""

from dataclasses import dataclass
from typing import Protocol


class NotDelivered(Exception):
    """It did not go out, or nobody knows whether it did; says why, without the address's secrets. It is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What one channel is told of one event."""

    event_id: str
    """The same for every attempt, so that a receiver can drop what it has."""
    county: str
    kind: str
    """``alert`` or ``case``."""
    id: str
    event: str
    severity: str
    title: str
    body: str
    ids: tuple[str, ...] = ()
    """All that the notice is about, where it is about several; empty: ``id`` alone."""


class Notifier(Protocol):
    """Delivers notices to one address. It is called from one thread at a time."""

    def send(self, notice: Notice) -> None:
        """Deliver before returning, within a bounded time; raises ``NotDelivered``."""
