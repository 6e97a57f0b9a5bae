"""What the shipped rulebook says."""

from dataclasses import fields
from datetime import date, datetime, timedelta

import pytest

from emissions.beijing import BEIJING
from emissions.rules import Parameters
from rulebook.deadlines import CaseTerms
from rulebook.loader import (
    SHIPPED,
    load_calendar,
    load_channels,
    load_coverage,
    load_escalation,
    load_rulebook,
    load_rules,
)


def test_the_shipped_numbers_are_the_defaults_of_the_rules():
    assert load_rules().parameters == Parameters()


def test_every_number_of_the_core_stands_in_the_file_with_its_rule_and_a_sentence():
    judging = load_rulebook().parameters.judging
    beside = {"early_running", "silence_after", "silence_intervals", "suspicion"}  # in sections of their own
    assert set(type(judging).model_fields) | beside == {field.name for field in fields(Parameters)}
    assert all(getattr(judging, name).meaning.endswith((".", ")")) for name in type(judging).model_fields)


def test_the_shipped_numbers_of_the_warnings():
    parameters = load_rulebook().parameters
    assert parameters.early_warning.running.span == timedelta(minutes=5)
    assert parameters.core().silence_after == timedelta(minutes=15)
    assert parameters.core().silence_intervals == 3
    assert parameters.core() == Parameters()
    suspicion = parameters.suspicion
    assert (suspicion.constant_hours.value, suspicion.constant_realtime.span) == (6, timedelta(minutes=30))
    assert (suspicion.limit_hugging_hours.value, suspicion.limit_hugging_share.share) == (72, 0.9)
    assert (suspicion.limit_hugging_from.share, suspicion.limit_hugging_to.share) == (0.95, 1.0)
    assert (suspicion.oxygen_dilution_hours.value, suspicion.oxygen_dilution_tolerance.share) == (3, 0.05)
    assert (suspicion.twin_curve_hours.value, suspicion.mark_at_peak_hours.value) == (24, 5)


def test_the_shipped_coverage():
    coverage = load_coverage()
    assert coverage.height_m == 45.0
    assert coverage.industries == {
        "power",
        "steel",
        "coking",
        "cement",
        "glass",
        "nonferrous",
        "brick",
        "petrochemical",
    }
    assert {"coal", "coal-core", "coal-key", "coal-in-use", "coal-new", "coal-special"} <= coverage.coal_categories
    assert not {"gas-special", "oil-special", "kiln", "sinter"} & coverage.coal_categories


def test_the_shipped_deadlines():
    escalation = load_escalation()
    assert escalation.levels == ("county_inspector", "county_head", "city_supervisor")
    assert escalation.acknowledge_within("severe") == timedelta(minutes=30)
    assert escalation.acknowledge_within("warning") == timedelta(hours=4)
    assert escalation.alerts.acknowledgement_lasts.span == timedelta(hours=24)
    assert {state: span.days for state, span in escalation.case_within().items()} == {
        "opened": 3,
        "rectifying": 30,
        "clearance_requested": 7,
        "verifying": 7,
    }
    assert set(escalation.case_within()) == set(CaseTerms.model_fields)


def test_nobody_is_called_and_nothing_is_stopped_by_default():
    assert load_channels().channels == ()
    calendar = load_calendar()
    assert (calendar.stop_lists, calendar.staggered_production) == ((), ())


SHIPPED_STANDARDS = sorted((SHIPPED / "standards").glob("*.yaml"))


@pytest.mark.parametrize("file", SHIPPED_STANDARDS, ids=lambda file: file.stem)
def test_every_shipped_standard_says_what_it_is(file):
    standard = load_rulebook().standards[file.stem]
    assert standard.id == file.stem
    assert standard.title
    assert standard.title_en
    assert standard.applies_in
    assert set(standard.category_names) == {row.category for row in standard.rows}
    assert not any(row.verified for row in standard.rows), (
        "say in the file who compared it with what, then allow it here"
    )


