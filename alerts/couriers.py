"""Carry letters out of the outbox, one courier for each destination, so that none waits for another."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Protocol

import msgspec
from sqlalchemy import Engine

from alerts import outbox
from alerts.database import DatabaseUnavailable
from alerts.metrics import DELIVERED, FAILED, GIVEN_UP
from alerts.notifiers import NotDelivered, Notice, Notifier
from alerts.outbox import Letter, Patience

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""A courier looks into the outbox this often, for what another process has put there. [s]"""


class CannotCarry(Exception):
    """The other side did not take it; says why."""


class Carrier(Protocol):
    """What a courier travels with."""

    @property
    def available(self) -> bool:
        """Whether it makes sense to send now; if not, no attempt is made and none is counted."""

    async def send(self, letters: Sequence[Letter]) -> list[str | None]:
        """Send all; for each an error in words, or None once the other side has it."""


class Courier:
    """Serves one destination until it is cancelled."""

    def __init__(
        self,
        engine: Engine,
        destination: str,
        carrier: Carrier,
        *,
        patience: Patience,
        batch: int,
        counted: Callable[[str, int], None] = lambda _outcome, _letters: None,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.destination = destination
        self._engine = engine
        self._carrier = carrier
        self._patience = patience
        self._batch = batch
        self._counted = counted
        self._wall = wall
        self._pause = pause
        self._wake = asyncio.Event()
        self._failures = 0

    def wake(self) -> None:
        """There is something new to carry."""
        self._wake.set()

    async def run(self) -> None:
        """Carry, for ever."""
        while True:
            try:
                carried = await self.carry() if self._carrier.available else 0
            except DatabaseUnavailable as error:
                log.warning("%s: the outbox cannot be read: %s", self.destination, error)
                carried, self._failures = 0, self._failures + 1
            if self._failures:
                await self._pause(self._patience.wait(self._failures).total_seconds())
            elif not carried:
                await self._new_or_a_while()

    async def empty(self) -> None:
        """Carry until nothing is left that is due, whatever its turn; raises ``CannotCarry`` at the first failure."""
        while letters := await asyncio.to_thread(outbox.waiting, self._engine, self.destination, limit=self._batch):
            if error := next((error for error in await self._send(letters) if error is not None), None):
                raise CannotCarry(error)

    async def carry(self) -> int:
        """Carry one batch of what is due; returns how many went out."""
        now, limit = self._wall(), self._batch
        letters = await asyncio.to_thread(
            outbox.claim, self._engine, self.destination, now=now, patience=self._patience, limit=limit
        )
        errors = await self._send(letters) if letters else []
        failed = sum(error is not None for error in errors)
        self._failures = self._failures + 1 if letters and failed == len(letters) else 0
        return len(letters) - failed

    async def _send(self, letters: Sequence[Letter]) -> list[str | None]:
        errors = await self._carrier.send(letters)
        results = list(zip(letters, errors, strict=True))
        given_up = await asyncio.to_thread(
            outbox.settle, self._engine, results, now=self._wall(), patience=self._patience
        )
        failed = sum(error is not None for error in errors)
        self._counted(DELIVERED, len(errors) - failed)
        self._counted(FAILED, failed)
        self._counted(GIVEN_UP, given_up)
        for letter, error in results:
            if error is not None:
                attempt = letter.attempts + 1
                log.warning("%s: %s not delivered, attempt %d: %s", self.destination, letter.dedupe_key, attempt, error)
        if given_up:
            log.error("%s: %d notices given up after %s", self.destination, given_up, self._patience.give_up_after)
        return errors

    async def _new_or_a_while(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), LOOK_S)
        except TimeoutError:
            return
        self._wake.clear()


class Channel:
    """Carries notices through one notifier, on a thread of its own: a slow one holds up nobody else."""

    available = True

    def __init__(self, name: str, notifier: Notifier) -> None:
        self._notifier = notifier
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"channel-{name}")

    async def send(self, letters: Sequence[Letter]) -> list[str | None]:
        """One after the other, as the other side would read them."""
        loop = asyncio.get_running_loop()
        return [await loop.run_in_executor(self._thread, self._deliver, letter) for letter in letters]

    def close(self) -> None:
        """Take no more; what is under way ends by its own time-out."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _deliver(self, letter: Letter) -> str | None:
        try:
            self._notifier.send(msgspec.json.decode(letter.payload, type=Notice))
        except NotDelivered as error:
            return str(error)
        return None
