"""What is refused in a rulebook, with line and field."""

import pytest

from rulebook.errors import BadFile
from rulebook.loader import (
    check_rulebook,
    load_channels,
    load_rules,
)
from tests.unit.rulebook.folders import problems_of, replaced, rulebook_folder


@pytest.mark.parametrize(
    ("name", "old", "new", "field", "expected", "found"),
    [
        pytest.param(
            "parameters.yaml",
            "value: 45\n    unit: min",
            "value: 61\n    unit: min",
            "judging.valid_minutes.value",
            "less than or equal to 60",
            "61",
            id="more minutes than an hour has",
        ),
        pytest.param(
            "parameters.yaml",
            "value: 45\n    unit: min",
            "value: many\n    unit: min",
            "judging.valid_minutes.value",
            "integer",
            "'many'",
            id="a number that is none",
        ),
        pytest.param(
            "parameters.yaml",
            "value: 45\n    unit: min",
            "value: '45'\n    unit: min",
            "judging.valid_minutes.value",
            "integer",
            "'45'",
            id="a number in quotes",
        ),
        pytest.param(
            "parameters.yaml",
            "value: 45\n    unit: min",
            "value: true\n    unit: min",
            "judging.valid_minutes.value",
            "integer",
            "true",
            id="a truth instead of a number",
        ),
        pytest.param(
            "parameters.yaml",
            "value: 366\n",
            "value: .inf\n",
            "judging.too_old.value",
            "number",
            "'.inf'",
            id="infinity",
        ),
        pytest.param(
            "parameters.yaml",
            "value: 366\n",
            "value: -1\n",
            "judging.too_old.value",
            "greater than 0",
            "-1",
            id="a negative length of time",
        ),
        pytest.param(
            "parameters.yaml",
            "unit: m\n",
            "unit: km\n",
            "coverage.height.unit",
            "'m'",
            "'km'",
            id="another unit",
        ),
        pytest.param(
            "parameters.yaml",
            "unit: d\n",
            "unit: days\n",
            "judging.too_old.unit",
            "'s', 'min', 'h' or 'd'",
            "'days'",
            id="a unit nobody knows",
        ),
        pytest.param(
            "parameters.yaml",
            "  valid_minutes:",
            "  valid_minuets:",
            "judging.valid_minuets",
            "one of the fields ahead, too_old",
            "'valid_minuets'",
            id="a slip in a name",
        ),
        pytest.param(
            "parameters.yaml",
            "  too_old:",
            "  ahead:",
            "judging.ahead",
            "each key once",
            "the same key again",
            id="a name twice",
        ),
        pytest.param(
            "parameters.yaml",
            "[power, steel,",
            "[power, power,",
            "coverage.industries.value",
            "each entry once, not 'power' again",
            "a list",
            id="an industry twice",
        ),
        pytest.param(
            "parameters.yaml",
            "value: 5\n    unit: day of month",
            "value: 31\n    unit: day of month",
            "judging.settled_day.value",
            "less than or equal to 28",
            "31",
            id="a day that some months lack",
        ),
        pytest.param(
            "standards/DB37-2374-2018.yaml",
            "a21026, limit_mg_m3: 50,",
            "a21026, limit_mg_m3: 0,",
            "rows[4].limit_mg_m3",
            "greater than 0",
            "0",
            id="a limit of zero",
        ),
        pytest.param(
            "standards/DB37-2374-2018.yaml",
            "a21026, limit_mg_m3: 50,",
            "a21062, limit_mg_m3: 50,",
            "rows[4].pollutant",
            "one of a34013, a21026",
            "'a21062'",
            id="a pollutant nobody knows",
        ),
        pytest.param(
            "standards/DB37-2374-2018.yaml",
            "a21026, limit_mg_m3: 50,",
            "a21026, limit: 50,",
            "rows[4].limit",
            "one of the fields category, pollutant, limit_mg_m3",
            "'limit'",
            id="a field nobody knows",
        ),
        pytest.param(
            "standards/DB37-2374-2018.yaml",
            "100, reference_o2_pct: 9",
            "100, reference_o2_pct: 21",
            "rows[5].reference_o2_pct",
            "less than 21",
            "21",
            id="oxygen of plain air",
        ),
        pytest.param(
            "standards/GB26453.yaml",
            "furnace, pollutant: a21002, limit_mg_m3: 500",
            "oven, pollutant: a21002, limit_mg_m3: 500",
            "rows[5].category",
            "one of the file's categories furnace, furnace-special",
            "'oven'",
            id="a category nobody knows",
        ),
        pytest.param(
            "standards/GB26453.yaml",
            "500, reference_o2_pct: 8, from: 2024-07-01",
            "500, reference_o2_pct: 8, from: 2014-01-01",
            "rows[5].from",
            "another first day than the row for the same in line 16",
            "2014-01-01",
            id="two rows from the same day",
        ),
        pytest.param(
            "standards/GB26453.yaml",
            "500, reference_o2_pct: 8, from: 2024-07-01, to: null",
            "500, reference_o2_pct: 8, from: 2024-07-01, to: 2024-06-30",
            "rows[5].to",
            "a day not before 2024-07-01",
            "2024-06-30",
            id="a row that ends before it begins",
        ),
        pytest.param(
            "standards/GB26453.yaml",
            "500, reference_o2_pct: 8, from: 2024-07-01",
            "500, reference_o2_pct: 8, from: 2024-02-30",
            "rows[5].from",
            "a day of the calendar",
            "'2024-02-30'",
            id="no such day",
        ),
        pytest.param(
            "standards/GB26453.yaml",
            "500, reference_o2_pct: 8, from: 2024-07-01",
            "500, reference_o2_pct: 8, from: July",
            "rows[5].from",
            "date",
            "'July'",
            id="no day at all",
        ),
        pytest.param(
            "standards/GB26453.yaml",
            "id: GB26453\n",
            "id: GB26454\n",
            "id",
            "the name of the file, 'GB26453'",
            "'GB26454'",
            id="an id that is not the file's name",
        ),
        pytest.param(
            "escalation.yaml",
            "levels: [county_inspector, county_head, city_supervisor]",
            "levels: []",
            "levels",
            "at least one entry",
            "a list",
            id="nobody to answer",
        ),
        pytest.param(
            "escalation.yaml",
            "  verifying:",
            "  checking:",
            "cases.checking",
            "one of the fields opened, rectifying",
            "'checking'",
            id="a state nobody knows",
        ),
        pytest.param(
            "channels.yaml",
            "channels: []",
            "channels: [{name: a, url: 'https://x.org/', levels: [mayor]}]",
            "channels[0].levels[0]",
            "one of the levels county_inspector",
            "'mayor'",
            id="a level nobody has",
        ),
        pytest.param(
            "channels.yaml",
            "channels: []",
            "channels: [{name: a}]",
            "channels[0]",
            "either url or url_file",
            "a mapping",
            id="no address",
        ),
        pytest.param(
            "channels.yaml",
            "channels: []",
            "channels: [{name: a, url: 'https://x.org/'}, {name: a, url: 'https://y.org/'}]",
            "",
            "each name once, not 'a' again",
            "a mapping",
            id="a channel's name twice",
        ),
        pytest.param(
            "calendar.yaml",
            "stop_lists: []",
            "stop_lists: [{name: a, notice: b, from: 2026-11-02, to: 2026-11-01}]",
            "stop_lists[0]",
            "a last day not before 2026-11-02",
            "a mapping",
            id="a stop that ends before it begins",
        ),
        pytest.param(
            "calendar.yaml",
            "stop_lists: []",
            "stop_lists: {}",
            "stop_lists",
            "a list",
            "a mapping",
            id="a mapping where a list is due",
        ),
        pytest.param(
            "calendar.yaml",
            "stop_lists: []",
            "stop_lists: [",
            "",
            "YAML",
            "an error (expected",
            id="no YAML",
        ),
    ],
)
def test_a_wrong_field_is_named(tmp_path, name, old, new, field, expected, found):
    folder = rulebook_folder(tmp_path)
    line = replaced(folder, name, old, new)
    reported = problems_of(check_rulebook, folder)
    hits = [problem for problem in reported if problem[2] == field]
    assert len(hits) == 1, reported
    file, at, _, said, shown = hits[0]
    assert file == name.rpartition("/")[2]
    if field:
        assert at == line
    assert expected in said
    assert found in shown


