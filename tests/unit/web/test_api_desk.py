"""The desk beside alerts and cases: assign, comment, attach; work orders, proposals, silences."""

import httpx
import pytest

from alerts.ladder import Ladder
from alerts.policy import Policy
from alerts.repository import Repository
from tests.unit.alerts.scene import HOUR, exceedance
from tests.unit.web import crowd, town
from web.app import build_api

ME = "token:tests"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
OUTLET = "O371502-01"
DUE = "2026-11-12T08:00:00+08:00"


async def first(client, what):
    return (await client.get(f"/api/v1/{what}")).json()["items"][0]


async def done(client, path, status=200, **said):
    reply = await client.post(f"/api/v1/{path}", json=said)
    assert reply.status_code == status, reply.text
    return reply.json()


@pytest.fixture
async def of_another_county(sources, access, client):
    """Somebody who leads the county next door."""
    app = client._transport.app
    headers = crowd.bearing(crowd.token(access, "county_head", "371503", name="next door"))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://stackwatch", headers=headers) as asking:
        yield asking


async def test_an_alert_is_assigned_and_talked_about(client):
    alert = await first(client, "alerts?state=raised&county=371502")
    path = f"alerts/{alert['id']}"
    assigned = (await done(client, f"{path}/assign", assignee="王五", note="就近"))["alert"]
    assert assigned["assignee"] == "王五"
    commented = (await done(client, f"{path}/comment", note="已到现场"))["alert"]
    assert (commented["state"], commented["version"] > assigned["version"]) == ("raised", True)
    events = (await client.get(f"/api/v1/{path}")).json()["events"]
    assert [(event["name"], event["by"], event["reason"]) for event in events[1:]] == [
        ("assigned", ME, "就近"),
        ("commented", ME, "已到现场"),
    ]
    assert events[1]["detail"] == {"to": "王五", "was": ""}


async def test_a_case_is_talked_about(client):
    case = await first(client, "cases?state=open")
    await done(client, f"cases/{case['id']}/comment", note="约见企业")
    assert (await client.get(f"/api/v1/cases/{case['id']}")).json()["events"][-1]["reason"] == "约见企业"


@pytest.mark.parametrize("where", ["alerts", "cases", "work-orders"])
async def test_a_file_comes_back_as_a_download_that_no_browser_runs(client, where):
    if where == "work-orders":
        await done(client, where, 201, outlet=OUTLET, kind="repair", title="更换滤芯")
    thing = await first(client, where)
    path = f"/api/v1/{where}/{thing['id']}/attachments"
    sent = await client.post(
        path, params={"name": '现场 "1".png', "note": "烟囱"}, content=PNG, headers={"Content-Type": "image/png"}
    )
    assert sent.status_code == 201, sent.text
    (listed,) = (await client.get(path)).json()["items"]
    assert listed == sent.json()["attachment"]
    assert (listed["size"], listed["added_by"]) == (len(PNG), ME)
    got = await client.get(f"{path}/{listed['id']}")
    assert got.content == PNG
    assert got.headers["content-disposition"].startswith("attachment;")
    assert '"1"' not in got.headers["content-disposition"]
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    events = (await client.get(f"/api/v1/{where}/{thing['id']}")).json()["events"]
    assert events[-1]["name"] == "attached"
    assert events[-1]["detail"]["sha256"] == listed["sha256"]


@pytest.mark.parametrize(
    ("name", "media_type", "content", "status"),
    [
        pytest.param("a.html", "text/html", b"<script>", 422, id="a type that is not allowed"),
        pytest.param("a.png", "image/png", b"<script>", 422, id="not what it says it is"),
        pytest.param("a.html", "image/png", PNG, 422, id="a name of another type"),
        pytest.param("a.txt", "text/plain", b"a\x00b", 422, id="text that is none"),
        pytest.param("..", "text/plain", b"a", 422, id="a name that is a folder"),
        pytest.param("a.txt", "text/plain", b"", 422, id="nothing"),
        pytest.param("a.txt", "text/plain", b"a" * 10_000_001, 413, id="too large"),
    ],
)
async def test_a_file_that_is_not_taken(client, name, media_type, content, status):
    alert = await first(client, "alerts")
    path = f"/api/v1/alerts/{alert['id']}/attachments"
    reply = await client.post(path, params={"name": name}, content=content, headers={"Content-Type": media_type})
    assert reply.status_code == status, reply.text
    assert (await client.get(path)).json()["items"] == []


