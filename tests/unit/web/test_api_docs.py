"""The page of the interface works where nothing outside is reached: it and its policy name no other host."""

import re

import pytest

from web.access import headers


@pytest.fixture
async def page(client):
    reply = await client.get("/api/docs")
    assert reply.status_code == 200
    return reply


async def test_the_page_of_the_interface_names_no_other_host(page):
    assert not re.search(r"(https?:)?//\w", page.text)


async def test_all_that_the_page_loads_is_served_here_and_anybody_may_have_it(page, client):
    loaded = re.findall(r'(?:src|href|data-description)="([^"]+)"', page.text)
    assert len(loaded) == 5
    client.headers.pop("authorization")
    for address in loaded:
        reply = await client.get(address)
        assert reply.status_code == 200, address
        assert len(reply.content) > 100


async def test_its_policy_allows_scripts_of_this_server_only_and_none_within_the_page(page):
    policy = page.headers["content-security-policy"]
    assert policy == headers.DOCS
    assert "script-src 'self';" in policy
    assert "//" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)", page.text)


@pytest.mark.parametrize("policy", [headers.PAGES, headers.PLAIN], ids=["pages", "everything else"])
def test_no_policy_names_a_host(policy):
    assert "//" not in policy


async def test_our_script_asks_the_viewer_for_no_other_host(client):
    script = (await client.get("/assets/api-docs.js")).text
    assert "validatorUrl: null" in script
    assert not re.search(r"https?:", script)
