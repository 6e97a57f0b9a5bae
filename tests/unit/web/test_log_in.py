"""Log-in, sessions, forms and tokens over HTTP: what lets somebody in, what does not, and for how long."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import audit
from alerts.database import PeopleEventRow, open_database, upgrade
from alerts.repository import Repository
from emissions.rules import Parameters
from tests.unit.web import crowd, town
from tests.unit.web.conftest import ListFeed
from tests.unit.web.crowd import PASSWORD
from web.access.configured import Access
from web.access.desk import PeopleDesk
from web.access.limiting import Limits
from web.app import build_api
from web.live import Live
from web.markbook import MarkBook
from web.sources import Sources

HOST = "http://stackwatch"


@dataclass
class Wall:
    """The real clock, moved by hand."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 24, 4, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, register, store) -> Iterator[Sources]:
    url = f"sqlite:///{tmp_path_factory.mktemp('people')}/alerts.db"
    upgrade(url)
    repository = Repository(open_database(url))
    yield Sources(
        store=store,
        register=register,
        parameters=Parameters(),
        alerts=repository,
        marks=MarkBook(repository.engine),
        feed=ListFeed(),
        live=Live(),
        now=lambda: town.NOW,
    )
    repository.engine.dispose()


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    """A name that nobody has used yet."""
    return (f"person{number}" for number in range(1000))


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def desk(whole: Sources, wall: Wall) -> PeopleDesk:
    return PeopleDesk(
        whole.alerts.engine, counties=frozenset(whole.register.divisions), passwords=crowd.CHEAP, wall=wall
    )


@pytest.fixture
def login(desk: PeopleDesk, names: Iterator[str]) -> str:
    """A city supervisor with an account."""
    name = next(names)
    desk.add(login=name, name="市局督查", role="city_supervisor", county=None, password=PASSWORD, by="t", first=False)
    return name


def access_by(desk: PeopleDesk, **changes: object) -> Access:
    return Access(**({"desk": desk, "secret": crowd.SECRET, "limits": Limits(log_ins_by_name="100/minute")} | changes))


def browser(whole: Sources, access: Access, host: str = HOST) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=build_api(whole, access)), base_url=host)


@pytest.fixture
async def someone(whole: Sources, desk: PeopleDesk) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(whole, access_by(desk)) as asking:
        yield asking


async def form_token(someone: httpx.AsyncClient) -> str:
    page = await someone.get("/login")
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


