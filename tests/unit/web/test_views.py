"""What the pages look ahead to and audit: a county's budget, the running hour, coverage, what a mark changes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from emissions.beijing import HOUR
from emissions.coverage import CoverageRule
from emissions.event import Mark
from emissions.reading import Reading
from emissions.register import Outlet
from emissions.rules import Parameters
from tests.unit.web import town
from web.views.budget import county_budgets, remaining
from web.views.coverage import coverage
from web.views.mark_effect import MOST_HOURS, changed, effects
from web.views.running_hour import one_pollutant

HOUR_START = town.NOW.replace(minute=0)
END = town.NOW.replace(month=12, day=1, hour=0, minute=0)


# -- budget ------------------------------------------------------------------------------------------------------


def test_a_countys_budget_counts_what_is_expected_until_the_end_of_the_month(store, register):
    in_time, completed = county_budgets(store, register, Parameters(), "371502", now=town.NOW)
    assert (in_time.track, completed.track) == ("in_time", "completed")
    # Roll call of 14:00: hours up to 12:00 are counted, 13:00 and later are to come.
    to_come = 2 * 3 * int((END - town.NOW.replace(hour=13, minute=0)) / HOUR)
    assert in_time.budget.total == in_time.rate.expected + to_come
    assert in_time.budget.missed == in_time.rate.expected - in_time.rate.valid
    assert in_time.pace.expected == 2 * 3 * (13 + 24 + 24) - in_time.pace.excluded


def test_a_county_without_outlets_has_no_budget(store, register):
    assert county_budgets(store, register, Parameters(), town.NO_OUTLETS, now=town.NOW) == []


@pytest.mark.parametrize(
    ("changes", "hours"),
    [
        pytest.param({}, 10, id="connected long ago"),
        pytest.param({"connected_from": HOUR_START + 4 * HOUR}, 6, id="connected within the span"),
        pytest.param(
            {"connected_from": HOUR_START + timedelta(hours=4, minutes=1)}, 5, id="an hour that has begun is not due"
        ),
        pytest.param({"connected_from": HOUR_START + 40 * HOUR}, 0, id="connected later"),
        pytest.param({"connected_from": None}, 0, id="not connected"),
        pytest.param({"must_monitor": False}, 0, id="exempted"),
    ],
)
def test_what_will_still_be_due_of_an_outlet(register, changes, hours):
    outlet = replace(register.outlets["O371502-01"], **changes)
    assert remaining(outlet, HOUR_START, HOUR_START + 10 * HOUR) == 3 * hours


# -- the running hour --------------------------------------------------------------------------------------------


@pytest.fixture
def outlet(register) -> Outlet:
    return register.outlets["O371502-01"]


def minute(outlet: Outlet, after: int, *, cn: str = "2051", flag: str = "N", **numbers: float) -> Reading:
    at = HOUR_START + timedelta(minutes=after)
    return Reading(
        outlet=outlet.id,
        enterprise=outlet.enterprise,
        county=outlet.county,
        cn=cn,
        at=at,
        received_at=at,
        numbers={key.replace("_", "-"): value for key, value in numbers.items()},
        flags={"a21026-Flag": flag},
    )


def running(outlet: Outlet, *readings: Reading, now: int = 30):
    return one_pollutant(
        outlet,
        town.rules(),
        "a21026",
        [one for one in readings if one.cn == "2051"],
        [one for one in readings if one.cn == "2011"],
        now=HOUR_START + timedelta(minutes=now),
    )


def test_momentary_values_stand_only_for_what_no_minute_mean_covers(outlet):
    found = running(
        outlet,
        minute(outlet, 0, a21026_ZsAvg=20.0, a21026_Avg=21.0),
        minute(outlet, 5, cn="2011", a21026_ZsRtd=99.0, a21026_Rtd=99.0),
        minute(outlet, 10, cn="2011", a21026_ZsRtd=50.0, a21026_Rtd=50.0),
        now=12,
    )
    assert found.limit_mg_m3 == 35.0
    assert found.forecast.known_minutes == 12
    assert found.forecast.mean_so_far == pytest.approx((20 * 10 + 50 * 2) / 12)
    assert found.forecast.exceeds


def test_a_value_that_was_not_converted_is_converted_here(outlet):
    found = running(outlet, minute(outlet, 0, a21026_Avg=20.0, a19001_Avg=11.0))
    assert found.forecast.last == pytest.approx(20.0 * 15 / 10)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"flag": "C", "a21026_ZsAvg": 20.0, "a21026_Avg": 20.0}, id="a flag"),
        pytest.param({"a21026_Avg": 20.0}, id="no oxygen to convert with"),
        pytest.param({"a21026_ZsAvg": 20.0, "a21026_Avg": 20.0, "a19001_Avg": 20.5}, id="nothing burns"),
        pytest.param({"a34013_Avg": 1.0}, id="another pollutant"),
    ],
)
def test_what_does_not_count_gives_no_forecast(outlet, given):
    assert running(outlet, minute(outlet, 0, **given)).forecast is None


def test_without_reference_oxygen_the_measured_value_counts(outlet):
    rules = replace(town.rules(), limits={})
    bare = replace(outlet, reference_o2_pct=None)
    readings = [minute(bare, 0, a21026_Avg=20.0, a21026_ZsAvg=99.0)]
    found = one_pollutant(bare, rules, "a21026", readings, [], now=HOUR_START + timedelta(minutes=10))
    assert (found.forecast.last, found.limit_mg_m3, found.forecast.exceeds) == (20.0, None, False)


# -- coverage ----------------------------------------------------------------------------------------------------


def test_who_has_sent_this_year_is_no_gap_and_who_has_not_is_one(store, register):
    silent = replace(register.outlets["O371502-01"], id="silent", mn="MN-SILENT")
    bare = replace(silent, id="bare", mn="")
    wider = replace(register, outlets={**register.outlets, "silent": silent, "bare": bare})
    found = coverage(store, wider, CoverageRule(), lambda _: None, now=town.NOW)
    assert {gap.outlet.id: gap.status for gap in found} == {"silent": "never_sent", "bare": "no_monitor"}
    heard = coverage(store, wider, CoverageRule(), lambda id_: town.NOW if id_ == "silent" else None, now=town.NOW)
    assert [gap.outlet.id for gap in heard] == ["bare"]


# -- what a mark changes -----------------------------------------------------------------------------------------


def mark(kind: str, start: float, end: float, *, id_: str = "m", entered: float = 0) -> Mark:
    """A mark of hours counted from noon."""
    noon = town.NOW.replace(hour=12, minute=0)
    return Mark(
        id=id_,
        outlet="O",
        mn="MN",
        mark=kind,
        from_=noon + start * HOUR,
        to=noon + end * HOUR,
        entered_at=noon + entered * HOUR,
        by="李工",
    )


@pytest.mark.parametrize(
    ("given", "others", "changes"),
    [
        pytest.param(mark("maintenance", 0, 2), [], ["invalid", "invalid"], id="a device mark makes hours invalid"),
        pytest.param(mark("stopped", 0, 1), [], ["excluded"], id="a stop excludes"),
        pytest.param(mark("starting", 0, 1), [], ["not_judged"], id="starting up is not judged"),
        pytest.param(mark("fault", 0, 0.25), [], ["none"], id="fifteen minutes are too few"),
        pytest.param(mark("fault", 0, 0.27), [], ["invalid"], id="sixteen are enough"),
        pytest.param(
            mark("fault", 0, 0.2),
            [mark("fault", 0.5, 0.7, id_="o")],
            ["invalid"],
            id="together with another of its kind",
        ),
        pytest.param(
            mark("fault", 0, 1), [mark("calibration", 0, 1, id_="o")], ["none"], id="the hour is invalid already"
        ),
        pytest.param(mark("fault", 0, 1), [mark("stopped", 0, 1, id_="o")], ["none"], id="a stop goes before"),
        pytest.param(mark("stopped", 0, 1), [mark("fault", 0, 1, id_="o")], ["excluded"], id="a stop over a fault"),
    ],
)
def test_what_a_mark_changes(given, others, changes):
    found = effects(given, others, Parameters())
    assert [effect.completed for effect in found] == changes
    assert changed(found) == sum(change != "none" for change in changes)


def test_a_late_mark_changes_only_the_completed_track():
    found = effects(mark("fault", 0, 1, entered=25), [], Parameters())
    assert [(effect.completed, effect.in_time) for effect in found] == [("invalid", "none")]


def test_a_mark_of_a_year_is_looked_at_for_a_month():
    assert len(effects(mark("fault", 0, 24 * 300), [], Parameters())) == MOST_HOURS
