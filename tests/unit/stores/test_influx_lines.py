"""Points as lines of InfluxDB's protocol, and questions as Flux."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.influx_answers import equal, moment, rows, starts_with, text
from stores.influx_lines import key_from, name_from, number_field, tag_value, text_field, to_line
from stores.port import StoreUnavailable
from tests.conformance.points import H0, hour, rate, reading

printable = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]))


def test_a_reading_as_published():
    assert to_line(reading(numbers={"a21026-Avg": 12}, flags={"a21026-Flag": "N"})) == (
        "reading,outlet=P1-01,enterprise=P1,county=371502,cn=2061"
        ' received_at=1795482003120000i,a21026-Avg=12.0,a21026-Flag="N" 1795478400000000000'
    )


def test_an_hour_as_published():
    line = to_line(hour(converted_mg_m3=None, in_time=False))
    tags, fields = line.split(" ", 1)
    assert tags == "hour,outlet=P1-01,county=371502,pollutant=a21026"
    assert fields.startswith(
        'raw=12.3,limit=35.0,state="valid",reason="ok",verdict="within",in_time=false,revision=0i,line="{'
    )
    assert fields.endswith('}" 1795478400000000000')


def test_a_rate_as_published_stands_at_the_start_of_its_period():
    line = to_line(rate(window="quarter", period="2026-Q4"))
    assert line.startswith("rate,level=county,id=371502,window=quarter,track=in_time ")
    assert 'period="2026-Q4",due=2160i,excluded=0i,expected=2160i' in line
    assert "transmission_pct=97.22,validity_pct=97.62,effective_pct=94.91" in line
    # 2026-10-01T00:00+08:00
    assert line.endswith(" 1790784000000000000")


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        pytest.param("a b", "a\\ b", id="space"),
        pytest.param("a,b", "a\\,b", id="comma"),
        pytest.param("a=b", "a\\=b", id="equals sign"),
        pytest.param('a"b', 'a"b', id="quotes mean nothing in a tag"),
        pytest.param("a\\", "a%5C", id="a backslash cannot be written"),
        pytest.param("100%", "100%25", id="so neither can what stands for it"),
        pytest.param("东昌府", "东昌府", id="Chinese"),
    ],
)
def test_tags(name, tag):
    assert to_line(reading(outlet=name)).startswith(f"reading,outlet={tag},enterprise=")


def test_a_tag_without_a_value_is_left_out():
    assert to_line(hour(county="")).startswith("hour,outlet=P1-01,pollutant=a21026 ")


@given(printable)
def test_names_survive(name):
    assert name_from(tag_value(name)) == name
    assert "\\" not in tag_value(name)


@given(printable, st.sampled_from(["-Avg", "-Flag", "-Info", "-Flag%text", "-Avg%number"]))
def test_keys_survive_and_numbers_and_texts_never_share_a_field(factor, suffix):
    key = factor + suffix
    assert key_from(number_field(key)) == (key, False)
    assert key_from(text_field(key)) == (key, True)


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        pytest.param('a"b\\c', '"a\\"b\\\\c"', id="quotes and backslashes"),
        pytest.param("${x}", '"\\${x}"', id="no interpolation"),
        pytest.param("东", '"东"', id="Chinese as it is"),
    ],
)
def test_flux_strings(value, literal):
    assert text(value) == literal


def test_flux_patterns_and_moments():
    assert starts_with("a/b.c") == r"/^a\/b\.c/"
    assert moment(H0) == "2026-11-24T00:00:00.000000Z"
    assert equal({"outlet": "P1", "county": None, "cn": ""}) == ' and r.outlet == "P1" and not exists r.cn'


def test_an_answer_may_hold_several_tables():
    answer = [",result,table,a\r\n", ",_result,0,1\r\n", "\r\n", ",result,table,b\r\n", ',_result,1,"x\n', 'y"\r\n']
    assert [(row.get("a"), row.get("b")) for row in rows(answer)] == [("1", None), (None, "x\ny")]


def test_an_answer_that_breaks_off_says_why():
    answer = [",result,table,a\r\n", ",_result,0,1\r\n", "\r\n", ",error,reference\r\n", ",out of memory,897\r\n"]
    with pytest.raises(StoreUnavailable, match="out of memory"):
        list(rows(answer))
