"""Whether an event loop still turns: answers over HTTP come from a thread of their own, and would go on without it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

BEAT_S = 1.0
SILENT_S = 60.0
"""An event loop that has not turned for so long never will: the process should be started again. [s]"""


class Heartbeat:
    """Beats on the event loop, asked about from any thread."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` counts real seconds."""
        self._clock = clock
        self._beaten_at = clock()

    def beat(self) -> None:
        """The event loop has turned."""
        self._beaten_at = self._clock()

    def why_dead(self) -> str | None:
        """None while the event loop turns; else for how long it has not."""
        silent_s = self._clock() - self._beaten_at
        return f"the event loop has not turned for {silent_s:.0f} s" if silent_s > SILENT_S else None


@asynccontextmanager
async def heartbeat() -> AsyncIterator[Heartbeat]:
    """A heartbeat of the running event loop, for as long as the block runs."""
    heart = Heartbeat()

    async def beat() -> None:
        while True:
            heart.beat()
            await asyncio.sleep(BEAT_S)

    task = asyncio.create_task(beat(), name="heartbeat")
    try:
        yield heart
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
