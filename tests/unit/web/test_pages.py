"""What the pages say in the document that the server sends, before a browser runs anything."""

import asyncio
import html
import json
import re
import threading
import time
from collections.abc import Iterator
from functools import partial

import httpx
import pytest

from alerts.database import open_database, upgrade
from alerts.names import names_of
from alerts.repository import Repository
from contracts.codec import bundle
from contracts.topics import FINDINGS, READINGS
from emissions.rules import Parameters
from stores.port import StoreUnavailable
from tests.unit.web import crowd, town
from tests.unit.web.conftest import ListFeed
from web.access.configured import Access
from web.exceedances import Exceedances
from web.live import Live
from web.markbook import MarkBook
from web.periods import bounds
from web.serving import address_of, listening_socket, serve
from web.site import build_site
from web.sources import Sources


@pytest.fixture(scope="module")
def shown(tmp_path_factory, register, store, judged) -> Sources:
    url = f"sqlite:///{tmp_path_factory.mktemp('pages')}/alerts.db"
    upgrade(url)
    repository = Repository(open_database(url), name_of=names_of(register))
    repository.take_in([*town.findings(judged), *town.cases()], now=town.NOW)
    live = Live()
    live.hear(FINDINGS.name, bundle(town.findings(judged)))
    live.hear(READINGS.name, bundle([r for o in register.outlets.values() for r in town.readings(o)]))
    exceedances = Exceedances(*bounds("month", "2026-11"))
    exceedances.hear(judged)
    live.watch_exceedances(exceedances)
    return Sources(
        store=store,
        register=register,
        parameters=Parameters(),
        alerts=repository,
        marks=MarkBook(repository.engine),
        feed=ListFeed(),
        live=live,
        now=lambda: town.NOW,
        simulated=True,
    )


@pytest.fixture(scope="module")
def access(shown: Sources) -> Access:
    return crowd.access_to(shown.alerts.engine, shown.register)


@pytest.fixture(scope="module")
def site(shown: Sources, access: Access) -> Iterator[str]:
    """The whole application on a port, in a thread with a loop of its own."""
    with listening_socket("127.0.0.1", 0) as listening:
        loop, stop = asyncio.new_event_loop(), asyncio.Event()
        serving = partial(loop.run_until_complete, serve(build_site(shown, access), listening, stop))
        thread = threading.Thread(target=serving)
        thread.start()
        address = address_of(listening)
        deadline = time.monotonic() + 30
        while True:
            try:
                if httpx.get(f"{address}healthz").status_code == 200:
                    break
            except httpx.TransportError:
                assert time.monotonic() < deadline
        yield address.rstrip("/")
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        assert not thread.is_alive()
        loop.close()


@pytest.fixture(scope="module")
def reader(site: str, access: Access) -> Iterator[httpx.Client]:
    """Looks as a machine of the city's supervision."""
    with httpx.Client(headers=crowd.bearing(crowd.token(access))) as looking:
        yield looking


def texts(reply: httpx.Response) -> list[str]:
    """All texts of the page's elements, in the order of the document."""
    found = re.findall(r'"text":("(?:[^"\\]|\\.)*")', html.unescape(reply.text))
    return [json.loads(text) for text in found]


PAGES = [
    "/",
    "/?sort=exceeded",
    "/counties/371502",
    f"/counties/{town.NO_OUTLETS}",
    "/outlets/O371502-01",
    "/outlets/O371503-01?days=31",
    "/explain",
    "/explain?level=outlet&id=O371502-01&window=day&period=2026-11-09&track=completed",
    "/explain?level=county&id=371502&state=missing&offset=100",
    "/explain?level=enterprise&id=E371502-1&window=quarter",
    "/alerts",
    "/alerts?state=all&county=371502",
    "/cases",
    "/cases?state=all",
]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_answers_in_both_languages_with_hostile_names_as_text(site, reader, path, language):
    reply = reader.get(f"{site}{path}", headers={"cookie": f"lang={language}"})
    assert reply.status_code == 200
    said = texts(reply)
    assert {"zh": "县区看板", "en": "Counties"}[language] in said
    assert "2026-11-10 14:20:00" in said
    assert town.HOSTILE not in reply.text
    assert "<img" not in reply.text


def test_the_hostile_name_is_shown_as_it_is_written(site, reader):
    said = texts(reader.get(f"{site}/counties/371502"))
    assert any(town.HOSTILE in text for text in said)


def test_the_board_lists_every_county_also_the_one_without_outlets_and_its_counts(site, reader, store):
    said = texts(reader.get(f"{site}/", headers={"cookie": "lang=zh"}))
    assert {name for _, name in town.COUNTIES} <= set(said)
    assert "无数据" in said
    rate = next(r for r in store.rates(level="county", window="month", id="371502") if r.track == "in_time")
    assert f"{rate.effective_pct:.2f}\u202f%" in said
    assert f"{rate.valid:,}\u202f/\u202f{rate.expected:,}".replace(",", "\u202f") in said
    assert "模拟时间" in said


