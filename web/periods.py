"""Periods as people write them (``2026-11-24``, ``2026-11``, ``2026-Q4``, ``2026``) and the Beijing hours they hold."""

import re
from datetime import datetime

from emissions.beijing import midnight, to_beijing
from emissions.periods import day_after, first_day, period_of

EXAMPLES = {"day": "2026-11-24", "month": "2026-11", "quarter": "2026-Q4", "year": "2026"}

EARLIEST_YEAR, LATEST_YEAR = 1900, 9998
"""So that the periods before and after are in the calendar as well."""

_WRITTEN = {
    "day": re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII),
    "month": re.compile(r"\d{4}-\d{2}", re.ASCII),
    "quarter": re.compile(r"\d{4}-Q[1-4]", re.ASCII),
    "year": re.compile(r"\d{4}", re.ASCII),
}


class NotAPeriod(ValueError):
    """The text is not a period of that window; says how one is written."""


def period_at(moment: datetime, window: str) -> str:
    """The period of that window that holds the moment."""
    return period_of(to_beijing(moment).date(), window)


def bounds(window: str, period: str) -> tuple[datetime, datetime]:
    """First moment of a period and the first after it, Beijing time.

    Raises:
        NotAPeriod: unknown window, or the text is not a period of it.
    """
    if (pattern := _WRITTEN.get(window)) is None:
        raise NotAPeriod(f"{window!r} is not one of {', '.join(EXAMPLES)}")
    if pattern.fullmatch(period) is None:
        raise NotAPeriod(f"{period!r} is not a {window}; one is written like {EXAMPLES[window]}")
    if not EARLIEST_YEAR <= int(period[:4]) <= LATEST_YEAR:
        raise NotAPeriod(f"{period!r} is not between {EARLIEST_YEAR} and {LATEST_YEAR}")
    try:
        return midnight(first_day(window, period)), midnight(day_after(window, period))
    except (ValueError, OverflowError):
        raise NotAPeriod(f"{period!r} is not in the calendar") from None