async def test_a_work_order_from_ordering_over_a_return_to_closing(client):
    order = (
        await done(
            client,
            "work-orders",
            201,
            outlet=OUTLET,
            kind="maintenance",
            title="季度巡检",
            due_at=DUE,
            planned=True,
            assignee="运维一组",
        )
    )["work_order"]
    path = f"work-orders/{order['id']}"
    assert (order["state"], order["deadline"], order["county"]) == ("open", DUE, "371502")
    for verb, said, state in [
        ("done", {"note": "已巡检"}, "done"),
        ("return", {"note": "记录不全"}, "open"),
        ("assign", {"assignee": "运维二组"}, "open"),
        ("done", {"note": "补齐记录"}, "done"),
        ("comment", {"note": "已复核"}, "done"),
        ("close", {}, "closed"),
    ]:
        assert (await done(client, f"{path}/{verb}", **said))["work_order"]["state"] == state
    assert (await client.post(f"/api/v1/{path}/cancel", json={"note": "晚了"})).status_code == 409
    found = (await client.get(f"/api/v1/{path}")).json()
    names = [event["name"] for event in found["events"]]
    assert names == ["ordered", "done", "returned", "assigned", "done", "commented", "closed"]
    rates = (await client.get("/api/v1/work-orders/rates?period=2026-11")).json()
    assert rates["closing"] == {"of": 0, "done": 0, "in_time": 0, "pct": None}, "nothing was due by now"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"outlet": "none"}, 404, id="an outlet that is not registered"),
        pytest.param({"kind": "holiday"}, 422, id="a kind that is none"),
        pytest.param({"due_at": "2026-11-01T00:00:00+08:00"}, 422, id="due before now"),
        pytest.param({"due_at": "2026-11-12T00:00:00"}, 422, id="a moment without an offset"),
        pytest.param({"title": "  "}, 422, id="nothing to do"),
        pytest.param({"alert_id": "none"}, 404, id="an alert that does not exist"),
    ],
)
async def test_an_order_that_cannot_be(client, change, status):
    said = {"outlet": OUTLET, "kind": "repair", "title": "更换滤芯"} | change
    reply = await client.post("/api/v1/work-orders", json=said)
    assert reply.status_code == status, reply.text
    assert (await client.get("/api/v1/work-orders")).json()["items"] == []


async def test_a_proposal_is_decided_once_with_a_reason(client, repository):
    bureau = Repository(repository.engine, policy=Policy(ladder=Ladder()))
    assert bureau.take_in([exceedance(2)], now=town.NOW) == []
    proposal = await first(client, "proposals?state=proposed")
    assert (proposal["enterprise"], proposal["step"], list(proposal["grounds"])) == ("e1", "fine_at_once", ["f1"])
    path = f"proposals/{proposal['id']}"
    assert (await client.post(f"/api/v1/{path}/confirm", json={})).status_code == 422
    confirmed = (await done(client, f"{path}/confirm", note="现场核实，立案"))["proposal"]
    assert (confirmed["state"], confirmed["deadline"], confirmed["state_detail"]["by"]) == ("confirmed", None, ME)
    assert (await client.post(f"/api/v1/{path}/decline", json={"note": "不罚"})).status_code == 409
    events = (await client.get(f"/api/v1/{path}")).json()["events"]
    assert [(event["name"], event["by"]) for event in events] == [("proposed", "data"), ("confirmed", ME)]


