"""Who has sent something, as far as the store and the topics tell; and the audit of who must (R23)."""

from collections.abc import Callable
from datetime import datetime

from emissions.coverage import CoverageRule, Gap, audit
from emissions.register import Register
from stores.port import SeriesStore
from web.periods import period_at


def senders(
    store: SeriesStore, register: Register, last_received: Callable[[str], datetime | None], *, now: datetime
) -> set[str]:
    """Outlets of which something came in this year or the last, or is known to have come. Blocks."""
    this = period_at(now, "year")
    rates = [
        rate for year in (this, str(int(this) - 1)) for rate in store.rates(level="outlet", window="year", period=year)
    ]
    found = {rate.id for rate in rates if rate.received > 0}
    return found | {id_ for id_ in register.outlets if last_received(id_) is not None}


def coverage(
    store: SeriesStore,
    register: Register,
    rule: CoverageRule,
    last_received: Callable[[str], datetime | None],
    *,
    now: datetime,
) -> list[Gap]:
    """All gaps, by county, enterprise and outlet. Blocks."""
    return audit(register, rule, senders=senders(store, register, last_received, now=now))