async def log_in(someone: httpx.AsyncClient, login: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    fields = {"csrf_token": await form_token(someone), "login": login, "password": password}
    return await someone.post("/login", data=fields | more)


async def own_token(someone: httpx.AsyncClient) -> str:
    return (await someone.get("/api/v1/me")).json()["csrf_token"]


async def is_in(someone: httpx.AsyncClient) -> bool:
    return (await someone.get("/api/v1/outlets")).status_code == 200


# -- the log-in ----------------------------------------------------------------------------------------------------


async def test_nobody_sees_anything_before(someone):
    reply = await someone.get("/api/v1/outlets")
    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
    assert reply.headers["content-type"] == "application/problem+json"
    page = await someone.get("/counties/371502?x=1")
    assert (page.status_code, page.headers["location"]) == (303, "/login?back=%2Fcounties%2F371502%3Fx%3D1")
    assert (await someone.post("/api/v1/marks", json={})).status_code == 401


async def test_the_right_password_lets_in_and_the_cookie_is_kept_from_scripts_and_other_sites(someone, login):
    reply = await log_in(someone, login, back="/outlets/O371502-01")
    assert (reply.status_code, reply.headers["location"]) == (303, "/outlets/O371502-01")
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=43200" in cookie
    assert "secure" not in cookie
    assert await is_in(someone)


async def test_over_tls_the_cookie_goes_no_other_way(whole, desk, login):
    async with browser(whole, access_by(desk, https=True), "https://stackwatch") as someone:
        reply = await log_in(someone, login)
        assert reply.headers["set-cookie"].startswith("__Host-stackwatch=")
        assert "; secure" in reply.headers["set-cookie"]
        assert reply.headers["strict-transport-security"].startswith("max-age=31536000")
        assert await is_in(someone)


async def test_a_wrong_password_and_an_unknown_name_are_told_alike(someone, login):
    wrong, unknown = await log_in(someone, login, "wrong"), await log_in(someone, "nobody-at-all", "wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace(login, "nobody-at-all") == unknown.text
    assert not await is_in(someone)


@pytest.mark.parametrize(
    "known", [pytest.param(True, id="a name that is there"), pytest.param(False, id="one that is not")]
)
async def test_after_five_failures_the_name_waits_longer_and_longer(someone, login, wall, known, names):
    name = login if known else next(names)
    for _ in range(5):
        assert (await log_in(someone, name, "wrong")).status_code == 401
    locked = await log_in(someone, name)
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "31")
    wall.pass_by(seconds=31)
    assert (await log_in(someone, name, "wrong")).status_code == 401
    assert (await log_in(someone, name)).headers["retry-after"] == "61"
    wall.pass_by(seconds=61)
    assert (await log_in(someone, name)).status_code == (303 if known else 401)


async def test_a_log_in_takes_nothing_of_the_session_it_came_with(someone, login):
    await form_token(someone)
    before = dict(someone.cookies)
    await log_in(someone, login)
    assert dict(someone.cookies) != before
    someone.cookies.clear()
    someone.cookies.update(before)
    assert not await is_in(someone)


async def test_a_second_log_in_ends_the_session_before_it(someone, login):
    await log_in(someone, login)
    first = dict(someone.cookies)
    await someone.get("/login")
    page_token = await own_token(someone)
    fields = {"csrf_token": page_token, "login": login, "password": PASSWORD}
    assert (await someone.post("/login", data=fields)).status_code == 303
    assert await is_in(someone)
    someone.cookies.clear()
    someone.cookies.update(first)
    assert not await is_in(someone)


@pytest.mark.parametrize(
    "back",
    [
        pytest.param("//evil.example", id="another site"),
        pytest.param("/\\evil.example", id="another site for a careless browser"),
        pytest.param("https://evil.example/", id="a whole address"),
        pytest.param("javascript:alert(1)", id="a script"),
        pytest.param("/\r\nSet-Cookie: a=b", id="a line break"),
    ],
)
async def test_the_way_back_stays_here(someone, login, back):
    assert (await log_in(someone, login, back=back)).headers["location"] == "/"


async def test_a_forged_cookie_is_none(someone):
    someone.cookies.set("stackwatch", "eyJrZXkiOiAieCJ9.aaaa.bbbb")
    assert not await is_in(someone)


# -- the end of a session --------------------------------------------------------------------------------------------


async def test_a_log_out_ends_it_on_the_server(someone, login):
    await log_in(someone, login)
    kept = dict(someone.cookies)
    reply = await someone.post("/logout", data={"csrf_token": await own_token(someone)})
    assert reply.headers["location"] == "/login"
    someone.cookies.update(kept)
    assert not await is_in(someone)


async def test_it_ends_by_itself(someone, login, wall):
    await log_in(someone, login)
    wall.pass_by(hours=11, minutes=59)
    assert await is_in(someone)
    wall.pass_by(minutes=1)
    assert not await is_in(someone)


@pytest.mark.parametrize("what", ["disabled", "reset", "another role"])
async def test_it_ends_when_the_account_changes(someone, login, desk, what):
    await log_in(someone, login)
    assert await is_in(someone)
    id_ = desk.find(login).id
    match what:
        case "disabled":
            desk.disable(id_, by="t")
        case "reset":
            desk.reset(id_, by="t")
        case _:
            desk.change_role(id_, role="viewer", county="371502", by="t")
    assert not await is_in(someone)


async def test_a_new_password_ends_all_other_sessions_and_begins_a_new_one(whole, someone, login, desk):
    async with browser(whole, access_by(desk)) as elsewhere:
        await log_in(someone, login)
        await log_in(elsewhere, login)
        new = "quiet morning 7 boats"
        fields = {"csrf_token": await own_token(someone), "old": PASSWORD, "new": new, "again": new}
        reply = await someone.post("/me/password", data=fields)
        assert reply.headers["location"] == "/me?said=changed"
        assert await is_in(someone)
        assert not await is_in(elsewhere)
        assert (await log_in(elsewhere, login)).status_code == 401
        assert (await log_in(elsewhere, login, new)).status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        pytest.param("wrong", "quiet morning 7 boats", None, "unfit=present_wrong", id="the present one is wrong"),
        pytest.param(PASSWORD, "short", None, "unfit=short", id="too short"),
        pytest.param(PASSWORD, "password password", None, "unfit=common", id="one of the first that are tried"),
        pytest.param(PASSWORD, PASSWORD, None, "unfit=same", id="the old one"),
        pytest.param(PASSWORD, "quiet morning 7 boats", "another", "said=differ", id="two that differ"),
    ],
)
async def test_a_password_that_cannot_be_changes_nothing(someone, login, old, new, again, said):
    await log_in(someone, login)
    fields = {"csrf_token": await own_token(someone), "old": old, "new": new, "again": again or new}
    assert (await someone.post("/me/password", data=fields)).headers["location"] == f"/me?{said}"
    assert await is_in(someone)


