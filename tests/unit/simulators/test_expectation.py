"""What must follow, by the ledger's own reading of the rules; and that the fold reads them the same way."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from contracts.codec import encode
from contracts.feed import encode_line, packet_line
from emissions.event import Due, Mark
from rulebook.loader import load_rules
from rulebook.register import load_register
from simulators.city import build_city
from simulators.expectation import Expectations, differences
from simulators.fleet import Fleet
from simulators.register import write_register
from simulators.scenario import load_scenario, shipped
from stackwatch.batch import judge_feed
from tests.unit.simulators.reports import HOUR, MINUTE, hour_report, minute_report

CITY = build_city(load_scenario(shipped("quiet")))
SITE = CITY.sites[0]
T0 = CITY.start


def report(start=T0, **changes):
    return hour_report(start, outlet=SITE.outlet, **changes)


def so2(*arrivals, marks=(), hour=T0):
    """The expected SO2 hour after some (report, minutes after the hour's start) arrivals."""
    expectations = Expectations(CITY)
    for made, minutes in arrivals:
        expectations.arrived(made, hour + minutes * MINUTE)
    for mark in marks:
        expectations.marked(mark)
    return next(
        found
        for found in expectations.hours(first=hour, last=hour)
        if (found.outlet, found.pollutant) == (SITE.outlet, "a21026")
    )


def with_so2(**texts):
    values = dict(report().values)
    values["a21026"] = {**values["a21026"], **texts}
    return report(values={code: {k: v for k, v in s.items() if v is not None} for code, s in values.items()})


def with_o2(text):
    return report(values={**report().values, "a19001": {"Avg": text, "Flag": "N"}})


def mark(kind, begin=0, end=60, entered=90):
    return Mark(
        id=f"{kind}-{begin}-{entered}",
        outlet=SITE.outlet,
        mn=SITE.mn,
        mark=kind,
        from_=T0 + begin * MINUTE,
        to=T0 + end * MINUTE,
        entered_at=T0 + entered * MINUTE,
        by="",
    )


def minutes(begin, **texts):
    made = minute_report(T0 + begin * MINUTE, outlet=SITE.outlet)
    return replace(made, values={**made.values, "a21026": {**made.values["a21026"], **texts}})


@pytest.mark.parametrize(
    ("arrivals", "marks", "state", "reason"),
    [
        pytest.param([], [], "missing", "not_connected", id="nothing ever came"),
        pytest.param([(report(T0 + HOUR), 125)], [], "missing", "not_connected", id="the first packet came too late"),
        pytest.param([(minutes(0), 32)], [], "missing", "not_received", id="minutes make no hour"),
        pytest.param([(report(), 62)], [], "valid", "ok", id="the hour came"),
        pytest.param([(replace(report(), refused="crc"), 62)], [], "missing", "not_connected", id="it came torn"),
        pytest.param([(with_so2(Flag="C"), 62)], [], "invalid", "flag_C", id="calibrating"),
        pytest.param([(with_so2(Flag=None), 62)], [], "valid", "ok", id="no flag is normal"),
        pytest.param([(with_so2(Flag="F"), 62)], [], "invalid", "flag_F", id="F while it burns is a broken instrument"),
        pytest.param([(with_so2(Avg="NaN"), 62)], [], "invalid", "no_value", id="no number"),
        pytest.param([(with_so2(Avg="-0.01"), 62)], [], "invalid", "out_of_range", id="below nothing"),
        pytest.param([(with_so2(Avg="500.01"), 62)], [], "invalid", "out_of_range", id="above the span"),
        pytest.param([(with_so2(Avg="500", ZsAvg="500"), 62)], [], "valid", "ok", id="at the end of the span"),
        pytest.param([(report(), 62), (minutes(0), 32)], [], "invalid", "too_few_minutes", id="30 of 60 minutes"),
        pytest.param([(report(), 62), (minutes(0), 32), (minutes(30), 62)], [], "valid", "ok", id="60 of 60 minutes"),
        pytest.param(
            [(report(), 62), (minutes(0), 32), (minutes(30, Flag="M"), 62)],
            [],
            "invalid",
            "too_few_minutes",
            id="flagged minutes do not count",
        ),
        pytest.param([], [mark("stopped")], "excluded", "stopped", id="a stopped mark needs no values"),
        pytest.param([(report(), 62)], [mark("maintenance", 0, 15)], "valid", "ok", id="a mark of 15 minutes"),
        pytest.param(
            [(report(), 62)], [mark("maintenance", 0, 16)], "invalid", "marked_maintenance", id="a mark of 16 minutes"
        ),
        pytest.param(
            [(report(), 62)],
            [mark("fault", entered=100), mark("calibration", entered=95)],
            "invalid",
            "marked_calibration",
            id="the mark entered first",
        ),
    ],
)
def test_states(arrivals, marks, state, reason):
    found = so2(*arrivals, marks=marks)
    assert (found.state, found.reason) == (state, reason)


def test_air_and_flag_f_are_a_standstill():
    values = {code: {**suffixes, "Flag": "F"} for code, suffixes in with_o2("20.60").values.items()}
    found = so2((report(values=values), 62))
    assert (found.state, found.reason, found.verdict) == ("excluded", "stopped", "not_judged")


@pytest.mark.parametrize(
    ("minute", "in_time"),
    [
        pytest.param(120, True, id="exactly H + 2 h is in time"),
        pytest.param(121, False, id="a minute later is not"),
    ],
)
def test_in_time(minute, in_time):
    found = so2((report(), minute))
    assert (found.state, found.in_time) == ("valid", in_time)


@pytest.mark.parametrize(
    ("entered", "in_time_state"),
    [
        pytest.param(36 * 60, "invalid", id="at noon of the next day: in time"),
        pytest.param(36 * 60 + 1, "valid", id="after noon: only on the completed track"),
    ],
)
def test_late_marks(entered, in_time_state):
    found = so2((report(), 62), marks=[mark("fault", entered=entered)])
    assert (found.state, found.in_time_state) == ("invalid", in_time_state)


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        pytest.param(with_so2(ZsAvg="35.00"), "within", id="equal to the limit"),
        pytest.param(with_so2(ZsAvg="35.01"), "exceeded", id="above it"),
        pytest.param(with_so2(Avg="34.98", ZsAvg=None), "exceeded", id="converted here: 34.98 at 5.7 % oxygen"),
        pytest.param(with_o2("19.00"), "not_judged", id="19 % oxygen: nothing burns"),
        pytest.param(with_so2(Avg=""), "not_judged", id="no value"),
    ],
)
def test_verdicts(made, verdict):
    if made.values["a21026"].get("Avg") == "34.98":
        made = replace(made, values={**made.values, "a19001": {"Avg": "7.00"}})
    assert so2((made, 62)).verdict == verdict


