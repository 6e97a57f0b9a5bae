"""What people do: alerts, cases and marks."""

import json

import pytest

from contracts.codec import encode

MARK = {
    "outlet": "O371502-01",
    "mark": "maintenance",
    "from": "2026-11-10T08:00:00+08:00",
    "to": "2026-11-10T10:00:00+08:00",
    "note": "更换滤芯",
}


ME = "token:tests"
"""Who asks here, and so who acts, whatever a body says."""


async def first(client, what):
    return (await client.get(f"/api/v1/{what}")).json()["items"][0]


async def test_an_alert_goes_from_raised_to_closed_and_remembers_who(client):
    alert = await first(client, "alerts?state=raised&county=371502")
    path = f"/api/v1/alerts/{alert['id']}"
    steps = [
        ("acknowledge", {}, "acknowledged"),
        ("verify", {"violation": True, "cause": "treatment_failure"}, "verified"),
        ("rectify", {"note": "浆液泵已修复"}, "rectified"),
        ("close", {"note": "复测达标"}, "closed"),
    ]
    for verb, body, state in steps:
        reply = await client.post(f"{path}/{verb}", json=body)
        assert reply.status_code == 200, reply.text
        assert reply.json()["alert"]["state"] == state
    events = (await client.get(path)).json()["events"]
    assert [(event["name"], event["by"]) for event in events] == [
        ("raised", "data"),
        ("acknowledged", ME),
        ("verified", ME),
        ("rectified", ME),
        ("closed", ME),
    ]
    assert alert["id"] not in {a["id"] for a in (await client.get("/api/v1/alerts?state=open")).json()["items"]}


async def test_an_alert_cannot_be_closed_unseen(client):
    alert = await first(client, "alerts")
    reply = await client.post(f"/api/v1/alerts/{alert['id']}/close", json={"note": "没事"})
    assert reply.status_code == 409
    assert "raised" in reply.json()["detail"]


async def test_two_people_who_read_the_same_version_do_not_both_succeed(client):
    alert = await first(client, "alerts")
    path = f"/api/v1/alerts/{alert['id']}/acknowledge"
    assert (await client.post(path, json={"version": alert["version"]})).status_code == 200
    assert (await client.post(path, json={"version": alert["version"]})).status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"by": ME}, 200, id="one's own name is said"),
        pytest.param({"by": "data"}, 422, id="the data's own name is claimed"),
        pytest.param({"by": "张三"}, 422, id="somebody else's name is claimed"),
        pytest.param({"surprise": 1}, 422, id="a field that there is none of"),
    ],
)
async def test_whoever_asks_is_the_one_who_acts(client, body, status):
    alert = await first(client, "alerts")
    reply = await client.post(f"/api/v1/alerts/{alert['id']}/acknowledge", json=body)
    assert reply.status_code == status, reply.text


async def test_a_case_goes_to_clearance_with_one_return(client):
    case = await first(client, "cases?state=open")
    path = f"/api/v1/cases/{case['id']}"
    said = {"note": "已完成整改"}
    walk = [
        ("advance", "rectifying"),
        ("advance", "clearance_requested"),
        ("advance", "verifying"),
        ("return", "rectifying"),
        ("advance", "clearance_requested"),
        ("advance", "verifying"),
        ("clear", "cleared"),
    ]
    for verb, state in walk:
        reply = await client.post(f"{path}/{verb}", json=said)
        assert reply.status_code == 200, reply.text
        assert reply.json()["case"]["state"] == state
    assert (await client.post(f"{path}/advance", json=said)).status_code == 409
    assert (await client.get("/api/v1/cases?state=open")).json()["items"] == []


async def test_a_mark_reaches_the_feed_before_the_answer(client, feed):
    reply = await client.post("/api/v1/marks", json=MARK)
    assert reply.status_code == 201, reply.text
    line = json.loads(encode(feed.sent[0]))
    assert line == reply.json()["mark"]
    assert line["kind"] == "mark"
    assert line["mn"] == "MN3715020001"
    assert line["entered_at"] == "2026-11-10T14:20:00+08:00"
    assert line["from"] == MARK["from"]
    assert line["revoked"] is False


async def test_the_same_mark_twice_is_one_mark_and_another_under_its_id_is_refused(client, feed):
    assert (await client.post("/api/v1/marks", json=MARK | {"id": "m1"})).status_code == 201
    assert (await client.post("/api/v1/marks", json=MARK | {"id": "m1"})).status_code == 200
    assert len(feed.sent) == 1
    other = await client.post("/api/v1/marks", json=MARK | {"id": "m1", "mark": "fault"})
    assert other.status_code == 409
    assert len(feed.sent) == 1


async def test_a_mark_that_kafka_did_not_take_is_not_answered_and_can_be_sent_again(client, feed):
    feed.away = True
    reply = await client.post("/api/v1/marks", json=MARK | {"id": "m2"})
    assert reply.status_code == 503
    assert "m2" in reply.json()["detail"]
    feed.away = False
    assert (await client.post("/api/v1/marks", json=MARK | {"id": "m2"})).status_code == 201
    assert [mark.id for mark in feed.sent] == ["m2"]


async def test_a_mark_is_revoked_once_with_the_span_it_had(client, feed):
    await client.post("/api/v1/marks", json=MARK | {"id": "m3"})
    for _ in range(2):
        reply = await client.post("/api/v1/marks/m3/revoke", json={"note": "录错"})
        assert reply.status_code == 200, reply.text
    entered, revoked = feed.sent
    assert (revoked.id, revoked.revoked, revoked.by) == ("m3", True, ME)
    assert (revoked.from_, revoked.to) == (entered.from_, entered.to)
    assert (await client.get("/api/v1/marks/m3")).json()["revoked"] is True


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param({"outlet": "none"}, "body/outlet", id="an outlet that is not registered"),
        pytest.param({"mark": "holiday"}, "body/mark", id="a kind that is none"),
        pytest.param({"from": "2026-11-10T08:00:00"}, "body/from", id="a moment without an offset"),
        pytest.param({"to": "2026-11-10T08:00:00+08:00"}, "body/to", id="a span of nothing"),
        pytest.param({"from": "2025-01-01T00:00:00+08:00"}, "body/from", id="more than a year ago"),
        pytest.param({"to": "9999-12-31T23:59:59-12:00"}, "body", id="the end of the calendar"),
        pytest.param({"by": "张三"}, "body/by", id="another is said to declare it"),
        pytest.param({"id": "../x"}, "body/id", id="an id that is a path"),
    ],
)
async def test_a_mark_that_cannot_be_is_refused(client, feed, change, named):
    reply = await client.post("/api/v1/marks", json=MARK | change)
    assert reply.status_code == 422
    assert named in {error["pointer"] for error in reply.json()["errors"]} or named == "body"
    assert feed.sent == []