async def test_a_password_that_somebody_else_set_is_replaced_first(someone, desk, names):
    name = next(names)
    desk.add(login=name, name="", role="viewer", county=None, password=PASSWORD, by="t")
    assert (await log_in(someone, name)).headers["location"] == "/me"
    assert (await someone.get("/api/v1/outlets")).status_code == 403
    assert (await someone.get("/alerts")).headers["location"] == "/me"
    new = "quiet morning 7 boats"
    fields = {"csrf_token": await own_token(someone), "old": PASSWORD, "new": new, "again": new}
    assert (await someone.post("/me/password", data=fields)).status_code == 303
    assert await is_in(someone)


# -- writes by browsers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="no token"),
        pytest.param({"csrf_token": ""}, id="an empty one"),
        pytest.param({"csrf_token": "guessed"}, id="a guessed one"),
    ],
)
async def test_a_form_without_its_token_does_nothing(someone, login, given):
    await log_in(someone, login)
    assert (await someone.post("/logout", data=given)).status_code == 403
    assert await is_in(someone)


async def test_a_log_in_that_another_page_sends_is_refused(someone, login):
    assert (await someone.post("/login", data={"login": login, "password": PASSWORD})).status_code == 403


async def test_the_token_of_another_session_is_none(whole, someone, login, desk):
    async with browser(whole, access_by(desk)) as other:
        await log_in(other, login)
        stolen = await own_token(other)
    await log_in(someone, login)
    assert (await someone.post("/logout", data={"csrf_token": stolen})).status_code == 403


async def test_the_interface_takes_writes_of_a_session_only_with_the_header(someone, login):
    await log_in(someone, login)
    path = "/api/v1/alerts/none/acknowledge"
    assert (await someone.post(path, json={})).status_code == 403
    token = await own_token(someone)
    assert (await someone.post(path, json={}, headers={"X-CSRF-Token": token})).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="no origin of its own"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="the browser says another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbour on the same domain"),
    ],
)
async def test_another_site_writes_nothing_even_with_the_token(someone, login, headers):
    await log_in(someone, login)
    fields = {"csrf_token": await own_token(someone)}
    assert (await someone.post("/logout", data=fields, headers=headers)).status_code == 403
    assert (await someone.post("/logout", data=fields, headers={"Origin": HOST})).status_code == 303


# -- tokens ------------------------------------------------------------------------------------------------------------


async def asked_with(someone: httpx.AsyncClient, token: str) -> int:
    return (await someone.get("/api/v1/outlets", headers=crowd.bearing(token))).status_code


async def test_a_token_counts_until_it_is_revoked(someone, desk):
    token = desk.issue_token(name="报表", role="viewer", county=None, lasts=timedelta(days=1), by="t")
    assert await asked_with(someone, token) == 200
    desk.revoke_token(max(row.id for row in desk.tokens()), by="t")
    assert await asked_with(someone, token) == 401


async def test_a_token_counts_until_its_end(someone, desk, wall):
    token = desk.issue_token(name="报表", role="viewer", county=None, lasts=timedelta(days=1), by="t")
    wall.pass_by(hours=23)
    assert await asked_with(someone, token) == 200
    wall.pass_by(hours=1)
    assert await asked_with(someone, token) == 401