def test_a_missing_field_is_named_at_the_mapping_that_lacks_it(tmp_path):
    folder = rulebook_folder(tmp_path)
    line = replaced(
        folder, "standards/ultra-low-2024.yaml", "pollutant: a34013, limit_mg_m3: 10, ", "pollutant: a34013, "
    )
    assert problems_of(load_rules, folder) == [
        ("ultra-low-2024.yaml", line, "rows[0].limit_mg_m3", "a value", "no such field")
    ]


def test_all_files_are_read_before_anything_is_said(tmp_path):
    folder = rulebook_folder(tmp_path)
    replaced(folder, "parameters.yaml", "unit: m\n", "unit: km\n")
    replaced(folder, "standards/GB26453.yaml", "id: GB26453\n", "id: 3\n")
    (folder / "escalation.yaml").unlink()
    assert [problem[:3] for problem in problems_of(check_rulebook, folder)] == [
        ("parameters.yaml", 170, "coverage.height.unit"),
        ("GB26453.yaml", 1, "id"),
        ("escalation.yaml", None, ""),
    ]


def test_no_error_shows_an_address(tmp_path):
    (tmp_path / "channels.yaml").write_text("channels: [{name: a, url: 'token-without-scheme'}]\n")
    with pytest.raises(BadFile) as caught:
        load_channels(tmp_path)
    assert "token" not in str(caught.value)
    assert "token" not in str(caught.value.__cause__)
    assert "channels[0].url" in str(caught.value)


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_a_folder_without_a_rulebook_is_refused(tmp_path, folder):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadFile):
        load_rules(tmp_path / folder)
