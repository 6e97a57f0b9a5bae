"""What lies over the hours of a chart, and where a click on a point leads."""

import json
from datetime import timedelta

import pytest

from emissions.beijing import HOUR
from emissions.event import Mark
from emissions.finding import Finding
from emissions.reading import Reading
from tests.unit.web import town
from web.pages.chart_layers import (
    marks_layer,
    minutes_layer,
    moment_text,
    packet_of_point,
    warnings_layer,
)
from web.pages.hour_chart import unwatched
from web.wording import wording

EN = wording("en")
NOON = town.NOW.replace(hour=12, minute=0)
STEP = timedelta(minutes=10)


def minute(after: int, *, flag: str = "N", **numbers: float) -> Reading:
    at = NOON + timedelta(minutes=after)
    return Reading(
        outlet="O",
        enterprise="E",
        county="C",
        cn="2051",
        at=at,
        received_at=at,
        numbers={key.replace("_", "-"): value for key, value in numbers.items()},
        flags={"a21026-Flag": flag},
    )


def test_the_line_of_minutes_breaks_where_a_packet_is_missing_and_shows_flags():
    readings = [
        minute(0, a21026_ZsAvg=10.0, a21026_Avg=11.0),
        minute(10, a21026_Avg=12.0),
        minute(40, flag="C", a21026_ZsAvg=13.0),
    ]
    line, flagged = minutes_layer(readings, "a21026", STEP, EN)
    assert [value for _, value in line["data"]] == [10.0, 12.0, None, 13.0]
    assert flagged["data"] == [["2026-11-10T12:40:00Z", 13.0]]
    assert line["connectNulls"] is False


def test_marks_are_framed_and_named_not_only_coloured():
    mark = Mark(id="m", outlet="O", mn="", mark="fault", from_=NOON, to=NOON + HOUR, entered_at=NOON, by="李工")
    ((start, end),) = marks_layer([mark], EN)["markArea"]["data"]
    assert start == {"xAxis": "2026-11-10T12:00:00Z", "name": "Mark: fault"}
    assert end == {"xAxis": "2026-11-10T13:00:00Z"}


def test_a_warning_stands_where_it_was_raised_at_the_mean_it_foresaw():
    warning = Finding(
        id="f",
        rule="early_warning",
        subject={"outlet": "O"},
        from_=NOON,
        to=NOON + HOUR,
        severity="warning",
        county="C",
        known_at=NOON + timedelta(minutes=25),
        evidence={"pollutant": "a21026", "forecast_mg_m3": 36.5},
    )
    assert warnings_layer([warning], "a21026", EN)["data"] == [["2026-11-10T12:25:00Z", 36.5]]
    assert warnings_layer([warning], "a21002", EN)["data"] == []


@pytest.mark.parametrize(
    ("series", "value", "found"),
    [
        pytest.param(EN("outlet.converted"), ["2026-11-10T12:30:00Z", 1.0], ("2061", NOON), id="an hour"),
        pytest.param(EN("verdict.exceeded"), ["2026-11-10T12:30:00Z", 1.0], ("2061", NOON), id="an exceeded hour"),
        pytest.param(EN("outlet.minutes_line"), ["2026-11-10T12:00:00Z", 1.0], ("2051", NOON), id="a minute"),
        pytest.param(EN("outlet.limit"), ["2026-11-10T12:00:00Z", 35.0], None, id="the limit has no packet"),
        pytest.param(EN("hour_state.missing"), ["2026-11-10T12:30:00Z", 0], None, id="a missing hour has no packet"),
        pytest.param(EN("outlet.converted"), None, None, id="no value"),
        pytest.param(EN("outlet.converted"), ["noon", 1.0], None, id="no moment"),
    ],
)
def test_a_click_on_a_point_leads_to_its_packet(series, value, found):
    assert packet_of_point(series, value, EN) == found


def test_an_address_holds_seconds_only_where_there_are_some():
    assert moment_text(NOON) == "2026-11-10T12:00"
    assert moment_text(NOON + timedelta(seconds=5)) == "2026-11-10T12:00:05"


def test_points_of_a_chart_are_the_same_without_being_lists_that_are_watched():
    series = [{"name": "a", "data": [["2026-11-10T13:00:00Z", 1.5], ["2026-11-10T14:00:00Z", None]]}, {"name": "b"}]
    plain = unwatched(series)
    assert json.dumps(plain) == json.dumps(series)
    assert not any(isinstance(part, list) for one in plain for part in (one.get("data", ()), *one.get("data", ())))
