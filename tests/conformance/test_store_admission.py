"""What every series store takes, whatever it is called, and what none takes."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from stores import StoreRefused
from stores.port import Point
from tests.conformance.points import H0, HOUR, hour, rate, reading
from tests.conformance.series import all_hours, all_readings

# Names are anybody's

HOSTILE = [
    pytest.param("东昌府区1#炉 排放口", id="Chinese with a space"),
    pytest.param("a,b", id="a comma"),
    pytest.param("a=b", id="an equals sign"),
    pytest.param('a"b', id="a double quote"),
    pytest.param("a'b; DROP TABLE reading; --", id="an SQL injection"),
    pytest.param('x" or true or r.outlet == "', id="a Flux injection"),
    pytest.param("${r.outlet}", id="a Flux interpolation"),
    pytest.param("a\\", id="a backslash at the end"),
    pytest.param("\\,\\ \\=\\n\\\\", id="backslashes before what would be escaped"),
    pytest.param("%5C%25%%text", id="percent signs as in an encoding"),
    pytest.param("a/b.*[c]^$", id="a pattern"),
    pytest.param("#-", id="a comment sign first"),
    pytest.param(" a ", id="spaces around"),
    pytest.param("_field", id="a word of the engine's own"),
    pytest.param("🏭", id="beyond the basic plane"),
    pytest.param("x" * 1000, id="a very long one"),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_printable_name_is_a_name(store, name):
    points = [
        reading(outlet=name, enterprise=name, county=name, cn=name),
        hour(outlet=name, pollutant=name, county=name, enterprise=name),
        rate(id=name, track=name),
    ]
    store.write([*points, reading(), hour(), rate()])
    store.write([hour(outlet=name, pollutant=name, county=name, enterprise=name, revision=1, raw_mg_m3=None)])
    assert all_readings(store, outlet=name, cn=name) == [points[0]]
    found = store.hours(start=H0, end=H0 + HOUR, outlet=name, county=name)
    assert found == [replace(points[1], revision=1, raw_mg_m3=None)]
    assert store.rates(id=name, track=name) == [points[2]]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_printable_key_and_text_is_kept(store, name):
    odd = reading(numbers={f"{name}-Avg": 1.5}, flags={f"{name}-Flag": name, f"{name}-Info": f"{name}\n\t\r\n{name}"})
    store.write([odd, reading(at=H0 + HOUR)])
    assert store.readings("P1-01", cn="2061", start=H0, end=H0 + 2 * HOUR, factor=name) == [odd]


# What no store takes


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        pytest.param(reading(outlet="a\nb"), "control character", id="a line feed in a name"),
        pytest.param(hour(pollutant="a\0b"), "control character", id="a zero byte in a name"),
        pytest.param(rate(id="a\rb"), "control character", id="a carriage return in a name"),
        pytest.param(reading(numbers={"a\n-Avg": 1.0}), "control character", id="a line feed in a key"),
        pytest.param(reading(numbers={"received_at": 1.0}), "joined by '-'", id="a key that is no factor and suffix"),
        pytest.param(reading(outlet=""), "outlet is empty", id="nobody's reading"),
        pytest.param(hour(outlet=""), "outlet is empty", id="nobody's hour"),
        pytest.param(rate(id=""), "id is empty", id="nobody's rate"),
        pytest.param(reading(outlet="\ud800"), "not Unicode", id="half a surrogate pair"),
        pytest.param(reading(flags={"a-Flag": "\ud800"}), "not Unicode", id="half a surrogate pair in a text"),
        pytest.param(hour(evidence={"x": "\ud800"}), "not Unicode", id="half a surrogate pair in the evidence"),
        pytest.param(hour(evidence={"x": object()}), "JSON", id="evidence that is no data"),
        pytest.param(reading(outlet="x" * 2000), "2000 characters", id="a name without end"),
        pytest.param(reading(flags={"a-Info": "x" * 70_000}), "70000 bytes", id="a text without end"),
        pytest.param(reading(numbers={"a-Avg": math.nan}), "nan", id="not a number"),
        pytest.param(hour(raw_mg_m3=math.inf), "inf", id="infinitely dirty"),
        pytest.param(rate(effective_pct=math.nan), "nan", id="not a percentage"),
        pytest.param(reading(at=datetime(2026, 11, 24, 8)), "no time zone", id="a moment without a zone"),
        pytest.param(hour(hour=datetime(1600, 1, 1, tzinfo=UTC)), "1678", id="long ago"),
        pytest.param(rate(window="month", period="2026-13"), "no period '2026-13'", id="a thirteenth month"),
        pytest.param(rate(window="week", period="2026-11"), "'week'", id="no such window"),
    ],
)
def test_what_is_refused_is_named_and_the_rest_is_written(store, bad, why):
    good: list[Point] = [reading(), hour(), rate()]
    with pytest.raises(StoreRefused, match=why) as refused:
        store.write([good[0], bad, *good[1:]])
    assert refused.value.points == (bad,)
    assert (all_readings(store), all_hours(store), store.rates()) == ([reading()], [hour()], [rate()])
