"""The register's CSV files: what they mean."""

from datetime import UTC, datetime, timedelta

import pytest

from emissions.beijing import BEIJING
from rulebook.loader import SHIPPED, load_rulebook
from rulebook.register import load_register, read_register
from tests.unit.rulebook.folders import (
    ENTERPRISES,
    EXAMPLE,
    OUTLET,
    SECOND,
    outlets_csv,
    register_folder,
)


def test_an_outlet_is_read_whole(tmp_path):
    outlet = load_register(register_folder(tmp_path)).outlets["O1"]
    assert (outlet.enterprise, outlet.county, outlet.city) == ("E1", "371502", "371500")
    assert outlet.mn == "010000A8900016F000169DC0"
    assert (outlet.standard, outlet.category) == ("ultra-low-2015", "coal")
    assert (outlet.height_m, outlet.reference_o2_pct, outlet.minute_interval) == (180.0, None, 10)
    assert outlet.pollutants == ("a34013", "a21026", "a21002")
    assert outlet.permits_mg_m3 == {"a21026": 30.0}
    assert outlet.spans == {"a34013": 50.0, "a21026": 200.0}
    assert outlet.connected_from == datetime(2026, 11, 1, tzinfo=BEIJING)
    assert outlet.must_monitor


def test_permits_and_spans_go_to_their_pollutants(tmp_path):
    numbers = {"permit_pm": "1", "permit_so2": "2", "permit_nox": "3", "span_pm": "4", "span_so2": "5", "span_nox": "6"}
    outlet = load_register(register_folder(tmp_path, outlets=outlets_csv(OUTLET | numbers))).outlets["O1"]
    assert outlet.permits_mg_m3 == {"a34013": 1.0, "a21026": 2.0, "a21002": 3.0}
    assert outlet.spans == {"a34013": 4.0, "a21026": 5.0, "a21002": 6.0}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        pytest.param("2026-11-01", datetime(2026, 11, 1, tzinfo=BEIJING), id="a day is its Beijing midnight"),
        pytest.param("2026/11/1", datetime(2026, 11, 1, tzinfo=BEIJING), id="a day as spreadsheets write it"),
        pytest.param("2026-11-01 08:30", datetime(2026, 11, 1, 8, 30, tzinfo=BEIJING), id="a time is Beijing time"),
        pytest.param("2026-11-01T08:30:05", datetime(2026, 11, 1, 8, 30, 5, tzinfo=BEIJING), id="ISO without offset"),
        pytest.param(
            "2026-11-01T00:30:00Z", datetime(2026, 11, 1, 0, 30, tzinfo=UTC), id="an offset is taken as it is: UTC"
        ),
        pytest.param(
            "2026-11-01T00:30:00-05:00", datetime(2026, 11, 1, 5, 30, tzinfo=UTC), id="an offset west of Greenwich"
        ),
        pytest.param("", None, id="nothing"),
    ],
)
def test_connected_from(tmp_path, cell, expected):
    outlets = outlets_csv(OUTLET | {"connected_from": cell})
    moment = load_register(register_folder(tmp_path, outlets=outlets)).outlets["O1"].connected_from
    assert moment == expected
    assert moment is None or moment.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, True, id="power, coal and high: by R23"),
        pytest.param({"must_monitor": "FALSE"}, False, id="let off by the register, as a spreadsheet writes it"),
        pytest.param(
            {"enterprise": "E2", "height_m": "45", "standard": "GB13271-2014", "category": "gas-special"},
            False,
            id="a gas boiler of exactly 45 m at a food factory need not",
        ),
        pytest.param(
            {"enterprise": "E2", "height_m": "45.1", "standard": "GB13271-2014", "category": "gas-special"},
            True,
            id="the same a little higher must",
        ),
        pytest.param(
            {"enterprise": "E2", "height_m": "", "standard": "DB37-2374-2018", "category": "coal-key"},
            True,
            id="a coal boiler of unknown height must",
        ),
        pytest.param(
            {"enterprise": "E2", "height_m": "", "standard": "", "category": "", "must_monitor": "true"},
            True,
            id="the register may ask for more than R23",
        ),
    ],
)
def test_who_must_be_monitored(tmp_path, fields, expected):
    register = load_register(register_folder(tmp_path, outlets=outlets_csv(OUTLET | fields)))
    assert register.outlets["O1"].must_monitor is expected


