"""What is refused in the register's CSV files, with line and column."""

import pytest

from rulebook.errors import BadFile
from rulebook.register import load_register
from tests.unit.rulebook.folders import (
    DIVISIONS,
    ENTERPRISES,
    OUTLET,
    OUTLETS_HEADER,
    SECOND,
    outlets_csv,
    problems_of,
    register_folder,
)


@pytest.mark.parametrize(
    ("fields", "column", "expected", "found"),
    [
        pytest.param({"id": ""}, "id", "an id", "nothing", id="no id"),
        pytest.param({"id": "O 1"}, "id", "without blanks", "'O 1'", id="an id with a blank"),
        pytest.param({"id": "a/b"}, "id", "without", "'a/b'", id="an id that would split a topic"),
        pytest.param(
            {"id": ".."}, "id", "more than dots", "'..'", id="an id that an address takes for the folder above"
        ),
        pytest.param({"id": "O2"}, "id", "each id once (the other stands in line 3)", "'O2'", id="the same id twice"),
        pytest.param({"enterprise": "E9"}, "enterprise", "in enterprises.csv", "'E9'", id="an enterprise nobody knows"),
        pytest.param({"enterprise": ""}, "enterprise", "an id", "nothing", id="no enterprise"),
        pytest.param({"name": ""}, "name", "a text", "nothing", id="no name"),
        pytest.param({"name": "=A1*2"}, "name", "formula", "'=A1*2'", id="a name that is a formula"),
        pytest.param({"name": "@SUM(A1)"}, "name", "formula", "'@SUM(A1)'", id="a name that is an older formula"),
        pytest.param({"id": "-2"}, "id", "formula", "'-2'", id="an id that a spreadsheet computes"),
        pytest.param({"mn": "88888880000001"}, "mn", "each mn once", "'88888880000001'", id="the same MN twice"),
        pytest.param({"mn": "8.88889E+13"}, "mn", "spreadsheet", "'8.88889E+13'", id="an MN that became a number"),
        pytest.param({"mn": "ab+#"}, "mn", "without", "'ab+#'", id="an MN that would be a topic filter"),
        pytest.param({"category": "cole"}, "category", "one of coal of ultra-low", "'cole'", id="an unknown category"),
        pytest.param({"standard": "GB1"}, "standard", "DB37-664-2019", "'GB1'", id="an unknown standard"),
        pytest.param({"height_m": "-3"}, "height_m", "greater than 0", "'-3'", id="a negative height"),
        pytest.param({"height_m": "nan"}, "height_m", "a number", "'nan'", id="a height that is no number"),
        pytest.param({"height_m": "1e400"}, "height_m", "a number", "'1e400'", id="a height beyond all numbers"),
        pytest.param({"height_m": "45m"}, "height_m", "a number", "'45m'", id="a height with its unit"),
        pytest.param({"reference_o2_pct": "21"}, "reference_o2_pct", "less than 21", "'21'", id="oxygen of plain air"),
        pytest.param({"reference_o2_pct": "-1"}, "reference_o2_pct", "at least 0", "'-1'", id="oxygen below nothing"),
        pytest.param({"pollutants": "a34013 a99"}, "pollutants", "a21026", "'a34013 a99'", id="an unknown pollutant"),
        pytest.param({"pollutants": "02"}, "pollutants", "a21026", "'02'", id="a code of 2005"),
        pytest.param({"pollutants": "a34013 a34013"}, "pollutants", "once", "'a34013 a34013'", id="a pollutant twice"),
        pytest.param({"pollutants": ""}, "pollutants", "at least one", "nothing", id="nothing to assess"),
        pytest.param({"permit_pm": "0"}, "permit_pm", "greater than 0", "'0'", id="a permit of zero"),
        pytest.param({"permit_so2": "inf"}, "permit_so2", "a number", "'inf'", id="an infinite permit"),
        pytest.param({"permit_nox": "１０"}, "permit_nox", "a number", "'１０'", id="full-width digits"),
        pytest.param({"span_pm": "-50"}, "span_pm", "greater than 0", "'-50'", id="a negative span"),
        pytest.param({"span_so2": "a"}, "span_so2", "a number", "'a'", id="a span that is no number"),
        pytest.param({"span_nox": "NaN"}, "span_nox", "a number", "'NaN'", id="a span that is not a number"),
        pytest.param({"minute_interval": "7"}, "minute_interval", "1, 2, 3, 4, 5, 6, 10, 12", "'7'", id="7 minutes"),
        pytest.param({"minute_interval": "0"}, "minute_interval", "one of 1, 2", "'0'", id="0 minutes"),
        pytest.param(
            {"minute_interval": "10.0"}, "minute_interval", "one of", "'10.0'", id="an interval with decimals"
        ),
        pytest.param({"connected_from": "2026-02-30"}, "connected_from", "a day", "'2026-02-30'", id="no such day"),
        pytest.param({"connected_from": "1.11.2026"}, "connected_from", "2026-11-24", "'1.11.2026'", id="other dates"),
        pytest.param(
            {"connected_from": "2026-11-01 24:00"}, "connected_from", "a day", "'2026-11-01 24:00'", id="no such time"
        ),
        pytest.param({"connected_from": "0001-01-01"}, "connected_from", "a day", "'0001-01-01'", id="a day of old"),
        pytest.param({"must_monitor": "yes"}, "must_monitor", "true or false", "'yes'", id="neither true nor false"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path, fields, column, expected, found):
    folder = register_folder(tmp_path, outlets=outlets_csv(OUTLET, OUTLET | {"id": "O3", "mn": "M3"}, SECOND))
    wrong = dict(OUTLET | {"id": "O3", "mn": "M3"} | fields)
    later = fields in ({"id": "O2"}, {"mn": "88888880000001"})  # the later one of two is the one that is refused
    rows = (OUTLET, SECOND, wrong) if later else (OUTLET, wrong, SECOND)
    found_problems = problems_of(load_register, register_folder(folder, outlets=outlets_csv(*rows)))
    assert len(found_problems) == 1
    name, line, field, said, shown = found_problems[0]
    assert (name, line, field, shown) == ("outlets.csv", 4 if later else 3, column, found)
    assert expected in said


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"divisions": DIVISIONS + "371502,又,371500,,\n"},
            ("divisions.csv", 5, "code", "each code once (the other stands in line 3)", "'371502'"),
            id="a code twice",
        ),
        pytest.param(
            {"divisions": DIVISIONS + "371504,丙,379900,,\n"},
            ("divisions.csv", 5, "parent", "the code of a division of this file, or nothing", "'379900'"),
            id="a parent nobody knows",
        ),
        pytest.param(
            {"divisions": DIVISIONS + "371504,丙,371504,,\n"},
            ("divisions.csv", 5, "parent", "a division above this one", "'371504'"),
            id="a division below itself",
        ),
        pytest.param(
            {"divisions": DIVISIONS + "371504,丙,371500,2020-01-01,2019-12-31\n"},
            ("divisions.csv", 5, "valid_to", "a day not before 2020-01-01", "'2019-12-31'"),
            id="a division that ends before it begins",
        ),
        pytest.param(
            {"divisions": DIVISIONS + "371504,丙,371500,soon,\n"},
            ("divisions.csv", 5, "valid_from", "a day such as 2026-11-24", "'soon'"),
            id="a date that is none",
        ),
        pytest.param(
            {"enterprises": ENTERPRISES + "E3,丙,370000,food,\n"},
            ("enterprises.csv", 4, "county", "the code of a county in divisions.csv", "'370000'"),
            id="a county nobody knows",
        ),
        pytest.param(
            {"enterprises": ENTERPRISES + "E3,丙,371500,food,\n"},
            ("enterprises.csv", 4, "county", "a county, and not a division without a parent", "'371500'"),
            id="a city where a county is due",
        ),
        pytest.param(
            {"enterprises": ENTERPRISES + "E1,丙,371502,food,\n"},
            ("enterprises.csv", 4, "id", "each id once (the other stands in line 2)", "'E1'"),
            id="an enterprise twice",
        ),
        pytest.param(
            {"enterprises": ENTERPRISES + "E3,丙,371502,,\n"},
            ("enterprises.csv", 4, "industry", "a text", "nothing"),
            id="no industry",
        ),
        pytest.param(
            {"enterprises": ENTERPRISES + "E3,丙,371502,food,,,x\n"},
            ("enterprises.csv", 4, "column 7", "no more cells", "'x'"),
            id="a cell beyond the columns",
        ),
        pytest.param(
            {"outlets": ""},
            ("outlets.csv", 1, "", f"the columns {OUTLETS_HEADER.replace(',', ', ')}", "nothing"),
            id="an empty file",
        ),
        pytest.param(
            {"enterprises": ENTERPRISES.replace(",industry", "")},
            ("enterprises.csv", 1, "industry", "a column of this name", "no such column"),
            id="a column is missing",
        ),
        pytest.param(
            {"enterprises": ENTERPRISES.replace("livelihood", "livelihood,phone")},
            ("enterprises.csv", 1, "phone", "one of the columns id, name, county, industry, livelihood", "'phone'"),
            id="a column nobody knows",
        ),
        pytest.param(
            {"enterprises": ENTERPRISES.replace("livelihood", "livelihood,name")},
            ("enterprises.csv", 1, "name", "each column once", "the same column again"),
            id="a column twice",
        ),
        pytest.param(
            {"divisions": DIVISIONS.replace(",", ";")},
            (
                "divisions.csv",
                1,
                "",
                "the columns code, name, parent, valid_from, valid_to, separated by commas",
                "'code;name;parent;valid_from;valid_to'",
            ),
            id="semicolons instead of commas",
        ),
        pytest.param(
            {"divisions": DIVISIONS + '371504,"丙,371500,,\n'},
            ("divisions.csv", 5, "", "comma-separated values", "unexpected end of data"),
            id="a quote that never ends",
        ),
    ],
)
def test_a_wrong_row_or_file_is_named(tmp_path, files, expected):
    assert problems_of(load_register, register_folder(tmp_path, **files)) == [expected]


