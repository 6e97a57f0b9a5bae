"""Whether Kafka answers. A client that waits for it in silence does not know, so it is asked again and again."""

import asyncio
import contextlib
import time
from typing import Protocol

from aiokafka.errors import KafkaError

EVERY_S = 3.0
ANSWER_S = 5.0
"""An answer that takes longer is none. [s]"""

SILENT_AFTER_S = 12.0
"""So long after its last answer Kafka counts as away. [s]"""


class Asked(Protocol):
    """What is needed of aiokafka's client."""

    def force_metadata_update(self) -> "asyncio.Future[bool]":
        """Ask any broker who is there; whether one answered."""


class Pulse:
    """Asks for as long as ``run`` runs. Its findings may be read from any thread."""

    def __init__(
        self, *, every_s: float = EVERY_S, answer_s: float = ANSWER_S, silent_after_s: float = SILENT_AFTER_S
    ) -> None:
        """Distances between questions, patience for one answer, and how long after the last one it is away. [s]"""
        self._every_s, self._answer_s, self._silent_after_s = every_s, answer_s, silent_after_s
        self._answered_at = time.monotonic()

    @property
    def silent_s(self) -> float:
        """How long ago Kafka answered last. [s]"""
        return time.monotonic() - self._answered_at

    @property
    def away(self) -> str | None:
        """None while Kafka answers; else for how long it has not, in words."""
        silent_s = self.silent_s
        return f"Kafka has not answered for {silent_s:.0f} s" if silent_s > self._silent_after_s else None

    async def run(self, client: Asked) -> None:
        """Ask until cancelled."""
        while True:
            with contextlib.suppress(KafkaError, TimeoutError, OSError):
                async with asyncio.timeout(self._answer_s):
                    if await client.force_metadata_update():
                        self._answered_at = time.monotonic()
            await asyncio.sleep(self._every_s)
