"""What people may change in a rulebook, and from which hour on it counts."""

from datetime import UTC, date, datetime, timedelta

import pytest

from emissions.beijing import BEIJING
from rulebook.loader import (
    load_calendar,
    load_channels,
    load_rulebook,
    load_rules,
)
from tests.unit.rulebook.folders import replaced, rulebook_folder


def _beijing(*parts: int):
    return datetime(*parts, tzinfo=BEIJING)


DATED = """rows:
  - {category: k, pollutant: a34013, limit_mg_m3: 50, reference_o2_pct: 8, from: 2024-01-01, to: 2024-06-30, clause: x}
  - {category: k, pollutant: a34013, limit_mg_m3: 30, reference_o2_pct: 8, from: 2024-07-01, clause: x}
  - {category: k, pollutant: a34013, limit_mg_m3: 20, reference_o2_pct: 8, from: 2026-01-01, clause: x}
"""


@pytest.mark.parametrize(
    ("hour", "limit"),
    [
        pytest.param(_beijing(2023, 12, 31, 23), None, id="the hour before the first day"),
        pytest.param(_beijing(2024, 1, 1, 0), 50, id="the first hour of the first day"),
        pytest.param(_beijing(2024, 6, 30, 23), 50, id="the last hour of the last day"),
        pytest.param(_beijing(2024, 7, 1, 0), 30, id="the first hour of the next version"),
        pytest.param(_beijing(2025, 12, 31, 23), 30, id="the last hour before a version that ends nothing"),
        pytest.param(_beijing(2026, 1, 1, 0), 20, id="the later of two open rows goes first"),
    ],
)
def test_rows_are_in_force_from_their_first_to_their_last_day_in_beijing(tmp_path, hour, limit):
    folder = rulebook_folder(tmp_path)
    (folder / "standards" / "X.yaml").write_text(DATED, encoding="utf-8")
    rules = load_rules(folder)
    for moment in (hour, hour.astimezone(UTC)):
        row = rules.limit_row(standard="X", category="k", pollutant="a34013", hour=moment)
        assert (row.limit_mg_m3 if row else None) == limit


def test_a_changed_number_needs_no_code_and_changes_the_version(tmp_path):
    folder = rulebook_folder(tmp_path)
    before = load_rules(folder)
    assert before == load_rules(), "a copy is the same rulebook"
    replaced(
        folder, "parameters.yaml", 'value: 90\n    unit: "%"\n    rule: R15', 'value: 95\n    unit: "%"\n    rule: R15'
    )
    after = load_rules(folder)
    assert after.parameters.rate_threshold_pct == 95
    assert after.version != before.version


def test_a_length_of_time_may_be_given_in_another_unit(tmp_path):
    folder = rulebook_folder(tmp_path)
    replaced(folder, "parameters.yaml", "value: 10\n    unit: min", "value: 0.25\n    unit: h")
    assert load_rules(folder).parameters.ahead == timedelta(minutes=15)


def test_the_version_does_not_depend_on_line_ends_or_on_who_is_told(tmp_path):
    folder = rulebook_folder(tmp_path)
    before = load_rules(folder).version
    for file in [folder / "parameters.yaml", *(folder / "standards").iterdir()]:
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    (folder / "channels.yaml").write_text("channels: [{name: a, url: 'https://example.org/'}]\n")
    assert load_rules(folder).version == before


def test_a_standard_needs_nothing_but_rows(tmp_path):
    folder = rulebook_folder(tmp_path)
    row = "category: coal-x, pollutant: a34013, limit_mg_m3: 5, reference_o2_pct: 6, from: 2026-01-01, clause: a"
    (folder / "standards" / "X-1.yaml").write_text(f"rows: [{{{row}}}]")
    book = load_rulebook(folder)
    (row,) = book.rules().limits["X-1", "coal-x", "a34013"]
    assert (row.limit_mg_m3, row.valid_from, row.valid_to, row.verified) == (5.0, date(2026, 1, 1), None, False)
    assert "coal-x" in book.coverage().coal_categories


def test_channels_are_read(tmp_path):
    secret = tmp_path / "hook"
    secret.write_text("https://example.org/token\n")
    (tmp_path / "channels.yaml").write_text(
        "channels:\n"
        "  - {name: all, url: 'json://localhost/hook'}\n"
        f"  - {{name: one, url_file: {secret}, minimum_severity: severe, counties: ['371503'], cases: false}}\n"
    )
    first, second = load_channels(tmp_path).channels
    assert (first.address(), first.minimum_severity, first.counties, first.cases) == (
        "json://localhost/hook",
        "warning",
        (),
        True,
    )
    assert (second.address(), second.counties, second.cases) == ("https://example.org/token", ("371503",), False)
    assert "localhost" not in repr(first)


@pytest.mark.parametrize(
    ("day", "county", "industry", "stops"),
    [
        pytest.param(date(2026, 11, 14), "371503", "cement", [], id="the day before"),
        pytest.param(date(2026, 11, 15), "371503", "cement", ["winter"], id="the first day"),
        pytest.param(date(2027, 3, 15), "371503", "cement", ["winter"], id="the last day"),
        pytest.param(date(2027, 3, 16), "371503", "cement", [], id="the day after"),
        pytest.param(date(2026, 12, 1), "371503", "steel", ["alert"], id="another industry"),
        pytest.param(date(2026, 12, 1), "371502", "steel", [], id="another county"),
    ],
)
def test_the_calendar_knows_who_stands_still(tmp_path, day, county, industry, stops):
    (tmp_path / "calendar.yaml").write_text(
        "stop_lists:\n"
        "  - {name: alert, notice: n, from: 2026-12-01, to: 2026-12-02, counties: ['371503'], industries: [steel]}\n"
        "staggered_production:\n"
        "  - {name: winter, notice: n, from: 2026-11-15, to: 2027-03-15, industries: [cement]}\n"
    )
    found = load_calendar(tmp_path).stops(day=day, county=county, industry=industry, enterprise="E1")
    assert [stop.name for stop in found] == stops