def test_an_outlet_shows_what_came_last_with_units_and_flags(site, reader):
    said = texts(reader.get(f"{site}/outlets/O371502-01", headers={"cookie": "lang=zh"}))
    assert "2026-11-10 14:20:00" in said
    assert {"二氧化硫", "mg/m³", "氧含量", "5.69", "17.46"} <= set(said)
    assert "C 监测仪校准" in said


def test_a_packet_that_just_came_is_on_the_next_page(site, reader, shown, register):
    from dataclasses import replace
    from datetime import timedelta

    reading = next(town.readings(register.outlets["O371503-01"]))
    newer = replace(reading, at=reading.at + timedelta(seconds=30), numbers={"a21026-Rtd": 987.6})
    shown.live.following = True
    try:
        shown.live.hear(READINGS.name, bundle([newer]))
        assert "987.6" in texts(reader.get(f"{site}/outlets/O371503-01"))
    finally:
        shown.live.following = False


def test_an_explanation_leads_from_the_percentage_to_the_packet(site, reader):
    query = "level=outlet&id=O371502-01&track=completed&hour=2026-11-10T12&pollutant=a21026"
    said = texts(reader.get(f"{site}/explain?{query}", headers={"cookie": "lang=en"}))
    assert "The hours add up to the published rate" in said
    assert "R7.8" in said
    assert "a21026-ZsAvg" in said


@pytest.mark.parametrize(
    "path", ["/nowhere", "/outlets/none", "/counties/371500", "/explain?level=county&id=none", "/counties/%3Cscript%3E"]
)
def test_what_is_not_there_is_404_with_a_way_back(site, reader, path):
    reply = reader.get(f"{site}{path}", headers={"cookie": "lang=en"})
    assert reply.status_code == 404
    assert any("There is no" in text for text in texts(reply))
    assert "<script>" not in re.sub(r"<script>\s*(addStyle|document\.documentElement)", "", reply.text)


@pytest.mark.parametrize(
    "query",
    [
        "level=planet&id=371502",
        "window=week",
        "period=2026-13",
        "period=9999",
        "track=both",
        "offset=-5",
        "offset=99999999",
        "offset=²",
        "hour=nonsense&level=outlet&id=O371502-01",
        "window=year&period=0001",
    ],
)
def test_an_address_that_makes_no_sense_shows_the_default(site, reader, query):
    assert reader.get(f"{site}/explain?{query}").status_code in {200, 404}


@pytest.mark.parametrize(
    ("back", "location"),
    [
        pytest.param("/outlets/O371502-01?days=7", "/outlets/O371502-01?days=7", id="where the reader was"),
        pytest.param("//evil.example", "/", id="another site"),
        pytest.param("/\\evil.example", "/", id="another site for a careless browser"),
        pytest.param("https://evil.example", "/", id="a whole address"),
        pytest.param("/\r\nSet-Cookie: a=b", "/", id="a line break"),
    ],
)
def test_the_language_is_kept_and_leads_back_here_only(site, reader, back, location):
    reply = httpx.get(f"{site}/language/en", params={"back": back})
    assert (reply.status_code, reply.headers["location"]) == (303, location)
    assert reply.cookies["lang"] == "en"


def test_the_browsers_language_is_taken_where_none_was_chosen(site, reader):
    assert "Counties" in texts(reader.get(f"{site}/", headers={"accept-language": "en-GB"}))
    assert "县区看板" in texts(reader.get(f"{site}/", headers={"accept-language": "de"}))


def test_pages_outlive_a_store_that_is_away(site, reader, shown, monkeypatch):
    class Away:
        def __getattr__(self, _name: str):
            def fail(*_: object, **__: object) -> None:
                raise StoreUnavailable("away")

            return fail

    monkeypatch.setattr(shown, "store", Away())
    deadline = time.monotonic() + 10
    while True:  # the board's figures of the last second may still stand
        said = texts(reader.get(f"{site}/", headers={"cookie": "lang=en"}))
        if any("cannot be read right now" in text for text in said):
            break
        assert time.monotonic() < deadline
    for path in ("/outlets/O371502-01", "/explain?level=county&id=371502"):
        reply = reader.get(f"{site}{path}", headers={"cookie": "lang=en"})
        assert reply.status_code == 200
        assert any("cannot be read right now" in text for text in texts(reply))


def test_the_interface_is_served_beside_the_pages(site, reader):
    assert reader.get(f"{site}/api/v1/outlets").status_code == 200
    assert reader.get(f"{site}/api/v1/none").headers["content-type"] == "application/problem+json"
    assert reader.get(f"{site}/assets/stackwatch.css").status_code == 200
