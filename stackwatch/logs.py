"""Log lines of a process: one line an event, to stderr, with the time in Beijing."""

import logging
import sys
from datetime import datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from emissions.beijing import BEIJING
from stackwatch.log_repeats import Repeats

_NOISY = ("aiokafka", "kafka", "faust", "mode", "httpx", "httpcore", "asyncio")
_TALKATIVE = ("apprise", "requests", "urllib3")
"""At ``debug`` these show whole addresses, and the address of a webhook is a secret."""


MARKS = ("outlet", "mn", "qn", "alert", "trace")
"""What a log line may be about, given as ``extra``: the ids by which lines of several processes are put together."""


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, BEIJING).isoformat(timespec="milliseconds")


class _Line(logging.Formatter):
    """For a terminal: time, level and name before the message, ids behind it; an exception becomes lines of its own."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - logging's signature
        return _moment(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's signature
        marks = (f"{name}={value}" for name in MARKS if (value := getattr(record, name, None)))
        return " ".join([super().formatMessage(record), *marks])


class _Json(JsonFormatter):
    """For a collector of logs: one JSON object a line."""

    def __init__(self, process: str) -> None:
        super().__init__(json_ensure_ascii=False)
        self._process = process

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Put what every line has first."""
        log_data |= {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
        }
        super().add_fields(log_data, record, message_dict)


def set_up_logs(level: str, *, process: str, form: str = "text", silent: tuple[str, ...] = ()) -> None:
    """Send the log of this process to stderr; libraries are heard from ``warning`` on.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        process: Which verb is speaking.
        form: ``text`` for people, ``json`` for a collector of logs.
        silent: Libraries whose errors the process reports in its own words.
    """
    handler = logging.StreamHandler(sys.stderr)
    plain = _Line(f"%(asctime)s %(levelname)-7s {process} %(name)s: %(message)s")
    handler.setFormatter(_Json(process) if form == "json" else plain)
    handler.addFilter(Repeats("aiokafka", "faust", "mode"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in silent:
        logging.getLogger(name).setLevel(logging.CRITICAL)
