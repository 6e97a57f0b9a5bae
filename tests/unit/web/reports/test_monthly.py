"""What the monthly report says, against the oracle and against the case's evidence."""

from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emissions.beijing import BEIJING
from emissions.tally import Tally
from emissions.transmission import rate_of
from tests.unit.web.reports.conftest import NOW
from web.reports.monthly import pareto, ranks
from web.reports.reading import read_monthly


def rate(valid, expected, id_="371502"):
    return rate_of(
        Tally(due=expected, received=valid, valid=valid),
        level="county",
        id=id_,
        window="month",
        period="2026-10",
        track="completed",
        as_of=datetime(2026, 11, 5, tzinfo=BEIJING),
        settled=True,
        county=id_,
        city="371500",
    )


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param({"a": (9, 10), "b": (95, 100)}, {"a": 2, "b": 1}, id="the higher rate first"),
        pytest.param({"a": (9, 10), "b": (90, 100), "c": (1, 2)}, {"a": 1, "b": 1, "c": 3}, id="equals share a rank"),
        pytest.param({"a": (9000, 9001), "b": (8999, 9000)}, {"a": 1, "b": 2}, id="what rounds to the same differs"),
        pytest.param({"a": (0, 0), "b": (0, 5)}, {"a": None, "b": 1}, id="nothing expected has no rank, 0 % has one"),
        pytest.param({"a": None}, {"a": None}, id="no rate has no rank"),
    ],
)
def test_ranks(counts, expected):
    assert ranks({id_: None if c is None else rate(*c) for id_, c in counts.items()}) == expected


@given(st.dictionaries(st.text(min_size=1), st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8))
def test_a_rank_is_one_more_than_the_number_of_those_above(counts):
    rates = {id_: rate(min(c), max(c)) for id_, c in counts.items()}
    shares = {id_: Fraction(r.valid, r.expected) for id_, r in rates.items() if r.expected}
    found = ranks(rates)
    for id_, share in shares.items():
        assert found[id_] == 1 + sum(other > share for other in shares.values())
    assert {id_ for id_, place in found.items() if place is None} == rates.keys() - shares.keys()


def test_pareto_leaves_out_what_was_not_lost_and_ends_at_all_of_it():
    lines = pareto(
        {("valid", "ok"): 90, ("missing", "not_received"): 3, ("invalid", "flag_C"): 6, ("excluded", "stopped"): 5}
    )
    assert [(line.reason, line.count, line.cumulative_pct) for line in lines] == [
        ("flag_C", 6, 66.67),
        ("not_received", 3, 100.0),
    ]


def test_rates_are_those_of_the_oracle(month, report):
    for line in report.counties:
        for track, shown in (("completed", line.figures.completed), ("in_time", line.figures.in_time)):
            assert shown == month.judged.rates["county", line.code, "month", "2026-10", track]


def test_the_settlement_stands_and_what_came_later_is_beside_it(report):
    county = next(line for line in report.counties if line.code == "371521")
    assert county.figures.settled is not None
    assert county.figures.settled.effective_pct == 84.95
    assert county.figures.completed is not None
    assert county.figures.completed.effective_pct == 89.78
    assert county.changed_hours == 36 * 2
    assert (county.rank, county.below) == (2, True)
    assert report.settled


def test_the_settled_figure_is_the_one_in_the_cases_evidence(month, report):
    evidence = month.judged.cases["371521", "rate"].evidence["periods"]["2026-10"]
    county = next(line for line in report.counties if line.code == "371521")
    assert county.figures.settled is not None
    assert (county.figures.settled.valid, county.figures.settled.expected) == (evidence["valid"], evidence["expected"])
    assert [(case.county, case.periods) for case in report.cases] == [("371521", ("2026-10",))]
    assert county.cases_opened == 1


def test_exceeded_hours_are_those_of_the_oracle(month, report):
    exceeded = [h for h in month.judged.hours.values() if h.verdict == "exceeded" and h.hour.month == 10]
    assert report.exceeded.hours == len(exceeded) == 4
    assert report.exceeded.enterprises == 2
    worst = report.exceedances[0]
    assert (worst.outlet, worst.hours, worst.peak_mg_m3, worst.limit_mg_m3) == ("E1-1", 3, 80.0, 35.0)
    assert worst.multiple == 2.29


