"""One read for everybody who looks at the same thing in the same second."""

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Cached(Generic[T]):
    """A blocking read, made in a thread, at most once in ``seconds``, however many ask."""

    def __init__(self, read: Callable[[], T], *, seconds: float) -> None:
        self._read = read
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._value: T | None = None
        self._at = float("-inf")

    async def get(self) -> T:
        """The value, at most ``seconds`` old. Whatever the read raises is raised to everyone who waits."""
        async with self._lock:
            if self._value is None or time.monotonic() - self._at >= self._seconds:
                self._value = await asyncio.to_thread(self._read)
                self._at = time.monotonic()
            return self._value