def test_an_operating_mark_keeps_the_hour_and_spares_the_verdict():
    found = so2((with_so2(ZsAvg="99"), 62), marks=[mark("starting")])
    assert (found.state, found.verdict) == ("valid", "not_judged")


def test_the_later_of_two_values_counts():
    assert so2((with_so2(ZsAvg="20"), 62), (with_so2(ZsAvg="30"), 90)).converted_mg_m3 == 30


def test_differences_name_the_field():
    expected = so2((report(), 62))
    actual = {
        "state": "valid",
        "reason": "ok",
        "in_time": True,
        "in_time_state": "valid",
        "in_time_reason": "ok",
        "verdict": "exceeded",
        "converted_mg_m3": 10.6,
    }
    assert differences(expected, actual) == [
        "verdict: expected within, found exceeded",
        "converted_mg_m3: expected 10.5, found 10.6",
    ]
    assert differences(expected, None) == ["never judged"]


@pytest.mark.parametrize(("name", "hours"), [("quiet", 30), ("small", 60), ("liaocheng", 40)])
def test_the_fold_finds_what_the_ledger_expects(name, hours, tmp_path):
    fleet = Fleet(load_scenario(shipped(name)))
    write_register(fleet.city, tmp_path)
    start = fleet.scenario.start
    end = start + timedelta(hours=hours)
    expectations = Expectations(fleet.city)
    marks = fleet.marks()
    lines, refused, roll = [], {}, start + 2 * HOUR
    for sending in fleet.sendings():
        while roll <= min(sending.at, end):
            due = roll - 2 * HOUR
            lines += [encode(Due(outlet=site.outlet, mn=site.mn, hour=due)) for site in fleet.city.sites]
            roll += HOUR
        if sending.at >= end:
            break
        while marks and marks[0].entered_at <= sending.at:
            expectations.marked(marks[0])
            lines.append(encode(marks.pop(0)))
        expectations.arrived(sending.report, sending.at)
        refused[sending.refused] = refused.get(sending.refused, 0) + 1
        lines.append(encode_line(packet_line(sending.at, sending.mn, sending.frame)))
    judged = judge_feed(lines, load_register(tmp_path), load_rules(), as_of=end)
    wrong = {}
    for expected in expectations.hours(first=start, last=end - 2 * HOUR):
        actual = judged.hours.get((expected.hour, expected.outlet, expected.pollutant))
        if found := differences(expected, None if actual is None else msgspec.to_builtins(actual)):
            wrong[expected.outlet, expected.pollutant, expected.hour.isoformat()] = found
    assert wrong == {}
    found_reasons = {}
    for _, rejected in judged.rejected:
        found_reasons[rejected.reason] = found_reasons.get(rejected.reason, 0) + 1
    assert found_reasons == {reason: count for reason, count in refused.items() if reason}


def test_liaocheng_tells_its_story(tmp_path):
    fleet = Fleet(load_scenario(shipped("liaocheng")))
    write_register(fleet.city, tmp_path)
    start, end = fleet.scenario.start, fleet.scenario.start + timedelta(hours=150)
    marks, lines = fleet.marks(), []
    for sending in fleet.sendings():
        if sending.at >= end:
            break
        while marks and marks[0].entered_at <= sending.at:
            lines.append(encode(marks.pop(0)))
        if sending.report.cn != "2011":
            lines.append(encode_line(packet_line(sending.at, sending.mn, sending.frame)))
    judged = judge_feed(lines, load_register(tmp_path), load_rules(), as_of=end)
    assert set(judged.cases) == {("371526", "rate"), ("371502", "exceeding")}
    month = f"{start:%Y-%m}"
    assert judged.rates["county", "371526", "month", month, "completed"].effective_pct < 90
    assert all(
        rate.effective_pct > 90
        for key, rate in judged.rates.items()
        if key[0] == "county" and key[2] == "month" and key[1] != "371526" and rate.effective_pct is not None
    )
    assert not any(key[1] == "3715-DJ" and rate.effective_pct is not None for key, rate in judged.rates.items())
