"""Reads what a month's report is made of."""

from datetime import date
from importlib.metadata import version

from emissions.beijing import HOUR
from emissions.periods import settles_at
from web.periods import bounds
from web.reports.desk import read_desk
from web.reports.monthly import Material, Monthly, build_monthly, places_of
from web.reports.provenance import Provenance, applied_limits
from web.sources import Sources
from web.views.board import counties_of

LEVELS = ("outlet", "county", "city")


def read_monthly(sources: Sources, period: str, *, county: str | None = None, by: str = "") -> Monthly:
    """The report of a month, from the same rates and hours that explain a percentage. Blocks.

    Args:
        sources: What is read.
        period: The month, for instance ``2026-11``.
        county: Confine it to this one; the caller has made sure that it exists and may be seen.
        by: Who asks, for the record.

    Raises:
        NotAPeriod: it is no month.
        StoreUnavailable, DatabaseUnavailable: something cannot be read now.
    """
    start, end = bounds("month", period)
    parameters = sources.parameters
    rates = [rate for level in LEVELS for rate in sources.store.rates(level=level, window="month", period=period)]
    as_of = max((rate.as_of for rate in rates), default=None)
    called = start if as_of is None else min(end, as_of - parameters.in_time + HOUR)
    county = county if sources.county is None else sources.county
    last = (end - HOUR).date()
    counties = counties_of(sources.register, last)
    outlets = [o for o in sources.register.outlets.values() if county in {None, o.county}]
    return build_monthly(
        sources.register,
        Material(
            rates=rates,
            settled=sources.store.settled_rates(period=period),
            days=sources.daybook.days(start, called),
            desk=read_desk(sources.alerts.engine, period=period, start=start, end=end, now=sources.now()),
        ),
        period=period,
        start=start,
        end=end,
        settles_at=settles_at("month", period, settled_day=parameters.settled_day),
        threshold_pct=parameters.rate_threshold_pct,
        counties=counties,
        county=county,
        places=_places(sources, period, last),
        limits=applied_limits(outlets, sources.rules, start=start, end=end),
        provenance=Provenance(
            as_of=as_of,
            register_version=sources.register_version,
            rulebook_version=sources.rules.version,
            software_version=version("stackwatch"),
            made_at=sources.now(),
            made_by=by,
        ),
    )


def _places(sources: Sources, period: str, last: date) -> dict[str, int | None]:
    """Ranks go by all counties; somebody who sees one learns its place and nothing else of the others."""
    whole = sources.whole
    return places_of(
        counties_of(whole.register, last),
        whole.store.rates(level="county", window="month", period=period, track="completed"),
        whole.store.settled_rates(period=period, level="county"),
    )
