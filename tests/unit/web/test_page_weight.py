"""How much a page is made of: an element takes the server some fifty microseconds, so lists must not be of many."""

import gc
import html
import re

import pytest

from web.pages import alerts, explain
from web.serving import FULL_COLLECTIONS, rare_full_collections


def elements(reply) -> int:
    return len(re.findall(r'"tag":"', html.unescape(reply.text)))


def items(reply) -> int:
    return len(re.findall(r'"class":\["item","', html.unescape(reply.text)))


FRAME = 70
"""Elements of the head, the navigation and a toolbar."""

WEIGHTS = [
    pytest.param("/alerts?state=all", FRAME + 9 * 13, id="an alert is at most thirteen elements"),
    pytest.param("/explain", 180, id="an explanation from rates"),
    pytest.param(
        "/explain?level=outlet&id=O371502-01&window=month&period=2026-11&track=completed",
        260,
        id="an explanation with fifty hours and a grid of hundreds",
    ),
    pytest.param("/outlets/O371502-01", 480, id="an outlet, three days"),
    pytest.param("/outlets/O371502-01?days=31", 480, id="an outlet, a month: not more than of three days"),
    pytest.param("/reports?period=2026-11", 260, id="a report with all its tables"),
    pytest.param("/", 430, id="the board"),
    pytest.param("/counties/371502", 290, id="a county"),
]


@pytest.mark.parametrize(("path", "most"), WEIGHTS)
def test_a_page_is_made_of_few_elements(site, reader, path, most):
    assert 0 < elements(reader.get(f"{site}{path}")) <= most


@pytest.mark.parametrize("rows", [1, 50], ids=["one row", "fifty rows"])
def test_a_list_of_hours_is_one_element_however_long_it_is(site, reader, monkeypatch, rows):
    monkeypatch.setattr(explain, "PAGE", rows)
    path = "/explain?level=outlet&id=O371502-01&window=month&period=2026-11&track=completed"
    reply = reader.get(f"{site}{path}")
    assert elements(reply) <= 260
    assert html.unescape(html.unescape(reply.text)).count('<th scope=\\"row\\"><a ') == rows


def test_an_hour_of_the_grid_costs_few_bytes(site, reader, judged):
    path = "/explain?level=outlet&id=O371502-01&window=month&period=2026-11&track=completed"
    hours = sum(hour.outlet == "O371502-01" for hour in judged)
    assert hours > 600
    assert len(reader.get(f"{site}{path}").content) <= 400 * hours


# The inbox, a page at a time


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(alerts, "PAGE", 3)


def test_the_inbox_shows_a_page_and_leads_to_more(site, reader, small_pages):
    first = reader.get(f"{site}/alerts?state=all&county=371502")
    assert items(first) == 3
    assert "/alerts?state=all&county=371502&shown=6" in html.unescape(first.text)
    whole = reader.get(f"{site}/alerts?state=all&shown=500")
    assert items(whole) == len(reader.get(f"{site}/api/v1/alerts").json()["items"])


def test_an_inbox_reads_one_alert_more_than_it_shows_to_know_that_there_is_one(site, reader, shown, monkeypatch):
    asked, whole = [], type(shown.alerts).alerts

    def noting(self, **query):
        asked.append(query["limit"])
        return whole(self, **query)

    monkeypatch.setattr(type(shown.alerts), "alerts", noting)
    reader.get(f"{site}/alerts?state=all")
    assert asked[0] == alerts.PAGE + 1


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        pytest.param("", 50, id="nothing is asked for"),
        pytest.param("150", 150, id="more"),
        pytest.param("3", 50, id="less than a page"),
        pytest.param("99999", 1000, id="more than is shown at once"),
        pytest.param("9" * 400, 50, id="a number longer than any"),
        pytest.param("-1", 50, id="a negative number"),
        pytest.param("many", 50, id="a word"),
        pytest.param("²", 50, id="what only looks like a digit"),
    ],
)
def test_how_many_alerts_an_address_asks_for(asked, count):
    assert alerts.shown_of(asked) == count


def test_all_objects_are_looked_through_rarely_while_pages_are_served_and_as_before_after():
    before = gc.get_threshold()
    with rare_full_collections():
        assert gc.get_threshold() == (*before[:2], FULL_COLLECTIONS)
    assert gc.get_threshold() == before
