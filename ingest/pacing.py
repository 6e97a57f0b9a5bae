"""How much one logger may send: a bucket of tokens for each, and a short line of messages that wait for theirs."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

Item = TypeVar("Item")

COST_BYTES = 1024
"""A message costs one token for each of its bytes' thousands: many frames in one payload are not cheaper. [bytes]"""

_REMEMBERED = 10_000
"""Senders whose buckets are remembered before those that are full again are forgotten."""


class Verdict(Enum):
    """What becomes of a message."""

    PASS = "pass"  # noqa: S105 - not a password
    WAIT = "wait"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What is allowed to each logger."""

    per_s: float = 200.0
    """Tokens for each second, thousands of what a logger needs; 0: no limit. [1/s]"""
    burst: float = 10_000.0
    """Tokens that are saved up: a logger that comes back brings two months of hours and ten-minute values at once."""
    waiting: int = 100
    """Messages of one logger that may wait."""
    waiting_in_all: int = 500
    """Messages of all loggers that may wait: they hold places that the broker counts as under way."""


@dataclass(slots=True)
class _Sender(Generic[Item]):
    tokens: float
    at: float
    line: deque[tuple[Item, float]] = field(default_factory=deque)


def cost_of(size: int) -> float:
    """Tokens that a payload costs.

    Args:
        size: Its length. [bytes]
    """
    return 1.0 + size // COST_BYTES


class Pacer(Generic[Item]):
    """Lets messages pass, wait or be refused; those of one sender keep their order."""

    def __init__(self, pace: Pace) -> None:
        """``pace`` is the same for all."""
        self._pace = pace
        self._senders: dict[str, _Sender[Item]] = {}
        self.waiting = 0
        """Messages that wait now."""

    def offer(self, sender: str, item: Item, *, cost: float, now: float) -> Verdict:
        """Judge one message; one that must wait is kept until ``due`` gives it back.

        Args:
            sender: Who it came from.
            item: The message.
            cost: Tokens; more than there are is allowed once, and paid back before the next.
            now: Seconds on any clock that only goes forward.
        """
        if self._pace.per_s <= 0:
            return Verdict.PASS
        known = self._refilled(sender, now)
        if not known.line and known.tokens > 0:
            known.tokens -= cost
            return Verdict.PASS
        if len(known.line) >= self._pace.waiting or self.waiting >= self._pace.waiting_in_all:
            return Verdict.REFUSE
        known.line.append((item, cost))
        self.waiting += 1
        return Verdict.WAIT

    def due(self, now: float) -> Iterator[Item]:
        """What has waited long enough, the oldest of each sender first."""
        for sender in [name for name, known in self._senders.items() if known.line]:
            known = self._refilled(sender, now)
            while known.line and known.tokens > 0:
                item, cost = known.line.popleft()
                known.tokens -= cost
                self.waiting -= 1
                yield item

    def forget_waiting(self) -> None:
        """Drop what waits: the broker has it still, and sends it again."""
        for known in self._senders.values():
            known.line.clear()
        self.waiting = 0

    def _refilled(self, sender: str, now: float) -> _Sender[Item]:
        known = self._senders.get(sender)
        if known is None:
            if len(self._senders) >= _REMEMBERED:
                self._forget(now)
            known = self._senders[sender] = _Sender(self._pace.burst, now)
        known.tokens = min(self._pace.burst, known.tokens + (now - known.at) * self._pace.per_s)
        known.at = now
        return known

    def _forget(self, now: float) -> None:
        """Forget those whose bucket is full by now: a new one would be as full."""
        full = [
            name
            for name, known in self._senders.items()
            if not known.line and known.tokens + (now - known.at) * self._pace.per_s >= self._pace.burst
        ]
        for name in full:
            del self._senders[name]
