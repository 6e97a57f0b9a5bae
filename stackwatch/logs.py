"""Log lines of a process: one line an event, to stderr, with the time in Beijing."""

import logging
import sys
from datetime import datetime

from emissions.beijing import BEIJING

_NOISY = ("aiokafka", "kafka", "faust", "mode", "httpx", "httpcore", "asyncio")


class _Line(logging.Formatter):
    """Level, time and name before the message; an exception becomes lines behind it."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - logging's signature
        return datetime.fromtimestamp(record.created, BEIJING).isoformat(timespec="milliseconds")


def set_up_logs(level: str, *, process: str, silent: tuple[str, ...] = ()) -> None:
    """Send the log of this process to stderr; libraries are heard from ``warning`` on.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        process: Which verb is speaking.
        silent: Libraries whose errors the process reports in its own words.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line(f"%(asctime)s %(levelname)-7s {process} %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    for name in silent:
        logging.getLogger(name).setLevel(logging.CRITICAL)
