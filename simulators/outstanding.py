"""Frames on their way: what has been confirmed, what is still owed, and what must be sent again."""

import asyncio
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from simulators.fleet import Sending

Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True, eq=False)
class Waiting:
    """One frame and what is still missing."""

    sending: Sending
    number: int
    """In the ledger."""
    sent_at: float
    """Monotonic time of the last attempt. [s]"""
    tries: int = 1
    puback: bool = False
    answered: bool = False
    relayed: bool = False


@dataclass(slots=True)
class Confirmed:
    """Numbers in the ledger that were confirmed since the last ``drain``, by who confirmed them."""

    puback: list[int] = field(default_factory=list)
    answer: list[int] = field(default_factory=list)
    relayed: list[int] = field(default_factory=list)


class Outstanding:
    """Keeps every frame that was sent until all that it needs has come back."""

    def __init__(self, *, needs_relay: bool) -> None:
        """``needs_relay``: somebody tells when a frame stands in the feed, so wait for that too."""
        self._needs_relay = needs_relay
        self._all: dict[int, Waiting] = {}
        self._by_qn: dict[tuple[str, str], list[Waiting]] = {}
        self._by_frame: dict[tuple[str, bytes], list[Waiting]] = {}
        self._settled = asyncio.Event()
        self._settled.set()
        self._less = asyncio.Event()
        self._confirmed = Confirmed()

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Waiting]:
        return iter(list(self._all.values()))

    async def settled(self) -> None:
        """Return when nothing is owed any more."""
        await self._settled.wait()

    async def fewer_than(self, many: int) -> None:
        """Return when fewer than so many frames are on their way."""
        while len(self._all) >= many:
            self._less.clear()
            await self._less.wait()

    def add(self, waiting: Waiting) -> None:
        """A frame has been sent for the first time."""
        sending = waiting.sending
        waiting.answered = not sending.answer
        waiting.relayed = not self._needs_relay
        self._all[waiting.number] = waiting
        if sending.answer:
            self._by_qn.setdefault((sending.mn, sending.qn), []).append(waiting)
        if self._needs_relay:
            self._by_frame.setdefault((sending.mn, sending.frame.rstrip(b"\r\n")), []).append(waiting)
        self._settled.clear()

    def acknowledged(self, waiting: Waiting) -> None:
        """The broker has it."""
        if not waiting.puback:
            waiting.puback = True
            self._confirmed.puback.append(waiting.number)
            self._settle(waiting)

    def answered(self, mn: str, qn: str) -> bool:
        """The platform answered a request number; whether anybody waited for that."""
        found = self._by_qn.get((mn, qn), [])
        for waiting in list(found):
            if not waiting.answered:
                waiting.answered = True
                self._confirmed.answer.append(waiting.number)
                self._settle(waiting)
        return bool(found)

    def relayed(self, mn: str, frame: bytes, received_at: datetime) -> None:
        """A frame stands in the feed or in quarantine, received at a moment not before it was sent."""
        for waiting in list(self._by_frame.get((mn, frame.rstrip(b"\r\n")), [])):
            if not waiting.relayed and received_at >= waiting.sending.at:
                waiting.relayed = True
                self._confirmed.relayed.append(waiting.number)
                self._settle(waiting)

    def drain(self) -> Confirmed:
        """What was confirmed since the last call."""
        confirmed, self._confirmed = self._confirmed, Confirmed()
        return confirmed

    def _settle(self, waiting: Waiting) -> None:
        if not (waiting.puback and waiting.answered and waiting.relayed):
            return
        sending = waiting.sending
        self._all.pop(waiting.number, None)
        _forget(self._by_qn, (sending.mn, sending.qn), waiting)
        _forget(self._by_frame, (sending.mn, sending.frame.rstrip(b"\r\n")), waiting)
        self._less.set()
        if not self._all:
            self._settled.set()


def _forget(index: dict[Key, list[Waiting]], key: Key, waiting: Waiting) -> None:
    if waiting in (found := index.get(key, [])):
        found.remove(waiting)
        if not found:
            del index[key]
