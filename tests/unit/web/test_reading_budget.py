"""How much a page may read: bounds that hold on any machine, so that no page slows down with what a year piles up."""

import pytest

from emissions.beijing import HOUR
from stores.sqlite import SqliteStore
from tests.unit.web import town
from web.daybook import DayBook
from web.periods import bounds

OUTLETS, POLLUTANTS = 3, 3
DAY = OUTLETS * POLLUTANTS * 24
"""Judged hours of the whole town in a day; the store holds nine and a half of them."""


class Meter:
    def __init__(self) -> None:
        self.queries = 0
        self.rows = 0


@pytest.fixture
def meter(monkeypatch):
    counted, rows_of = Meter(), SqliteStore._rows

    def counting(self, query, values):
        rows = rows_of(self, query, values)
        counted.queries += 1
        counted.rows += len(rows)
        return rows

    monkeypatch.setattr(SqliteStore, "_rows", counting)
    return counted


BUDGETS = [
    pytest.param("/", 4, 60, id="the board reads rates of counties, no hour"),
    pytest.param("/counties/371502", 8, 120, id="a county reads rates of its outlets, no hour"),
    pytest.param("/outlets/O371502-01", 40, 3 * 72 + 200, id="an outlet reads its own hours of the days shown"),
    pytest.param("/explain", 8, 60, id="an explanation is first shown from rates alone"),
    pytest.param("/alerts?state=all", 2, 40, id="alerts read nothing of the series"),
    pytest.param("/cases?state=all", 2, 40, id="cases read nothing of the series"),
    pytest.param("/account", 6, 2 * DAY, id="the account reads the hours of a day"),
    pytest.param("/coverage", 4, 60, id="the audit of coverage reads the register"),
    pytest.param("/api/v1/outlets", 0, 0, id="the register is in memory"),
    pytest.param("/api/v1/rates?level=outlet", 1, 2 * OUTLETS, id="rates are one query"),
    pytest.param("/api/v1/outlets/O371502-01/hours", 1, 3 * 24, id="hours of an outlet are one query"),
    pytest.param("/api/v1/alerts", 0, 0, id="alerts are not in the series store"),
]


@pytest.mark.parametrize(("path", "queries", "rows"), BUDGETS)
def test_a_page_reads_no_more_than_it_shows(site, reader, meter, path, queries, rows):
    reader.get(f"{site}{path}")
    meter.queries = meter.rows = 0
    assert reader.get(f"{site}{path}").status_code == 200
    assert meter.queries <= queries
    assert meter.rows <= rows


@pytest.mark.parametrize("path", ["/reports", "/api/v1/reports/monthly", "/api/v1/reports/monthly?format=xlsx"])
def test_a_month_that_was_counted_once_is_not_read_again(site, reader, meter, path):
    reader.get(f"{site}{path}")
    meter.queries = meter.rows = 0
    assert reader.get(f"{site}{path}").status_code == 200
    assert meter.queries <= 6
    assert meter.rows < DAY


# The book of days by itself


@pytest.fixture
def moment():
    return [1000.0]


@pytest.fixture
def book(store, moment):
    return DayBook(store, following=lambda: True, clock=lambda: moment[0])


START, END = bounds("month", "2026-11")[0], town.NOW


def test_days_are_counted_once_and_counted_right(book, meter, judged):
    days = book.days(START, END)
    read = meter.rows
    assert read == len(judged)
    assert sum(n for day in days for states in day.states.values() for n in states.values()) == len(judged)
    assert sum(len(day.exceeded) for day in days) == sum(hour.verdict == "exceeded" for hour in judged)
    book.days(START, END)
    assert meter.rows == read


def test_a_day_of_which_an_hour_is_heard_is_read_again_and_no_other(book, meter, moment, judged):
    book.days(START, END)
    moment[0] += 60
    book.hear(judged[0])
    meter.rows = meter.queries = 0
    book.days(START, END)
    assert meter.queries == 1
    assert meter.rows <= DAY


def test_what_was_read_before_the_store_can_have_had_the_hour_is_read_once_more(book, meter, moment, judged):
    book.hear(judged[0])
    moment[0] += 1
    book.days(START, START + 24 * HOUR)
    moment[0] += 10
    meter.queries = 0
    book.days(START, START + 24 * HOUR)
    assert meter.queries == 1
    moment[0] += 600
    book.days(START, START + 24 * HOUR)
    meter.queries = 0
    book.days(START, START + 24 * HOUR)
    assert meter.queries == 0


def test_without_the_topics_a_count_lives_a_minute(store, meter, moment):
    blind = DayBook(store, following=lambda: False, clock=lambda: moment[0])
    blind.days(START, START + 24 * HOUR)
    moment[0] += 59
    meter.queries = 0
    blind.days(START, START + 24 * HOUR)
    assert meter.queries == 0
    moment[0] += 2
    blind.days(START, START + 24 * HOUR)
    assert meter.queries == 1


def test_a_county_finds_its_own_outlets_in_the_same_book(book, meter):
    book.days(START, END)
    meter.queries = 0
    own = book.of_outlets(frozenset({"O371502-01"})).days(START, END)
    assert meter.queries == 0
    assert {outlet for day in own for outlet, _ in day.states} == {"O371502-01"}
    assert {hour.outlet for day in own for hour in day.exceeded} <= {"O371502-01"}