def test_an_outlet_without_a_monitor_has_no_mn_and_two_of_them_are_no_duplicates(tmp_path):
    outlets = outlets_csv(OUTLET | {"mn": ""}, SECOND | {"mn": ""})
    register = load_register(register_folder(tmp_path, outlets=outlets))
    assert [outlet.mn for outlet in register.outlets.values()] == ["", ""]
    assert register.by_mn() == {}


@pytest.mark.parametrize("mn", ["0088888880000001", "88888880000001", "00E1", "1e5", "ab12CD"])
def test_an_mn_stays_the_text_it_is(tmp_path, mn):
    register = load_register(register_folder(tmp_path, outlets=outlets_csv(OUTLET | {"mn": mn})))
    assert list(register.by_mn()) == [mn]


def test_mns_that_differ_only_as_texts_are_different(tmp_path):
    outlets = outlets_csv(OUTLET | {"mn": "0123"}, SECOND | {"mn": "123"})
    assert set(load_register(register_folder(tmp_path, outlets=outlets)).by_mn()) == {"0123", "123"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: "\ufeff" + text, id="byte order mark"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="CR LF"),
        pytest.param(lambda text: text.rstrip("\n"), id="no end of the last line"),
        pytest.param(lambda text: text.replace("\n", ",,,\n"), id="empty columns at the right"),
        pytest.param(lambda text: text + ",,,,\n\n,,\n", id="empty rows at the end"),
        pytest.param(lambda text: text.replace("\n", "\n\n", 1), id="an empty row between"),
        pytest.param(lambda text: text.replace("371502", '"371502"'), id="quoted cells"),
        pytest.param(lambda text: text.replace("371502", " 371502 "), id="blanks around a cell"),
        pytest.param(
            lambda text: "\n".join(line.rstrip(",") for line in text.split("\n")), id="cells left out at the end"
        ),
    ],
)
def test_what_spreadsheets_do_to_a_file_is_put_up_with(tmp_path, change):
    plain = register_folder(tmp_path)
    expected = load_register(plain)
    for name in ("divisions.csv", "enterprises.csv", "outlets.csv"):
        file = plain / name
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8", newline="")
    assert load_register(plain) == expected


def test_columns_may_stand_in_any_order(tmp_path):
    enterprises = "livelihood,industry,county,name,id\ntrue,power,371502,热电厂,E1\n,food,371503,食品厂,E2\n"
    (left := tmp_path / "a").mkdir()
    (right := tmp_path / "b").mkdir()
    assert load_register(register_folder(left, enterprises=enterprises)) == load_register(register_folder(right))


@pytest.mark.parametrize(
    ("files", "place"),
    [
        pytest.param(
            {"enterprises": ENTERPRISES.replace("food", "powr")},
            ("enterprises.csv", 3, "industry"),
            id="an industry that no rule knows",
        ),
        pytest.param(
            {"outlets": outlets_csv(OUTLET | {"pollutants": "a34013 a20057"})},
            ("outlets.csv", 2, "pollutants"),
            id="a pollutant without a limit",
        ),
        pytest.param(
            {"outlets": outlets_csv(OUTLET | {"connected_from": ""})},
            ("outlets.csv", 2, "connected_from"),
            id="must be monitored, from no day on",
        ),
    ],
)
def test_what_is_hardly_meant_is_a_warning(tmp_path, files, place):
    found = read_register(register_folder(tmp_path, **files), load_rulebook())
    assert [(w.file.name, w.line, w.field) for w in found.warnings] == [place]


@pytest.mark.parametrize("folder", sorted((SHIPPED / "registers").iterdir()), ids=lambda folder: folder.name)
def test_every_shipped_register_loads_without_a_warning(folder):
    assert read_register(folder, load_rulebook()).warnings == ()


@pytest.mark.parametrize(("city", "code", "counties"), [("liaocheng", "371500", 11), ("zhangjiakou", "130700", 19)])
def test_the_shipped_cities_have_all_their_counties_and_zones(city, code, counties):
    divisions = load_register(SHIPPED / "registers" / city).divisions
    assert [division.parent for division in divisions.values()] == ["", *[code] * counties]
    assert sum("-" in name for name in divisions) == 3  # the zones without a code of GB/T 2260


def test_the_example_shows_outlets_of_different_kinds():
    outlets = load_register(EXAMPLE).outlets.values()
    assert any(not outlet.mn and outlet.must_monitor for outlet in outlets)
    assert any(outlet.reference_o2_pct is not None for outlet in outlets)
    assert any(not outlet.must_monitor for outlet in outlets)
    assert len({outlet.county for outlet in outlets}) == 3
    assert len({outlet.standard for outlet in outlets}) >= 5