def test_lost_hours_and_valid_hours_are_what_was_expected(report):
    for line in report.worst:
        assert line.figures.completed is not None
        assert line.lost == line.figures.completed.expected - line.figures.completed.valid
    assert {reason.reason for reason in report.reasons} == {"not_received", "flag_C"}


def test_a_report_of_one_county_says_nothing_of_the_others(october):
    own = read_monthly(october, "2026-10", county="371521")
    assert [line.code for line in own.counties] == ["371521"]
    assert own.counties[0].rank == 2
    assert own.exceeded.hours == 0
    assert {line.county for line in own.worst} == {"371521"}
    assert own.cities == []


def test_whoever_sees_one_county_gets_its_report_with_its_place_among_all(october):
    narrowed = october.seen_by("371521")
    own = read_monthly(narrowed, "2026-10", county="371502")
    assert [(line.code, line.rank) for line in own.counties] == [("371521", 2)]
    assert own.ranked == 2
    assert own.cities == []
    assert own.counties[0].figures.settled is not None
    assert own.exceedances == []


def test_limits_that_nobody_checked_are_counted_and_permits_are_the_registers(report):
    of_so2 = {
        (line.source, line.limit_mg_m3, line.reference_o2_pct): line
        for line in report.limits
        if line.pollutant == "a21026"
    }
    assert {key: (line.outlets, line.verified) for key, line in of_so2.items()} == {
        ("permit", 30.0, 6.0): (1, True),
        ("ultra-low-2015 coal", 35.0, 6.0): (2, False),
        ("ultra-low-2015 coal", 35.0, 9.0): (1, False),
    }


def test_alerts_are_in_time_if_somebody_took_them_before_the_first_deadline_passed(month, ready, tmp_path):
    with ready.sources(tmp_path, NOW) as sources:
        desk = sources.alerts
        raised = [a for a in desk.alerts(limit=1000) if a.raised_at.month == 10]
        assert len(raised) >= 3
        for _ in desk.alerts(limit=1000):
            desk.pass_time(now=raised[1].raised_at)
        desk.acknowledge(raised[1].id, by="李四", now=raised[1].raised_at)
        desk.pass_time(now=raised[0].raised_at + timedelta(hours=12))
        desk.acknowledge(raised[0].id, by="李四", now=raised[0].raised_at + timedelta(hours=13))
        alerts = read_monthly(sources, "2026-10").alerts
    assert (alerts.raised, alerts.in_time, alerts.open) == (len(raised), 1, len(raised))
    assert alerts.due >= 2


def test_a_month_without_data_is_a_report_without_rates(october):
    empty = read_monthly(october, "2025-01")
    assert empty.provenance.as_of is None
    assert all(line.rank is None for line in empty.counties)
    assert (empty.exceeded.hours, empty.reasons, empty.settled) == (0, [], False)


def test_work_orders_count_in_the_month_in_which_they_fell_due(ready, tmp_path):
    with ready.sources(tmp_path, NOW) as sources:
        orders = sources.alerts.orders
        at = datetime(2026, 10, 3, 9, tzinfo=BEIJING)
        made = [
            orders.order(
                outlet="E4-1",
                county="371521",
                kind="maintenance",
                title=f"校准 {n}",
                by="李四",
                now=at,
                due_at=at + timedelta(days=5),
                planned=True,
            )
            for n in range(4)
        ]
        orders.done(made[0].id, by="王五", note="已完成", now=at + timedelta(days=1))
        county = next(line for line in read_monthly(sources, "2026-10").counties if line.code == "371521")
        other = read_monthly(sources, "2026-09").counties
    assert (county.orders.maintenance.of, county.orders.maintenance.done) == (4, 1)
    assert (county.orders.closing.pct, county.orders.maintenance.pct) == (0.0, 25.0)
    assert all(line.orders.closing.pct is None for line in other)