async def test_a_silence_is_shown_until_it_ends_and_at_the_alerts_that_it_covers(client):
    alert = await first(client, "alerts?county=371502")
    ends_at = (town.NOW + 4 * HOUR).isoformat()
    silence = (
        await done(client, "silences", 201, outlet=alert["subject"]["outlet"], ends_at=ends_at, reason="停机检修")
    )["silence"]
    assert (silence["author"], silence["reason"], silence["ended_at"]) == (ME, "停机检修", None)
    assert silence["county"] == "371502", "whoever sees another county does not hear of the outlet"
    told = (await client.get(f"/api/v1/alerts/{alert['id']}/notices")).json()
    assert [one["id"] for one in told["silences"]] == [silence["id"]]
    assert (await first(client, "silences?state=active"))["id"] == silence["id"]
    await done(client, f"silences/{silence['id']}/end", note="检修完毕")
    assert (await client.get("/api/v1/silences?state=active")).json()["items"] == []
    assert (await first(client, "silences?state=ended"))["ended_at"] is not None
    assert (await client.post(f"/api/v1/silences/{silence['id']}/end", json={"note": "再次"})).status_code == 409


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"reason": ""}, id="no reason"),
        pytest.param({"outlet": ""}, id="everything"),
        pytest.param({"county": "371503"}, id="an outlet of another county than it says"),
        pytest.param({"ends_at": "2026-11-01T00:00:00+08:00"}, id="an end that is past"),
        pytest.param({"ends_at": "2027-11-01T00:00:00+08:00"}, id="a year"),
    ],
)
async def test_a_silence_that_cannot_be(client, change):
    said = {"outlet": OUTLET, "reason": "检修", "ends_at": "2026-11-11T00:00:00+08:00"} | change
    assert (await client.post("/api/v1/silences", json=said)).status_code == 422
    assert (await client.get("/api/v1/silences")).json()["items"] == []


async def test_what_is_another_countys_is_not_there(client, of_another_county, repository):
    bureau = Repository(repository.engine, policy=Policy(ladder=Ladder()))
    assert bureau.take_in([exceedance(2)], now=town.NOW) == []
    alert = await first(client, "alerts?county=371502")
    order = (await done(client, "work-orders", 201, outlet=OUTLET, kind="repair", title="更换滤芯"))["work_order"]
    proposal = await first(client, "proposals")
    ends_at = (town.NOW + HOUR).isoformat()
    silence = (await done(client, "silences", 201, outlet=OUTLET, county="371502", ends_at=ends_at, reason="检修"))[
        "silence"
    ]
    for what in ("work-orders", "proposals", "silences"):
        assert (await of_another_county.get(f"/api/v1/{what}")).json()["items"] == []
    read = [
        f"alerts/{alert['id']}/notices",
        f"alerts/{alert['id']}/attachments",
        f"work-orders/{order['id']}",
        f"work-orders/{order['id']}/attachments",
        f"proposals/{proposal['id']}",
        f"silences/{silence['id']}",
    ]
    for path in read:
        assert (await of_another_county.get(f"/api/v1/{path}")).status_code == 404, path
    acted = {
        f"alerts/{alert['id']}/assign": {"assignee": "x"},
        f"alerts/{alert['id']}/comment": {"note": "x"},
        f"work-orders/{order['id']}/done": {"note": "x"},
        f"work-orders/{order['id']}/close": {},
        f"proposals/{proposal['id']}/confirm": {"note": "x"},
        f"silences/{silence['id']}/end": {"note": "x"},
        "work-orders": {"outlet": OUTLET, "kind": "repair", "title": "x"},
        "silences": {"county": "371502", "ends_at": ends_at, "reason": "x"},
    }
    for path, said in acted.items():
        assert (await of_another_county.post(f"/api/v1/{path}", json=said)).status_code == 404, path


async def test_causes_come_from_the_rulebook(client):
    ids = [cause["id"] for cause in (await client.get("/api/v1/causes")).json()["items"]]
    assert "monitor_fault" in ids


def test_the_desk_is_described(sources, access):
    paths = build_api(sources, access).openapi()["paths"]
    for path in ("work-orders", "work-orders/{order_id}/close", "proposals/{proposal_id}/decline", "silences"):
        assert f"/api/v1/{path}" in paths