@pytest.mark.parametrize(
    ("standard", "category", "day", "limits", "o2"),
    [
        pytest.param("ultra-low-2015", "coal", date(2017, 4, 1), (10, 35, 50), 6, id="coal units of Liaocheng 2017"),
        pytest.param("ultra-low-2019", "sinter", date(2026, 1, 1), (10, 35, 50), 16, id="sinter"),
        pytest.param("ultra-low-2019", "pellet", date(2026, 1, 1), (10, 35, 50), 18, id="pellets"),
        pytest.param("ultra-low-2019", "other", date(2026, 1, 1), (10, 50, 200), None, id="the rest of a steel works"),
        pytest.param("ultra-low-2019", "coke-oven", date(2026, 1, 1), (10, 30, 150), 8, id="coke ovens, ultra-low"),
        pytest.param("ultra-low-2024", "kiln", date(2026, 1, 1), (10, 35, 50), 10, id="cement kilns, ultra-low"),
        pytest.param("DB37-664-2019", "coal", date(2026, 1, 1), (5, 35, 50), 6, id="power plants of Shandong"),
        pytest.param("DB37-2374-2018", "coal-core", date(2026, 1, 1), (5, 35, 50), 9, id="boilers in core areas"),
        pytest.param("DB37-2374-2018", "coal-key", date(2026, 1, 1), (10, 50, 100), 9, id="boilers in key areas"),
        pytest.param("DB37-2376-2019", "area-general", date(2026, 1, 1), (20, 100, 200), None, id="general areas"),
        pytest.param("GB13223-2011", "coal", date(2026, 1, 1), (30, 100, 100), 6, id="power plants, general"),
        pytest.param("GB13223-2011", "coal-special", date(2026, 1, 1), (20, 50, 100), 6, id="power plants, special"),
        pytest.param("GB13271-2014", "coal-in-use", date(2026, 1, 1), (80, 400, 400), 9, id="old coal boilers"),
        pytest.param("GB13271-2014", "coal-special", date(2017, 10, 1), (30, 200, 200), 9, id="Zhangjiakou's boilers"),
        pytest.param("GB13271-2014", "gas-special", date(2026, 1, 1), (20, 50, 150), 3.5, id="gas boilers, special"),
        pytest.param("GB4915-2013", "kiln-special", date(2017, 11, 1), (20, 100, 320), 10, id="cement kilns, special"),
        pytest.param("GB26453", "furnace", date(2024, 6, 30), (50, 400, 700), 8, id="glass, last day of edition 2011"),
        pytest.param("GB26453", "furnace", date(2024, 7, 1), (30, 200, 500), 8, id="glass, first day of edition 2022"),
        pytest.param(
            "GB29620-2013", "kiln", date(2020, 12, 31), (30, 300, 200), 8.647, id="bricks before the amendment"
        ),
        pytest.param("GB29620-2013", "kiln", date(2021, 1, 1), (30, 150, 200), 18, id="bricks after the amendment"),
        pytest.param("GB16171-2012", "coke-oven", date(2026, 1, 1), (30, 50, 500), None, id="coke ovens, general"),
        pytest.param("GB28662-2012", "sinter-pellet", date(2017, 9, 1), (50, 200, 300), None, id="sinter, general"),
        pytest.param("GB25465-2010", "electrolysis", date(2026, 1, 1), (20, 200), None, id="aluminium has no NOx"),
    ],
)
def test_the_shipped_limits(standard, category, day, limits, o2):
    rules = load_rules()
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=BEIJING)
    rows = [
        rules.limit_row(standard=standard, category=category, pollutant=pollutant, hour=noon)
        for pollutant in ("a34013", "a21026", "a21002")
    ]
    assert tuple(row.limit_mg_m3 for row in rows if row) == limits
    assert {row.reference_o2_pct for row in rows if row} == {o2}


def test_no_clause_claims_more_than_was_checked():
    for standard in load_rulebook().standards.values():
        for row in standard.rows:
            assert row.verified or "not checked" in row.clause
