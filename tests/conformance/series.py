"""All that a store holds of the suite's points."""

from emissions.hourly import Hour
from emissions.reading import Reading
from stores import SeriesStore
from tests.conformance.points import H0, YEAR


def all_readings(store: SeriesStore, outlet: str = "P1-01", cn: str = "2061") -> list[Reading]:
    return store.readings(outlet, cn=cn, start=H0 - YEAR, end=H0 + YEAR)


def all_hours(store: SeriesStore) -> list[Hour]:
    return store.hours(start=H0 - YEAR, end=H0 + YEAR)
