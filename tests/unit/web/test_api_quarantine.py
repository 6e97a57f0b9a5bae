"""The quarantine over HTTP."""

from datetime import timedelta

import httpx
import pytest

from tests.unit.web import crowd, town
from tests.unit.web.refusals import STRANGER, refusal
from web.app import build_api


@pytest.fixture
def outlets(register):
    """Two outlets of different counties."""
    by_county = {outlet.county: outlet for outlet in register.outlets.values() if outlet.mn}
    return list(by_county.values())[:2]


@pytest.fixture
def refused(sources, outlets):
    one, other = outlets
    lines = [
        refusal(one.mn, "unknown_mn"),
        refusal(one.mn, "unsupported_cn", cn="4711", minutes=1),
        refusal(other.mn, "unknown_mn", minutes=2),
        refusal(STRANGER, "unknown_mn", minutes=3),
    ]
    sources.quarantine.book.follow(lines, next_offset=4)
    return lines


async def asked(client, **query):
    reply = await client.get("/api/v1/quarantine", params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_refused_lines_come_with_their_reason_and_whose_they_are(client, refused, outlets):
    found = await asked(client)
    assert [item["mn"] for item in found["items"]] == [STRANGER, outlets[1].mn, outlets[0].mn, outlets[0].mn]
    assert [item["county"] for item in found["items"]] == [None, outlets[1].county, *[outlets[0].county] * 2]
    assert (found["total"], found["reasons"]) == (4, {"unknown_mn": 3, "unsupported_cn": 1})
    assert found["items"][0]["line"] == refused[3].rejected.line


async def test_they_are_found_by_logger_reason_county_and_time_page_by_page(client, refused, outlets):
    assert (await asked(client, mn=STRANGER))["total"] == 1
    assert (await asked(client, reason="unsupported_cn"))["total"] == 1
    assert (await asked(client, county=outlets[0].county))["total"] == 2
    since = (town.NOW - timedelta(minutes=58)).isoformat()
    assert (await asked(client, **{"from": since}))["total"] == 2
    pages = [await asked(client, limit=3, offset=offset) for offset in (0, 3, 6)]
    assert [len(page["items"]) for page in pages] == [3, 1, 0]
    assert len({item["id"] for page in pages for item in page["items"]}) == 4


async def test_one_line_is_found_by_its_id(client, refused):
    (item,) = (await asked(client, mn=STRANGER))["items"]
    assert (await client.get(f"/api/v1/quarantine/{item['id']}")).json() == {"line": item}
    assert (await client.get(f"/api/v1/quarantine/{'0' * 24}")).status_code == 404


async def test_what_is_right_now_goes_back_and_what_is_not_says_why(client, refused, feed, outlets):
    order = {"reason": "unknown_mn"}
    tried = (await client.post("/api/v1/quarantine/redrive", json={**order, "dry_run": True})).json()
    assert (tried["id"], tried["accepted"], feed.lines) == (None, 2, [])
    done = (await client.post("/api/v1/quarantine/redrive", json=order)).json()
    assert (done["examined"], done["accepted"], done["refused"]) == (3, 2, {"unknown_mn": 1})
    assert [name for name, _ in feed.lines] == [outlets[0].mn, outlets[1].mn]
    assert {item["verdict"] for item in done["items"]} == {"accepted", "refused"}
    driven = await asked(client, state="driven")
    assert {item["driven_by"] for item in driven["items"]} == {"token:tests"}
    assert (await client.post("/api/v1/quarantine/redrive", json=order)).json()["accepted"] == 0


async def test_chosen_lines_alone_are_driven(client, refused, feed):
    ids = [item["id"] for item in (await asked(client, reason="unknown_mn"))["items"][1:2]]
    done = (await client.post("/api/v1/quarantine/redrive", json={"ids": ids})).json()
    assert (done["examined"], len(feed.lines)) == (1, 1)


@pytest.mark.parametrize(
    ("order", "status"),
    [
        pytest.param({}, 422, id="nobody says which"),
        pytest.param({"by": "Li", "reason": "unknown_mn"}, 422, id="in the name of somebody else"),
        pytest.param({"ids": ["x"]}, 422, id="an id that is none"),
        pytest.param({"from": "2026-11-24T10:00:00"}, 422, id="a moment without an offset"),
        pytest.param({"county": "000000"}, 404, id="a county that is not there"),
        pytest.param({"reasons": "crc"}, 422, id="a field that is misspelt"),
    ],
)
async def test_an_order_that_is_not_understood_does_nothing(client, refused, feed, order, status):
    assert (await client.post("/api/v1/quarantine/redrive", json=order)).status_code == status
    assert feed.lines == []


async def test_while_kafka_is_away_the_order_is_to_be_repeated(client, refused, feed):
    feed.away = True
    reply = await client.post("/api/v1/quarantine/redrive", json={"reason": "unknown_mn"})
    assert reply.status_code == 503
    assert (await asked(client, state="waiting"))["total"] == 4


@pytest.fixture
def of_county(sources, access):
    """A client that asks as somebody of a county."""

    def made(role, county):
        transport = httpx.ASGITransport(app=build_api(sources, access), raise_app_exceptions=False)
        headers = crowd.bearing(crowd.token(access, role=role, county=county, name=f"{role} of {county}"))
        return httpx.AsyncClient(transport=transport, base_url="http://stackwatch", headers=headers)

    return made


async def test_who_sees_one_county_finds_and_drives_its_lines_only(client, of_county, refused, feed, outlets):
    whole = (await asked(client))["items"]
    async with of_county("inspector", outlets[0].county) as inspector:
        found = await asked(inspector)
        assert ({item["mn"] for item in found["items"]}, found["total"]) == ({outlets[0].mn}, 2)
        seen = [(await inspector.get(f"/api/v1/quarantine/{item['id']}")).status_code for item in whole]
        assert seen == [200 if item["mn"] == outlets[0].mn else 404 for item in whole]
        other = {"county": outlets[1].county}
        assert (await inspector.get("/api/v1/quarantine", params=other)).status_code == 404
        assert (await inspector.post("/api/v1/quarantine/redrive", json=other)).status_code == 404
        order = {"ids": [item["id"] for item in whole]}
        done = (await inspector.post("/api/v1/quarantine/redrive", json=order)).json()
    assert done["examined"] == 2
    assert [name for name, _ in feed.lines] == [outlets[0].mn]


async def test_who_only_looks_drives_nothing(of_county, refused, feed, outlets):
    async with of_county("viewer", outlets[0].county) as viewer:
        assert (await asked(viewer))["total"] == 2
        reply = await viewer.post("/api/v1/quarantine/redrive", json={"reason": "unknown_mn"})
    assert (reply.status_code, feed.lines) == (403, [])


async def test_who_has_not_logged_in_is_told_so(client, refused, feed):
    client.headers.clear()
    assert (await client.get("/api/v1/quarantine")).status_code == 401
    assert (await client.post("/api/v1/quarantine/redrive", json={"reason": "unknown_mn"})).status_code == 401
    assert feed.lines == []
