"""One county meets nothing of another: not on any page or route, in no list, count, stream or metric.

A route or page that no table in ``neighbours`` has fails here until somebody has thought about it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from nicegui import core

from alerts.ladder import Ladder
from alerts.policy import Policy
from alerts.repository import Repository
from contracts.codec import bundle, encode
from contracts.topics import FINDINGS, HOURS
from emissions.finding import Rejected
from tests.unit.alerts.scene import exceedance
from tests.unit.web import crowd, town
from tests.unit.web.neighbours import NAMES, NEVER, OTHER, OWN, PAGES, ROUTES, UNLISTED, WHERE, About, Lists
from tests.unit.web.test_pages import texts
from web.app import build_api
from web.quarantine_book import Refusal


@pytest.fixture(scope="module")
def things(site, reader, shown, register) -> dict[str, str]:
    """One of everything in the other county, by kind: its id. Each carries the words that must not be met."""
    outlet = next(one for one in register.outlets.values() if one.county == OTHER)
    case = reader.get(f"{site}/api/v1/cases").json()["items"][0]
    assert case["county"] != OWN
    bureau = Repository(shown.alerts.engine, policy=Policy(ladder=Ladder()))
    found = exceedance(2, name="at-the-neighbours", county=OTHER)
    found = replace(found, subject={"outlet": outlet.id}, evidence={**found.evidence, "enterprise": outlet.enterprise})
    assert bureau.take_in([found], now=town.NOW) == []
    alert = reader.get(f"{site}/api/v1/alerts", params={"county": OTHER}).json()["items"][0]
    refusal = Refusal(
        Rejected(reason="crc", mn=outlet.mn, received_at=town.NOW, line=f"##{outlet.mn}", detail="x"), town.NOW
    )
    shown.quarantine.book.follow([refusal], next_offset=1)

    def made(path: str, what: str, **said: Any) -> str:
        reply = reader.post(f"{site}/api/v1/{path}", json=said)
        assert reply.status_code == 201, reply.text
        return str(reply.json()[what]["id"])

    span = {"from": "2026-11-10T08:00:00+08:00", "to": "2026-11-10T10:00:00+08:00"}
    ends_at = (town.NOW + timedelta(hours=4)).isoformat()
    return {
        "county": OTHER,
        "city": town.CITY,
        "outlet": outlet.id,
        "mn": outlet.mn,
        "enterprise": outlet.enterprise,
        "alert": alert["id"],
        "case": case["id"],
        "mark": made("marks", "mark", outlet=outlet.id, mark="fault", note="检修", id="m-neighbour", **span),
        "work_order": made("work-orders", "work_order", outlet=outlet.id, kind="repair", title="更换滤芯"),
        "silence": made("silences", "silence", county=OTHER, outlet=outlet.id, ends_at=ends_at, reason="停机"),
        "proposal": reader.get(f"{site}/api/v1/proposals").json()["items"][0]["id"],
        "line": reader.get(f"{site}/api/v1/quarantine", params={"mn": outlet.mn}).json()["items"][0]["id"],
    }


@pytest.fixture(scope="module")
def neighbour(site, shown_access) -> Iterator[httpx.Client]:
    """Leads the county next door."""
    headers = crowd.bearing(crowd.token(shown_access, "county_head", OWN, name="next door"))
    with httpx.Client(base_url=site, headers=headers, timeout=30) as asking:
        yield asking


@pytest.fixture(scope="module")
def everyone(site, reader) -> Iterator[httpx.Client]:
    """Sees the whole city."""
    with httpx.Client(base_url=site, headers=reader.headers, timeout=30) as asking:
        yield asking


@pytest.fixture(scope="module")
def words(register, things) -> list[str]:
    """What must not be met: codes, names, ids and MNs of every other county, and the ids that were made there."""
    found = [word for code, name in town.COUNTIES if code != OWN for word in (code, name)]
    for outlet in register.outlets.values():
        if outlet.county != OWN:
            found += [outlet.id, outlet.enterprise, outlet.mn]
    return [*found, *(id_ for kind, id_ in things.items() if kind != "city")]


def met(reply: httpx.Response, words: list[str]) -> list[str]:
    """Those of the words that stand in an answer, however they are written there."""
    said = reply.text
    return [word for word in words if word in said or json.dumps(word).strip('"') in said]


def of_table(table: dict[Any, tuple[Any, ...]], kind: type) -> list[Any]:
    return [
        pytest.param(
            key,
            one,
            id=f"{key if isinstance(key, str) else ' '.join(key)} {getattr(one, 'query', '')}"
            f"{getattr(one, 'of', '')}".strip(),
        )
        for key, classed in table.items()
        for one in classed
        if isinstance(one, kind)
    ]


def asked(client: httpx.Client, method: str, path: str, about: About, id_: str, things: dict[str, str]):
    """Ask one thing about an id, wherever it stands."""
    places = re.findall(r"\{(\w+)\}", path)
    kind = about.of or next((NAMES[place] for place in places if NAMES.get(place)), "")
    filled = dict.fromkeys(places, "anything") | {"where": WHERE.get(kind, "alerts")}
    if not about.thing:
        filled[next(place for place in places if place in NAMES)] = id_
    query = about.query.replace("{id}", id_)
    said = None if about.body is None else json.loads(json.dumps(about.body).replace("{id}", id_))
    headers = {"Content-Type": "text/plain"} if about.content is not None else {}
    where = path.format(**filled) + query
    return client.request(method, where, json=said, content=about.content, headers=headers)


def id_of(about: About, path: str, things: dict[str, str]) -> str:
    places = re.findall(r"\{(\w+)\}", path)
    return things[about.of or next(NAMES[place] for place in places if NAMES.get(place))]


def alike(id_: str) -> str:
    """An id of the same make that nothing has."""
    return NEVER if not re.fullmatch("[0-9a-f]{24}", id_) else "0" * 24


def test_every_route_is_classed(site, shown):
    described = build_api(shown, crowd.access_to(shown.alerts.engine, shown.register)).openapi()["paths"]
    routes = {(method.upper(), path) for path, methods in described.items() for method in methods}
    assert routes == ROUTES.keys(), "class the route in neighbours.ROUTES: what may another county meet there?"


def test_every_page_is_classed(site):
    pages = {route.path for route in core.app.routes if not route.path.startswith(("/_nicegui", "/favicon"))}
    assert pages == PAGES.keys(), "class the page in neighbours.PAGES: what may another county meet there?"


@pytest.mark.parametrize(("route", "lists"), of_table(ROUTES, Lists))
def test_no_list_holds_anything_of_another_county(neighbour, everyone, words, route, lists):
    for query in lists.queries:
        reply = neighbour.get(route[1] + query)
        assert reply.status_code == 200, reply.text
        assert met(reply, words) == []
    assert not lists.more_for_all or met(everyone.get(route[1] + lists.queries[0]), words), "nothing to be met"


@pytest.mark.parametrize(("route", "about"), of_table(ROUTES, About))
def test_a_thing_of_another_county_is_as_one_that_never_was(neighbour, things, route, about):
    method, path = route
    id_ = id_of(about, path, things)
    there, never = (asked(neighbour, method, path, about, one, things) for one in (id_, alike(id_)))
    assert there.status_code == never.status_code
    assert there.text.replace(id_, "…") == never.text.replace(alike(id_), "…")
    if method == "POST":
        assert there.status_code in {403, 404, 422}, there.text


@pytest.mark.parametrize(("path", "lists"), of_table(PAGES, Lists))
def test_no_page_shows_anything_of_another_county(neighbour, everyone, words, path, lists):
    for query in lists.queries:
        reply = neighbour.get(path + query)
        assert reply.status_code == 200
        assert met(reply, words) == []
    assert not lists.more_for_all or met(everyone.get(path + lists.queries[0]), words), "nothing to be met"


@pytest.mark.parametrize(("path", "about"), of_table(PAGES, About))
def test_a_page_about_another_countys_thing_is_as_of_one_that_never_was(neighbour, things, path, about):
    id_ = id_of(about, path, things)
    there, never = (asked(neighbour, "GET", path, about, one, things) for one in (id_, alike(id_)))
    assert there.status_code == never.status_code
    assert [text.replace(id_, "…") for text in texts(there)] == [text.replace(alike(id_), "…") for text in texts(never)]


@pytest.mark.parametrize("county", [None, OWN])
def test_an_event_stream_brings_only_ones_own(neighbour, shown, judged, county):
    own = next(hour for hour in judged if hour.county == OWN)
    other = next(hour for hour in judged if hour.county == OTHER)
    with neighbour.stream("GET", "/api/v1/events", params={} if county is None else {"county": county}) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 3000"
        for hour in (other, own):
            shown.live.hear(HOURS.name, encode(hour))
        heard = next(line for line in lines if line.startswith("data:"))
    assert json.loads(heard.removeprefix("data: "))["county"] == OWN


def test_an_event_stream_of_another_county_brings_nothing(shown, judged):
    other = next(hour for hour in judged if hour.county == OTHER)
    with shown.seen_by(OWN).live.subscribe(county=OTHER) as stream:
        shown.live.hear(HOURS.name, encode(other))
        assert not stream.waiting


def test_routes_that_the_description_leaves_out_are_known(shown):
    app = build_api(shown, crowd.access_to(shown.alerts.engine, shown.register))

    def routes(parts: Any) -> Iterator[tuple[str, str]]:
        for part in parts:
            if (router := getattr(part, "original_router", None)) is not None:
                yield from routes(router.routes)
            elif not getattr(part, "include_in_schema", False):
                yield from ((method, part.path) for method in getattr(part, "methods", None) or ())

    found = {route for route in routes(app.routes) if route[0] in {"GET", "POST"} and "{path:path}" not in route[1]}
    assert found <= UNLISTED.keys(), "say in neighbours.UNLISTED what the route shows"


def test_metrics_name_no_county_outlet_or_enterprise(neighbour, words):
    reply = neighbour.get("/metrics", headers={"Authorization": ""})
    assert met(reply, [*words, OWN]) == []


def test_findings_heard_now_stay_in_their_county(neighbour, shown, judged, words):
    finding = town.findings(judged)[0]
    assert finding.county == OTHER
    shown.live.hear(FINDINGS.name, bundle([replace(finding, id="heard-just-now")]))
    for path in ("/", f"/counties/{OWN}", "/api/v1/findings"):
        assert met(neighbour.get(path), [*words, "heard-just-now"]) == []
