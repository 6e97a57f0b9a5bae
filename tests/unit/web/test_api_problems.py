"""Every error is a problem document that says what was wrong and where."""

import json

import pytest

from stores.port import StoreUnavailable

CASES = [
    pytest.param("GET", "/api/v1/outlets/none", 404, "outlet", id="an outlet that is not registered"),
    pytest.param("GET", "/api/v1/outlets/none/hours", 404, "outlet", id="hours of an unknown outlet"),
    pytest.param("GET", "/api/v1/outlets/none/readings", 404, "outlet", id="readings of an unknown outlet"),
    pytest.param("GET", "/api/v1/alerts/none", 404, "alert", id="an unknown alert"),
    pytest.param("GET", "/api/v1/cases/none", 404, "case", id="an unknown case"),
    pytest.param("GET", "/api/v1/marks/none", 404, "mark", id="an unknown mark"),
    pytest.param("GET", "/api/v1/nothing", 404, "/api/v1/nothing", id="a path that is none"),
    pytest.param("DELETE", "/api/v1/outlets", 405, "DELETE", id="a method that the path does not know"),
    pytest.param("GET", "/api/v1/rates/explain?level=county&id=999999", 404, "county", id="an unknown county"),
    pytest.param("GET", "/api/v1/rates/explain?level=county", 422, "query/id", id="an explanation of nothing"),
    pytest.param("GET", "/api/v1/rates?level=planet", 422, "query/level", id="a level that is none"),
    pytest.param("GET", "/api/v1/rates?window=month&period=2026-13", 422, "query/period", id="a month that is none"),
    pytest.param("GET", "/api/v1/rates?window=month&period=2026-Q1", 422, "query/period", id="a quarter for a month"),
    pytest.param("GET", "/api/v1/rates?window=year&period=0000", 422, "query/period", id="the year nought"),
    pytest.param("GET", "/api/v1/outlets/O371502-01/readings?every=0m", 422, "query/every", id="a step of nothing"),
    pytest.param("GET", "/api/v1/outlets/O371502-01/readings?every=soon", 422, "query/every", id="a step in words"),
    pytest.param("GET", "/api/v1/outlets/O371502-01/readings?cn=9999", 422, "query/cn", id="a command without data"),
    pytest.param("GET", "/api/v1/outlets/O371502-01/hours?from=yesterday", 422, "query/from", id="a moment in words"),
    pytest.param("GET", "/api/v1/outlets/O371502-01/hours?to=0001-01-01", 422, "query/to", id="before the calendar"),
    pytest.param(
        "GET", "/api/v1/outlets/O371502-01/hours?from=2026-11-10&to=2026-11-09", 422, "query/from", id="backwards"
    ),
    pytest.param("GET", "/api/v1/outlets/O371502-01/hours?from=2020-01-01", 422, "query/from", id="too long a span"),
    pytest.param("GET", "/api/v1/events?kinds=gossip", 422, "query/kinds", id="a kind of event that is none"),
    pytest.param("POST", "/api/v1/marks", 422, "body", id="a mark without a body"),
]


@pytest.mark.parametrize(("method", "path", "status", "named"), CASES)
async def test_problem(client, method, path, status, named):
    reply = await client.request(method, path)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["status"] == status
    assert problem["instance"] == path.partition("?")[0]
    assert named in json.dumps(problem)


async def test_a_store_that_is_away_is_503_with_a_time_to_come_back(client, sources, monkeypatch):
    class Away:
        def hours(self, **_: object) -> None:
            raise StoreUnavailable("connection refused")

        def ping(self) -> str:
            raise StoreUnavailable("connection refused")

    monkeypatch.setattr(sources, "store", Away())
    reply = await client.get("/api/v1/outlets/O371502-01/hours")
    assert reply.status_code == 503
    assert reply.headers["retry-after"] == "5"
    assert "connection refused" in reply.json()["detail"]
    ready = await client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["series"].startswith("away")


async def test_what_nobody_thought_of_is_500_without_its_insides(client, sources, monkeypatch):
    class Broken:
        def hours(self, **_: object) -> None:
            raise ZeroDivisionError("secret")

    monkeypatch.setattr(sources, "store", Broken())
    reply = await client.get("/api/v1/outlets/O371502-01/hours")
    assert reply.status_code == 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert "secret" not in reply.text


async def test_alive_ready_and_measured(client):
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    ready = await client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["kafka"] == "away"
    assert "python_info" in (await client.get("/metrics")).text


async def test_the_clock_says_that_it_is_simulated(client):
    assert (await client.get("/api/v1/clock")).json() == {"now": "2026-11-10T14:20:00+08:00", "simulated": True}


async def test_the_openapi_document_names_every_path_of_the_interface(client):
    document = (await client.get("/api/openapi.json")).json()
    assert {
        "/api/v1/outlets",
        "/api/v1/outlets/{outlet_id}",
        "/api/v1/outlets/{outlet_id}/readings",
        "/api/v1/outlets/{outlet_id}/hours",
        "/api/v1/rates",
        "/api/v1/rates/explain",
        "/api/v1/findings",
        "/api/v1/alerts",
        "/api/v1/alerts/{alert_id}/acknowledge",
        "/api/v1/alerts/{alert_id}/verify",
        "/api/v1/alerts/{alert_id}/rectify",
        "/api/v1/alerts/{alert_id}/close",
        "/api/v1/cases",
        "/api/v1/cases/{case_id}/advance",
        "/api/v1/cases/{case_id}/return",
        "/api/v1/cases/{case_id}/clear",
        "/api/v1/marks",
        "/api/v1/marks/{mark_id}/revoke",
        "/api/v1/quarantine",
        "/api/v1/account",
        "/api/v1/events",
        "/api/v1/clock",
    } <= set(document["paths"])
    assert (await client.get("/api/docs")).status_code == 200
