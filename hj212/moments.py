"""Times as HJ 212 writes them: Beijing time, digits only."""

from datetime import datetime, timedelta, timezone
from functools import lru_cache

BEIJING = timezone(timedelta(hours=8))
"""UTC+8, no daylight-saving time."""


@lru_cache(maxsize=4096)  # loggers report in step, so the same few texts come again and again
def data_time(text: str) -> datetime | None:
    """The moment of a DataTime of 14 digits (to the second) or 17 (to the millisecond); None where it is no moment."""
    if len(text) not in {14, 17} or not text.isascii() or not text.isdigit():
        return None
    try:
        return datetime(
            int(text[:4]),
            int(text[4:6]),
            int(text[6:8]),
            int(text[8:10]),
            int(text[10:12]),
            int(text[12:14]),
            int(text[14:] or "0") * 1000,
            BEIJING,
        )
    except ValueError:
        return None


def text_of(moment: datetime) -> str:
    """14 digits of a moment that carries a zone.

    Raises:
        ValueError: the moment has no zone, so nobody can say when it was.
    """
    return _beijing(moment).strftime("%Y%m%d%H%M%S").zfill(14)


def qn_of(moment: datetime) -> str:
    """Request number 请求编号 of a moment that carries a zone: 17 digits, to the millisecond.

    Raises:
        ValueError: the moment has no zone.
    """
    return f"{text_of(moment)}{moment.microsecond // 1000:03d}"


def _beijing(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(BEIJING)
