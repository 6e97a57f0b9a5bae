"""Log-in over the bureau's identity provider, against a real one on loopback."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from joserfc.jwk import RSAKey

from tests.unit.web.crowd import PASSWORD
from tests.unit.web.provider import CLIENT, SECRET, OpenIdProvider, fields_of, openid_provider
from tests.unit.web.test_log_in import Wall, access_by, browser, desk, is_in, wall, whole  # noqa: F401 - fixtures
from web.access.configured import Provider


@pytest.fixture(scope="module")
def running() -> Iterator[OpenIdProvider]:
    with openid_provider() as provider:
        yield provider


@pytest.fixture
def bureau(running: OpenIdProvider) -> OpenIdProvider:
    """The provider, well-behaved again."""
    running.claims = {"sub": "42", "preferred_username": "sun"}
    running.changes, running.signs_with, running.away = {}, None, False
    return running


@pytest.fixture
async def someone(whole, desk, bureau) -> AsyncIterator[httpx.AsyncClient]:  # noqa: F811
    provider = Provider(issuer=bureau.issuer, client_id=CLIENT, client_secret=SECRET)
    async with browser(whole, access_by(desk, provider=provider)) as asking:
        yield asking


def account(desk, login: str, password: str | None = None) -> int:  # noqa: F811
    desk.add(login=login, name="", role="city_supervisor", county=None, password=password, by="t", first=False)
    return desk.find(login).id


async def there_and_back(someone: httpx.AsyncClient, bureau: OpenIdProvider, back: str = "/") -> httpx.Response:
    there = await someone.get("/login/provider", params={"back": back})
    assert there.status_code == 302, there.text
    return await someone.get(bureau.authorize(fields_of(there.headers["location"])))


async def test_somebody_the_bureau_vouches_for_comes_in(someone, bureau, desk):  # noqa: F811
    bureau.claims = {"sub": "1", "preferred_username": "sun-1"}
    account(desk, "sun-1")
    assert "/login/provider" in (await someone.get("/login")).text
    reply = await there_and_back(someone, bureau, back="/alerts")
    assert (reply.status_code, reply.headers["location"]) == (303, "/alerts")
    assert await is_in(someone)
    assert (await someone.get("/api/v1/me")).json()["login"] == "sun-1"


async def test_the_account_is_tied_to_the_providers_number_not_to_the_name(someone, bureau, desk):  # noqa: F811
    bureau.claims = {"sub": "2", "preferred_username": "sun-2"}
    account(desk, "sun-2")
    assert (await there_and_back(someone, bureau)).status_code == 303
    bureau.claims = {"sub": "2", "preferred_username": "renamed"}
    assert (await there_and_back(someone, bureau)).status_code == 303
    assert (await someone.get("/api/v1/me")).json()["login"] == "sun-2"
    bureau.claims = {"sub": "another", "preferred_username": "sun-2"}
    assert (await there_and_back(someone, bureau)).status_code == 401


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("stranger", id="nobody of that name is here"),
        pytest.param("with-password", id="one who has a password here"),
        pytest.param("gone", id="one who may come in no more"),
    ],
)
async def test_whom_the_bureau_knows_and_we_do_not_let_in(someone, bureau, desk, name):  # noqa: F811
    if name == "with-password":
        account(desk, name, PASSWORD)
    if name == "gone":
        desk.disable(account(desk, name), by="t")
    bureau.claims = {"sub": f"sub of {name}", "preferred_username": name}
    reply = await there_and_back(someone, bureau)
    assert reply.status_code == 401
    assert name in reply.text
    assert not await is_in(someone)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"nonce": "another"}, id="made for another log-in"),
        pytest.param({"aud": "somebody else"}, id="made for another client"),
        pytest.param({"iss": "https://evil.example"}, id="made by another provider"),
        pytest.param({"exp": 1}, id="over long ago"),
        pytest.param({"preferred_username": ""}, id="no name in it"),
    ],
)
async def test_an_identity_that_does_not_hold(someone, bureau, desk, changes):  # noqa: F811
    bureau.changes = changes
    reply = await there_and_back(someone, bureau)
    assert reply.status_code == 401
    assert not await is_in(someone)


async def test_an_identity_that_somebody_else_signed(someone, bureau):
    bureau.signs_with = RSAKey.generate_key(2048, {"kid": "1"})
    assert (await there_and_back(someone, bureau)).status_code == 401


async def test_a_way_back_that_nobody_went_is_refused(someone, bureau):
    there = await someone.get("/login/provider")
    asked = fields_of(there.headers["location"])
    assert (asked["code_challenge_method"], asked["redirect_uri"]) == ("S256", "http://stackwatch/login/provider/back")
    forged = bureau.authorize(asked | {"state": "another"})
    assert (await someone.get(forged)).status_code == 401
    assert (await someone.get("/login/provider/back?error=access_denied")).status_code == 401


async def test_a_provider_that_is_away_says_so(whole, desk, bureau):  # noqa: F811
    bureau.away = True
    provider = Provider(issuer=bureau.issuer, client_id=CLIENT, client_secret=SECRET)
    async with browser(whole, access_by(desk, provider=provider)) as someone:
        assert (await someone.get("/login/provider")).status_code == 503
