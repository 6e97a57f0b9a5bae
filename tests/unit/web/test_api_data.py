"""Outlets, readings, hours, rates and their explanation over HTTP."""

from collections import Counter

import httpx
import pytest

from tests.unit.web import town
from tests.unit.web.town import HOSTILE

OUTLET = "O371502-01"


async def get(client: httpx.AsyncClient, path: str, status: int = 200, **query: object):
    reply = await client.get(f"/api/v1{path}", params={k: str(v) for k, v in query.items()})
    assert reply.status_code == status, reply.text
    return reply.json()


async def test_outlets_carry_their_register_entry_and_hostile_names_as_plain_text(client):
    items = (await get(client, "/outlets"))["items"]
    assert [item["id"] for item in items] == ["O371502-01", "O371502-02", "O371503-01"]
    assert items[0]["name"] == HOSTILE
    assert items[0]["enterprise"]["name"] == HOSTILE
    assert items[0]["pollutants"] == list(town.POLLUTANTS)


async def test_outlets_of_one_county(client):
    assert [o["id"] for o in (await get(client, "/outlets", county="371503"))["items"]] == ["O371503-01"]


async def test_one_outlet_has_its_rates_of_the_month(client):
    outlet = await get(client, f"/outlets/{OUTLET}")
    assert {(rate["period"], rate["track"]) for rate in outlet["rates"]} == {
        ("2026-11", "in_time"),
        ("2026-11", "completed"),
    }


async def test_readings_of_the_last_hour_by_default(client):
    items = (await get(client, f"/outlets/{OUTLET}/readings"))["items"]
    assert len(items) == 29
    assert all(item["kind"] == "reading" and item["cn"] == "2011" for item in items)
    assert items == sorted(items, key=lambda item: item["at"])
    assert items[0]["at"].endswith("+08:00")


async def test_readings_of_one_factor(client):
    items = (await get(client, f"/outlets/{OUTLET}/readings", factor="a21026"))["items"]
    assert set().union(*(item["numbers"] for item in items)) == {"a21026-Rtd", "a21026-ZsRtd"}


async def test_every_gives_means_that_count_all_readings(client):
    span = {"from": "2026-11-10T13:00:00+08:00", "to": "2026-11-10T15:00:00+08:00"}
    plain = (await get(client, f"/outlets/{OUTLET}/readings", **span))["items"]
    means = (await get(client, f"/outlets/{OUTLET}/readings", **span, every="10m"))["items"]
    assert sum(mean["readings"] for mean in means) == len(plain)
    first = [r["numbers"]["a21026-Rtd"] for r in plain if r["at"] < "2026-11-10T14:00:00+08:00"]
    assert means[0]["at"] == "2026-11-10T13:50:00+08:00"
    assert means[0]["numbers"]["a21026-Rtd"] == pytest.approx(sum(first) / len(first))


async def test_hours_between_two_moments_with_a_plus_sign_that_became_a_space(client):
    path = f"/api/v1/outlets/{OUTLET}/hours?from=2026-11-09T00:00:00+08:00&to=2026-11-09T03:00:00+08:00"
    reply = await client.get(path)
    assert reply.status_code == 200, reply.text
    assert len(reply.json()["items"]) == 3 * 3


async def test_a_moment_without_an_offset_is_beijing_time(client):
    items = (await get(client, f"/outlets/{OUTLET}/hours", **{"from": "2026-11-09", "to": "2026-11-09T01:00"}))["items"]
    assert {item["hour"] for item in items} == {"2026-11-09T00:00:00+08:00"}


async def test_rates_of_the_current_month_on_both_tracks(client):
    answer = await get(client, "/rates")
    assert answer["period"] == "2026-11"
    assert [(rate["id"], rate["track"]) for rate in answer["items"]] == [
        ("371502", "in_time"),
        ("371502", "completed"),
        ("371503", "in_time"),
        ("371503", "completed"),
    ]


SUBJECTS = [("outlet", OUTLET), ("enterprise", "E371502-1"), ("county", "371502"), ("city", "371500")]


@pytest.mark.parametrize(("level", "id_"), SUBJECTS, ids=[level for level, _ in SUBJECTS])
@pytest.mark.parametrize("track", ["in_time", "completed"])
@pytest.mark.parametrize(("window", "period"), [("day", "2026-11-09"), ("month", "2026-11"), ("quarter", "2026-Q4")])
async def test_an_explained_rate_adds_up(client, level, id_, track, window, period):
    answer = await get(
        client, "/rates/explain", level=level, id=id_, window=window, period=period, track=track, limit=10_000
    )
    assert answer["adds_up"] is True
    counts, rate = answer["counts"], answer["rate"]
    assert {k: counts[k] for k in ("due", "excluded", "expected", "received", "valid")} == {
        k: rate[k] for k in ("due", "excluded", "expected", "received", "valid")
    }
    states = Counter(hour["counted_as"] for hour in answer["hours"])
    assert (states["valid"], states["invalid"], states["missing"], states["excluded"]) == (
        counts["valid"],
        counts["invalid"],
        counts["missing"],
        counts["excluded"],
    )
    assert sum(reason["count"] for reason in answer["reasons"]) == counts["due"] == answer["total"]
    if level != "outlet":
        assert sum(part["valid"] for part in answer["parts"]) == counts["valid"]


async def test_an_hour_of_an_explanation_leads_to_its_packet_and_rule(client):
    answer = await get(client, "/rates/explain", level="outlet", id=OUTLET, state="invalid", track="completed")
    hour = answer["hours"][0]
    assert (hour["counted_as"], hour["counted_reason"], hour["rule"]) == ("invalid", "flag_C", "R7.4")
    assert hour["hour"]["evidence"]["qn"]


async def test_hours_of_an_explanation_come_in_pages(client):
    asked = {"level": "county", "id": "371502"}
    whole = await get(client, "/rates/explain", **asked, limit=10_000)
    pages = [await get(client, "/rates/explain", **asked, limit=500, offset=offset) for offset in range(0, 1500, 500)]
    assert [hour for page in pages for hour in page["hours"]] == whole["hours"]


async def test_a_rate_that_no_longer_adds_up_says_so(client, sources, store, judged):
    changed = next(h for h in judged if h.outlet == OUTLET and h.state == "missing")
    from dataclasses import replace

    late = replace(changed, state="valid", reason="ok", revision=1, known_at=town.NOW)
    store.write([late])
    try:
        answer = await get(client, "/rates/explain", level="outlet", id=OUTLET, track="completed")
        assert answer["adds_up"] is False
        assert answer["changed_since"] == 1
    finally:
        store.write([replace(changed, revision=2)])
