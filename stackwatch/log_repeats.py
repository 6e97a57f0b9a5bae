"""Libraries that try something ten times a second say so ten times a second; a log needs it once in a while."""

import logging
import time
from collections.abc import Callable

EVERY_S = 30.0
"""The same complaint is let through once in so long. [s]"""

KEPT = 500
"""So many complaints are remembered."""


class Repeats(logging.Filter):
    """Lets the first of equal messages of some libraries through, and then one in a while, with the number left out.

    Equal are messages of one logger and level made of the same text, whatever values were put into it.
    """

    def __init__(self, *libraries: str, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic) -> None:
        """``libraries`` are names of loggers; those below them are meant as well."""
        super().__init__()
        self._libraries = libraries
        self._every_s = every_s
        self._clock = clock
        self._seen: dict[tuple[str, int, object], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be written."""
        if record.name.partition(".")[0] not in self._libraries:
            return True
        key, now = (record.name, record.levelno, record.msg), self._clock()
        said_at, left_out = self._seen.get(key, (None, 0))
        if said_at is not None and now - said_at < self._every_s:
            self._seen[key] = (said_at, left_out + 1)
            return False
        if len(self._seen) >= KEPT:
            self._seen.clear()
        self._seen[key] = (now, 0)
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} more like it)", None
        return True
