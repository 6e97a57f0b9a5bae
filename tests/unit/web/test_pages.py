"""What the pages say in the document that the server sends, before a browser runs anything."""

import html
import json
import re
import time
from dataclasses import replace

import httpx
import pytest

from alerts.database import DatabaseUnavailable
from contracts.codec import bundle
from contracts.topics import READINGS
from stores.port import StoreUnavailable
from tests.unit.alerts.test_gap_in_words import gap as gap_finding
from tests.unit.web import town
from tests.unit.web.test_account import LINES


def texts(reply: httpx.Response) -> list[str]:
    """All texts of the page's elements, in the order of the document."""
    found = re.findall(r'"(text|innerHTML)":("(?:[^"\\]|\\.)*")', html.unescape(reply.text))
    return [text for key, said in found for text in (_within if key == "innerHTML" else _alone)(json.loads(said))]


def _alone(text: str) -> list[str]:
    return [text]


def _within(markup: str) -> list[str]:
    """The texts between the tags of a fixed piece."""
    return [html.unescape(text) for text in re.split(r"<[^<>]*>", markup) if text]


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
    "/alerts?state=mine",
    "/orders",
    "/orders?outlet=O371502-01&state=all",
    "/silences",
    "/proposals?state=all",
    "/marks",
    "/marks?outlet=O371502-01&id=nothing",
    "/coverage",
    "/coverage?status=no_monitor",
    "/outlets/O371502-01/packets?cn=2061&at=2026-11-10T13:00",
    "/outlets/O371502-01/packets?cn=2061&at=2026-11-01T03:00",
    "/reports",
    "/reports?period=2026-11",
    "/reports?period=2020-01",
    "/reports?period=nonsense",
    "/account",
    "/account?outlet=O371502-01&hours=168",
    "/account?outlet=nobody&hours=1",
    "/quarantine",
    "/quarantine?state=all&reason=crc&mn=88888880000001&county=371502&from=2026-11-01T00:00&offset=50",
    "/quarantine?from=nonsense",
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
    "path",
    [
        "/alerts/none",
        "/cases/none",
        "/orders/none",
        "/outlets/none/packets?cn=2061&at=2026-11-10T13:00",
        "/outlets/O371502-01/packets?cn=2061&at=noon",
        "/outlets/O371502-01/packets?cn=2061&at=9999-12-31T23:59:59",
        "/outlets/O371502-01/packets?cn=1234&at=2026-11-10T13:00",
        "/nowhere",
        "/outlets/none",
        "/counties/371500",
        "/explain?level=county&id=none",
        "/counties/%3Cscript%3E",
    ],
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
    reply = httpx.get(f"{site}/language/en", params={"back": back}, timeout=60)
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


def test_the_page_leads_from_the_outlet_to_the_hour_and_its_numbers(site, reader, store):
    outlet, other = LINES[0].outlet, LINES[1].outlet
    store.write(LINES)
    english = {"cookie": "lang=en"}
    whole = texts(reader.get(f"{site}/account", headers=english))
    assert whole.index(outlet) < whole.index(other)
    assert {"Conservation account", "Published", "Missing"} <= set(whole)
    one = texts(reader.get(f"{site}/account?outlet={outlet}", headers=english))
    assert "before judging: missing no. 17–18 of gw1/b1" in one
    assert "11-10 09:00" in {said.strip() for said in one}
    said = texts(reader.get(f"{site}/account?outlet={other}", headers={"cookie": "lang=zh"}))
    assert "尚未结账" in said
    assert "守恒账" in said


def test_a_page_that_cannot_be_built_says_so_and_tries_again(site, reader, shown, monkeypatch):
    class Away:
        def __getattr__(self, _name: str):
            def fail(*_: object, **__: object) -> None:
                raise DatabaseUnavailable("away")

            return fail

        def of_county(self, _county: str) -> "Away":
            return self

    monkeypatch.setattr(shown, "alerts", Away())
    reply = reader.get(f"{site}/alerts/anything", headers={"cookie": "lang=en"})
    assert reply.status_code == 500
    assert "The store cannot be read right now; trying again…" in texts(reply)
    assert 'http-equiv="refresh"' in reply.text
    assert "Traceback" not in reply.text


def test_a_page_that_is_broken_says_nothing_of_what_broke(site, reader, shown, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the machine")

    monkeypatch.setattr(shown.alerts, "alert", fail, raising=False)
    reply = reader.get(f"{site}/alerts/anything", headers={"cookie": "lang=en"})
    assert reply.status_code == 500
    assert "Something went wrong here" in texts(reply)
    assert "secret" not in reply.text


def test_an_alert_of_a_hole_leads_to_the_account(site, reader, shown):
    outlet = LINES[0].outlet
    hole = gap_finding("judging")
    shown.alerts.take_in([replace(hole, subject={"outlet": outlet}, county=outlet[1:7])], now=town.NOW)
    reply = reader.get(f"{site}/alerts/{hole.id}", headers={"cookie": "lang=en"})
    assert reply.status_code == 200
    assert f"/account?hours=168&outlet={outlet}" in html.unescape(html.unescape(reply.text)).replace("\\u0026", "&")
