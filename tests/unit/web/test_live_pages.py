"""The pages' live connection: of whoever the page was made for, and only while they are let in."""

import ast
import asyncio
import html
import json
import re
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.unit.web import crowd
from web.access import gate

WAIT_S = 60
"""A machine that is busy with other tests may take seconds for what takes a tenth of one."""


def page_of(site: str, headers: dict[str, str], path: str = "/") -> dict[str, str]:
    """What a page's script would connect with."""
    text = httpx.get(f"{site}{path}", headers=headers, timeout=WAIT_S).text
    query = ast.literal_eval(html.unescape(re.search(r"query: (\{.*?\})", text)[1]))
    return {name: str(value) for name, value in query.items()} | {
        "implicit_handshake": "true",
        "tab_id": "t",
        "document_id": "d",
        "EIO": "4",
        "transport": "websocket",
    }


def opened(site: str, query: dict[str, str], headers: dict[str, str]) -> connect:
    address = f"{site.replace('http', 'ws')}/_nicegui_ws/socket.io/?{urlencode(query)}"
    return connect(address, additional_headers=headers)


async def greeted(socket: ClientConnection) -> str:
    """The answer to asking for the page: ``40`` is yes, ``44`` no."""
    async with asyncio.timeout(WAIT_S):
        assert (await socket.recv()).startswith("0")
        await socket.send("40")
        return str(await socket.recv())


async def until_cut(socket: ClientConnection) -> None:
    async with asyncio.timeout(WAIT_S):
        while True:
            await socket.recv()


@pytest.fixture(scope="module")
def mine(shown_access) -> dict[str, str]:
    return crowd.bearing(crowd.token(shown_access, "county_head", "371502", name="mine"))


@pytest.fixture(scope="module")
def theirs(shown_access) -> dict[str, str]:
    return crowd.bearing(crowd.token(shown_access, "county_head", "371503", name="theirs"))


async def test_whoever_the_page_was_made_for_is_connected(site, mine):
    async with opened(site, page_of(site, mine), mine) as socket:
        assert (await greeted(socket)).startswith("40")


async def test_another_is_not_connected_to_it_even_with_its_id(site, mine, theirs):
    async with opened(site, page_of(site, mine), theirs) as socket:
        assert (await greeted(socket)).startswith("44")


async def test_another_cannot_ask_for_it_afterwards(site, mine, theirs):
    page = page_of(site, mine)
    own = page_of(site, theirs)
    async with opened(site, own, theirs) as socket:
        assert (await greeted(socket)).startswith("40")
        await socket.send("420" + json.dumps(["handshake", page | {"tab_id": "t"}]))
        async with asyncio.timeout(WAIT_S):
            while not (said := str(await socket.recv())).startswith("430"):
                pass
    assert said == "430[false]"


async def test_nobody_unknown_is_connected(site, mine):
    with pytest.raises(InvalidStatus) as refused:
        async with opened(site, page_of(site, mine), {}):
            pass
    assert refused.value.response.status_code == 403


async def test_another_site_is_not_connected(site, mine):
    with pytest.raises(InvalidStatus):
        async with opened(site, page_of(site, mine), mine | {"Origin": "https://evil.example"}):
            pass


async def test_the_connection_ends_when_the_token_is_revoked(site, shown_access, monkeypatch):
    monkeypatch.setattr(gate, "STANDING_SECONDS", 0.0)
    desk = shown_access.desk
    token = desk.issue_token(
        name="revoked soon", role="city_supervisor", county=None, lasts=timedelta(days=1), by="tests"
    )
    headers = crowd.bearing(token)
    async with opened(site, page_of(site, headers), headers) as socket:
        assert (await greeted(socket)).startswith("40")
        desk.revoke_token(next(row.id for row in desk.tokens() if row.name == "revoked soon"), by="tests")
        with pytest.raises(ConnectionClosed):
            await until_cut(socket)


async def test_an_event_stream_ends_when_the_token_is_revoked(site, shown_access, monkeypatch):
    monkeypatch.setattr(gate, "STANDING_SECONDS", 0.0)
    monkeypatch.setattr("web.api.events.HEARTBEAT_SECONDS", 0.1)
    desk = shown_access.desk
    token = desk.issue_token(name="stream", role="viewer", county=None, lasts=timedelta(days=1), by="tests")
    async with (
        httpx.AsyncClient(headers=crowd.bearing(token), timeout=WAIT_S) as asking,
        asking.stream("GET", f"{site}/api/v1/events") as stream,
    ):
        lines = stream.aiter_lines()
        assert await anext(lines) == "retry: 3000"
        desk.revoke_token(next(row.id for row in desk.tokens() if row.name == "stream"), by="tests")
        async with asyncio.timeout(WAIT_S):
            assert [line async for line in lines if line.startswith("data")] == []
