"""The narrowed view is whole: nothing of the sources is handed on to a county as it is, unless it shows none."""

from dataclasses import fields

import pytest

from stores.port import SeriesStore, StoreRefused
from tests.unit.web import town
from web.live import Listened
from web.sources import Sources

NARROWED = {
    "store",
    "register",
    "alerts",
    "marks",
    "live",
    "packets",
    "county",
    "acceptance",
    "quarantine",
    "daybook",
    "name_of",
    "board",
    "open_items",
    "_outlet_rates",
    "_parts",
}
HOLDS_THE_WHOLE = {"_whole"}
"""For the place among the counties alone: a number, and how many there are."""
SHOWS_NO_COUNTY = {
    "parameters": "the rulebook's numbers",
    "rules": "limits of standards",
    "letters": "wording of letters",
    "rulebook_dir": "a folder",
    "coverage": "a rule",
    "register_version": "a hash of the whole register, for evidence",
    "feed": "takes lines and gives none; who may send which is decided before",
    "now": "the clock",
    "simulated": "whether that is the real one",
}


def test_every_source_is_narrowed_or_shows_no_county():
    classed = NARROWED | HOLDS_THE_WHOLE | SHOWS_NO_COUNTY.keys()
    assert {field.name for field in fields(Sources)} == classed, "narrow it in seen_by, or say why it need not be"


def test_what_is_narrowed_is_another_object(sources):
    part = sources.seen_by("371503")
    same = {name for name in NARROWED - {"county"} if getattr(part, name) is getattr(sources, name)}
    assert same == set()
    assert part.county == "371503"


def test_one_view_serves_a_county_and_the_city_keeps_its_own(sources):
    assert sources.seen_by("371503") is sources.seen_by("371503")
    assert sources.seen_by(None) is sources


@pytest.mark.parametrize("port", [SeriesStore, Listened])
def test_the_view_answers_all_that_the_whole_does(sources, port):
    view = sources.seen_by("371503")
    narrowed = view.store if port is SeriesStore else view.live
    asked = {name for name in vars(port) if not name.startswith("_")}
    assert asked <= {name for name in dir(narrowed) if not name.startswith("_")}


def test_a_view_writes_nothing(sources):
    with pytest.raises(StoreRefused):
        sources.seen_by("371503").store.write([])


def test_series_of_another_county_are_empty(sources):
    store = sources.seen_by("371503").store
    start, end = town.NOW.replace(day=1), town.NOW
    assert store.hours(start=start, end=end, outlet="O371502-01") == []
    assert store.hours(start=start, end=end, county="371502") == []
    assert {hour.county for hour in store.hours(start=start, end=end)} == {"371503"}
    assert store.readings("O371502-01", cn="2011", start=start, end=end) == []
    assert store.rates(level="city") == []
    assert store.rates(level="county", id="371502") == []
    assert {rate.county for rate in store.rates()} == {"371503"}


def test_a_county_that_nobody_knows_sees_nothing(sources):
    part = sources.seen_by("999999")
    assert not part.register.outlets
    assert part.store.rates() == []
    assert part.alerts.alerts() == []


async def test_a_board_counts_one_county(sources):
    (row,) = (await sources.seen_by("371503").board.get()).rows
    assert row.code == "371503"
    assert (await sources.seen_by("371503").open_items.get()).alerts.keys() <= {"371503"}


async def test_a_county_is_told_its_place_and_among_how_many(sources):
    board = await sources.board.get()
    rated = [row for row in board.rows if row.in_time is not None]
    assert len(rated) == 2
    places = {row.code: await sources.seen_by(row.code).place() for row in rated}
    best = max(rated, key=lambda row: row.in_time.effective_pct)
    assert places[best.code] == (1, 2)
    assert sorted(places.values()) == [(1, 2), (2, 2)]
    assert await sources.seen_by(town.NO_OUTLETS).place() is None
    assert await sources.place() is None