def test_two_divisions_below_each_other_are_both_named(tmp_path):
    divisions = DIVISIONS + "A,甲,B,,\nB,乙,A,,\n"
    assert [problem[:3] for problem in problems_of(load_register, register_folder(tmp_path, divisions=divisions))] == [
        ("divisions.csv", 5, "parent"),
        ("divisions.csv", 6, "parent"),
    ]


def test_a_file_in_another_encoding_is_refused_with_the_line_and_what_to_do(tmp_path):
    folder = register_folder(tmp_path)
    (folder / "enterprises.csv").write_bytes(ENTERPRISES.encode("gbk"))
    assert problems_of(load_register, folder) == [
        ("enterprises.csv", 2, "", "UTF-8 (a spreadsheet saves it as 'CSV UTF-8')", "the byte 0xC8")
    ]


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_files(tmp_path):
    folder = register_folder(
        tmp_path,
        divisions=DIVISIONS + "x,,,,\n",
        enterprises=ENTERPRISES + "E3,丙,1,food,\n",
        outlets=outlets_csv(OUTLET | {"height_m": "high", "span_pm": "0"}, SECOND | {"enterprise": "E9"}),
    )
    assert [problem[:3] for problem in problems_of(load_register, folder)] == [
        ("divisions.csv", 5, "name"),
        ("enterprises.csv", 4, "county"),
        ("outlets.csv", 2, "height_m"),
        ("outlets.csv", 2, "span_pm"),
        ("outlets.csv", 3, "enterprise"),
    ]


