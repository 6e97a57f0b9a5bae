"""The conservation account over HTTP: totals, the outlet with the hole first, and down to its numbers."""

from datetime import datetime, timedelta

import pytest

from contracts.codec import encode
from contracts.topics import READINGS
from emissions.account import COLUMNS, AccountHour, Passed
from emissions.beijing import BEIJING
from web.live import Live
from web.views.account import account, by_outlet

HOUR = datetime(2026, 11, 10, 9, tzinfo=BEIJING)
OUTLET, OTHER = "O371502-01", "O371503-01"
GAP = {"stage": "judging", "series": "gw1/b1", "first": 17, "last": 18}


def line(outlet: str = OUTLET, *, hour: datetime = HOUR, missing: int = 0, stored: int | None = 50) -> AccountHour:
    return AccountHour(
        outlet=outlet,
        enterprise="E",
        county=outlet[1:7],
        hour=hour,
        published=60,
        relayed=58,
        quarantined=2,
        judged=58 - missing,
        heartbeats=5,
        without_values=2,
        refused=1,
        stored=stored,
        missing=missing,
        gaps=(GAP,) if missing else (),
        as_of=hour + timedelta(hours=2),
    )


LINES = [line(missing=2), line(OTHER), line(OTHER, hour=HOUR + timedelta(hours=1), stored=None)]


@pytest.fixture(scope="module")
def counted(store):
    store.write(LINES)


def test_outlets_with_holes_come_first():
    sums = by_outlet([*LINES[1:], LINES[0]])
    assert [(one.outlet, one.total["missing"], one.open) for one in sums] == [(OUTLET, 2, 0), (OTHER, 0, 1)]
    assert sums[1].total["published"] == 120


def test_frames_and_hours_stand_side_by_side(judged):
    hours = [hour for hour in judged if hour.hour == HOUR and hour.outlet == OUTLET]
    (found,) = account([LINES[0]], hours, {OUTLET: "mn"})
    assert (found.mn, found.closed, found.gaps) == ("mn", True, (GAP,))
    assert {name: getattr(found, name) for name in COLUMNS} == {name: getattr(LINES[0], name) for name in COLUMNS}
    assert found.hours.judged == len(hours) == 3


def test_an_hour_that_no_stage_has_counted_is_open():
    (found,) = account([line(stored=None)], [], {})
    assert (found.closed, found.stored, found.judged) == (False, None, 58)


def test_a_roll_call_among_the_readings_is_no_reading():
    live = Live()
    live.hear(READINGS.name, encode(Passed(stage="judging", outlet=OUTLET, hour=HOUR)))
    assert live.refused == 0
    assert live.last_received(OUTLET) is None


async def test_over_http(client, counted):
    query = {"from": "2026-11-10T09:00:00+08:00", "to": "2026-11-10T11:00:00+08:00"}
    found = (await client.get("/api/v1/account", params=query)).json()
    assert {name: found["total"][name] for name in ("published", "relayed", "quarantined", "missing")} == {
        "published": 180,
        "relayed": 174,
        "quarantined": 6,
        "missing": 2,
    }
    (hole,) = [item for item in found["items"] if item["missing"]]
    assert (hole["outlet"], hole["hour"], hole["gaps"]) == (OUTLET, "2026-11-10T09:00:00+08:00", [GAP])
    assert hole["hours"]["judged"] == 3
    one = (await client.get("/api/v1/account", params={**query, "outlet": OTHER})).json()
    assert {item["outlet"] for item in one["items"]} == {OTHER}
    assert [item["closed"] for item in one["items"]] == [True, False]