async def test_a_persons_token_is_never_more_than_the_person(someone, desk, login):
    id_ = desk.find(login).id
    owner = desk.person_of_session(desk.log_in(login, PASSWORD, address="t").key)
    token = desk.issue_token(
        name="脚本", role="city_supervisor", county=None, lasts=timedelta(days=1), by=owner.by, owner=owner
    )
    assert await asked_with(someone, token) == 200
    desk.change_role(id_, role="viewer", county="371502", by="t")
    assert await asked_with(someone, token) == 401
    desk.change_role(id_, role="city_supervisor", county=None, by="t")
    assert await asked_with(someone, token) == 200
    desk.disable(id_, by="t")
    assert await asked_with(someone, token) == 401


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param("Bearer stackwatch_unknown", id="an unknown token"),
        pytest.param("Bearer", id="no token"),
        pytest.param("Basic dXNlcjpwYXNz", id="another scheme"),
    ],
)
async def test_a_token_that_does_not_count_is_not_passed_over_for_a_cookie(someone, login, shown):
    await log_in(someone, login)
    reply = await someone.get("/api/v1/outlets", headers={"Authorization": shown})
    assert reply.status_code == 401


async def test_tokens_stand_nowhere_in_plain(desk, whole):
    token = desk.issue_token(name="报表", role="viewer", county=None, lasts=timedelta(days=1), by="t")
    with whole.alerts.engine.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())
    assert token not in dump
    assert PASSWORD not in dump


# -- limits -------------------------------------------------------------------------------------------------------


async def test_one_asks_so_often_and_then_waits(whole, desk):
    access = access_by(desk, limits=Limits(questions="3/minute"))
    tokens = [
        desk.issue_token(name=name, role="viewer", county=None, lasts=timedelta(days=1), by="t") for name in ("a", "b")
    ]
    async with browser(whole, access) as someone:
        assert [await asked_with(someone, tokens[0]) for _ in range(4)] == [200, 200, 200, 429]
        reply = await someone.get("/api/v1/outlets", headers=crowd.bearing(tokens[0]))
        assert 1 <= int(reply.headers["retry-after"]) <= 60
        assert await asked_with(someone, tokens[1]) == 200
        assert (await someone.get("/readyz")).status_code == 200


async def test_who_guesses_tokens_is_stopped_by_address(whole, desk):
    async with browser(whole, access_by(desk, limits=Limits(bad_tokens="3/minute"))) as someone:
        guesses = [await asked_with(someone, f"stackwatch_{number}") for number in range(5)]
        assert guesses == [401, 401, 401, 429, 429]


async def test_who_tries_many_names_is_stopped_by_address(whole, desk, names):
    async with browser(whole, access_by(desk, limits=Limits(log_ins_by_address="3/minute"))) as someone:
        tried = [(await log_in(someone, next(names), "wrong")).status_code for _ in range(4)]
        assert tried == [401, 401, 401, 429]


# -- headers and the log -----------------------------------------------------------------------------------------------


async def test_browsers_are_told_what_answers_may_do(someone):
    page = await someone.get("/login")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text
    assert "strict-transport-security" not in page.headers


async def test_what_people_do_stands_in_the_log_and_no_secret_does(someone, login, desk, whole):
    await log_in(someone, login, "secret typed wrong")
    await log_in(someone, login)
    await someone.post("/api/v1/alerts/none/acknowledge", json={}, headers={"X-CSRF-Token": await own_token(someone)})
    await someone.post("/logout", data={"csrf_token": await own_token(someone)})
    subject = f"person:{desk.find(login).id}"
    with Session(whole.alerts.engine) as session:
        lines = session.scalars(select(PeopleEventRow).where(PeopleEventRow.subject_id == subject)).all()
        assert [line.name for line in lines] == ["person_added", "log_in_failed", "logged_in", "wrote", "logged_out"]
        assert all("secret" not in line.detail and PASSWORD not in line.detail for line in lines)
        assert audit.verify(session) == []


async def test_the_log_in_page_speaks_both_languages_and_shows_no_accounts(someone, login):
    chinese = await someone.get("/login")
    english = await someone.get("/login?lang=en")
    assert 'lang="zh-CN"' in chinese.text
    assert "登录名" in chinese.text
    assert "Log in" in english.text
    assert login not in chinese.text
    assert "演示" not in chinese.text