def test_the_error_is_one_line_with_file_line_column_expected_and_found(tmp_path):
    folder = register_folder(tmp_path, outlets=outlets_csv(OUTLET | {"height_m": "high", "span_pm": "0"}))
    with pytest.raises(BadFile) as caught:
        load_register(folder)
    assert str(caught.value) == (
        f"{folder}/outlets.csv:2: height_m: "
        "expected a number greater than 0 and less than 1000, found 'high' (and 1 more)"
    )


def test_a_missing_file_is_named(tmp_path):
    folder = register_folder(tmp_path)
    (folder / "outlets.csv").unlink()
    assert problems_of(load_register, folder) == [("outlets.csv", None, "", "a file", "nothing")]


def test_a_folder_that_is_none_is_named(tmp_path):
    with pytest.raises(BadFile, match=r"nowhere: expected a folder with divisions\.csv.*, found nothing$"):
        load_register(tmp_path / "nowhere")


def test_a_quoted_name_may_hold_a_comma_and_a_line_break_counts_as_a_line(tmp_path):
    enterprises = 'id,name,county,industry,livelihood\nE1,"厂, 一",371502,power,\nE2,厂,371503,food,maybe\n'
    assert problems_of(load_register, register_folder(tmp_path, enterprises=enterprises)) == [
        ("enterprises.csv", 3, "livelihood", "true or false", "'maybe'")
    ]
    enterprises = enterprises.replace("厂, 一", "厂\n一")
    assert [
        problem[:3] for problem in problems_of(load_register, register_folder(tmp_path, enterprises=enterprises))
    ] == [
        ("enterprises.csv", 2, "name"),
        ("enterprises.csv", 4, "livelihood"),
    ]
