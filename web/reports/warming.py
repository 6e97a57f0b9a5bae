"""Counts the months that people ask for before they ask, so that the first reader need not wait for it."""

import asyncio
import logging
from datetime import timedelta

from stores.port import StoreUnavailable
from web.periods import bounds
from web.sources import Sources

log = logging.getLogger(__name__)

AGAIN_SECONDS = 1800.0
"""Half of what a count lives (``web.daybook``)."""


async def keep_reports_ready(sources: Sources) -> None:
    """Keep the hours of this month and of the last one counted, until cancelled."""
    while True:
        this, now = bounds("month", sources.month())[0], sources.now()
        last = bounds("month", f"{this - timedelta(days=1):%Y-%m}")[0]
        try:
            await asyncio.to_thread(sources.daybook.days, last, now)
        except StoreUnavailable as error:
            log.warning("months cannot be counted now: %s", error)
        await asyncio.sleep(AGAIN_SECONDS)
