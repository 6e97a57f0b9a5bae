"""Each fault does what its name says, and nothing outside its spell."""

from dataclasses import replace

import pytest

from simulators.faults import FAULTS, ReportFault, SampleFault
from simulators.plants import KINDS, Plant
from tests.unit.simulators.reports import HOUR, MINUTE, T0, hour_report, minute_report, spell, through

SENT = T0 + HOUR + 2 * MINUTE
"""When the hour's packet leaves."""


def values(reports):
    """Averages by factor of the only report."""
    (report,) = reports
    return {code: suffixes["Avg"] for code, suffixes in report.values.items() if "Avg" in suffixes}


def flags(reports):
    (report,) = reports
    return {suffixes["Flag"] for suffixes in report.values.values()}


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if isinstance(fault, ReportFault)])
def test_a_report_outside_the_spell_stays_as_it_is(name):
    report = hour_report()
    assert through(name, report, T0 - 48 * HOUR, T0 - 24 * HOUR) == [report]
    assert through(name, report, T0 + 24 * HOUR, T0 + 48 * HOUR) == [report]


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if isinstance(fault, SampleFault)])
def test_a_sample_outside_the_spell_stays_as_it_is(name):
    sample = Plant(KINDS["ultra_low_coal"], "a").step(T0)
    assert FAULTS[name].apply(sample, spell(name, T0 + HOUR, T0 + 2 * HOUR)) == sample


@pytest.mark.parametrize("name", ["gap", "silence"])
def test_a_gap_swallows_what_is_sent_in_it(name):
    assert through(name, hour_report(), SENT, SENT + MINUTE) == []


@pytest.mark.parametrize("name", ["backfill", "carrier_outage"])
def test_period_data_of_an_outage_come_when_the_line_is_back(name):
    (late,) = through(name, hour_report(), SENT, SENT + HOUR)
    assert late.at == SENT + HOUR + 5 * MINUTE
    assert late.data_time == T0
    assert late.qn >= late.at
    assert not late.backfill, "RF exists since 2025 only"


def test_a_2025_logger_marks_what_it_sends_late():
    (late,) = through("backfill", hour_report(edition=2025), SENT, SENT + HOUR)
    assert late.backfill


def test_real_time_data_are_not_sent_late():
    assert through("backfill", hour_report(cn="2011"), SENT, SENT + HOUR) == []


@pytest.mark.parametrize(
    ("length", "kept"),
    [
        pytest.param(2 * HOUR, 1, id="sent two hours before the end: just remembered"),
        pytest.param(2 * HOUR + MINUTE, 0, id="sent earlier than that: forgotten"),
    ],
)
def test_a_logger_remembers_only_its_last_hours(length, kept):
    assert len(through("carrier_outage", hour_report(), SENT, SENT + length, keep_hours=2.0)) == kept


def test_request_numbers_of_a_burst_stay_apart():
    hours = [hour_report(T0 + n * HOUR) for n in range(12)] + [minute_report(T0 + n * HOUR) for n in range(12)]
    late = [one for report in hours for one in through("backfill", report, T0, T0 + 24 * HOUR)]
    assert len({report.qn for report in late}) == 24


def test_a_duplicate_is_the_same_frame_later():
    first, again = through("duplicate", hour_report(), SENT, SENT + MINUTE)
    assert again == replace(first, at=first.at + MINUTE)


def test_out_of_order_data_arrive_behind_the_next_hour():
    (late,) = through("out_of_order", hour_report(), SENT, SENT + MINUTE)
    assert late.at > hour_report(T0 + HOUR).at


def test_a_torn_frame_is_sent_again_whole():
    torn, whole = through("wrong_crc", hour_report(), SENT, SENT + MINUTE)
    assert (torn.damage, torn.refused) == ("digit", "crc")
    assert (whole.damage, whole.refused) == ("", "")
    assert whole.at > torn.at


def test_nobody_sends_a_torn_frame_again_who_expects_no_answer():
    (torn,) = through("wrong_crc", hour_report(edition=2005, qn=None), SENT, SENT + MINUTE)
    assert torn.refused == "crc"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        pytest.param("modbus_crc", {"damage": "modbus", "refused": "crc"}, id="a Modbus checksum is no checksum"),
        pytest.param("cut", {"damage": "cut", "refused": "length_mismatch"}, id="a cut frame has the wrong length"),
        pytest.param("wrong_st", {"st": "32", "refused": ""}, id="a wrong ST is accepted all the same"),
        pytest.param("foreign_mn", {"refused": "mn_mismatch"}, id="the frame of another logger is refused"),
        pytest.param("unknown_mn", {"refused": "unknown_mn", "outlet": ""}, id="a logger nobody knows is refused"),
        pytest.param("clock_ahead", {"refused": "datatime_ahead"}, id="data from the future are refused"),
    ],
)
def test_what_the_platform_must_make_of_it(name, changes):
    (report,) = through(name, hour_report(), SENT, SENT + MINUTE)
    assert {field: getattr(report, field) for field in changes} == changes


def test_a_clock_ahead_shifts_data_and_request_numbers_by_a_day():
    before = hour_report()
    (report,) = through("clock_ahead", before, SENT, SENT + MINUTE)
    assert report.data_time - before.data_time == report.qn - before.qn == 24 * HOUR
    assert report.at == before.at


@pytest.mark.parametrize(
    ("minutes", "letters"),
    [
        pytest.param(15, {"N"}, id="a quarter of an hour leaves the hour normal"),
        pytest.param(16, {"M"}, id="more than a quarter flags the hour"),
    ],
)
def test_maintenance_of_part_of_the_hour(minutes, letters):
    assert flags(through("maintenance", hour_report(), T0, T0 + minutes * MINUTE)) == letters


@pytest.mark.parametrize(
    ("minutes", "letters"),
    [
        pytest.param(15, {"N"}, id="half a minute packet is still normal"),
        pytest.param(16, {"M"}, id="more than half of it is flagged"),
    ],
)
def test_maintenance_of_part_of_a_minute_packet(minutes, letters):
    assert flags(through("maintenance", minute_report(), T0, T0 + minutes * MINUTE)) == letters


def test_out_of_service_flags_f():
    assert flags(through("out_of_service", hour_report(), T0, T0 + HOUR)) == {"F"}


def test_calibration_shows_zero_gas_and_leaves_the_hour_to_its_minutes():
    reports = through("calibration", minute_report(), T0, T0 + 20 * MINUTE)
    assert flags(reports) == {"C"}
    assert values(reports) == {"a34013": "0.00", "a21026": "0.00", "a21002": "0.00", "a19001": "5.70"}
    assert flags(through("calibration", hour_report(), T0, T0 + 20 * MINUTE)) == {"N"}


@pytest.mark.parametrize(
    ("name", "parameters", "code", "sent"),
    [
        pytest.param("odd_value", {"value": "NaN"}, "a21026", "NaN", id="not a number"),
        pytest.param("odd_value", {"value": "empty", "code": "a34013"}, "a34013", "", id="nothing behind the sign"),
        pytest.param("negative", {}, "a34013", "-1.20", id="a zero point that has drifted"),
        pytest.param("understated", {}, "a21026", "10.00", id="only the converted value is lower"),
    ],
)
def test_odd_values(name, parameters, code, sent):
    assert values(through(name, hour_report(), T0, T0 + HOUR, **parameters))[code] == sent


def test_an_understated_hour_lowers_the_converted_value():
    (report,) = through("understated", hour_report(), T0, T0 + HOUR, factor=0.8)
    assert report.values["a21026"]["ZsAvg"] == "8.40"


def test_without_oxygen_nothing_is_converted():
    (report,) = through("no_oxygen", hour_report(), T0, T0 + HOUR)
    assert "a19001" not in report.values
    assert not any(suffix.startswith("Zs") for suffixes in report.values.values() for suffix in suffixes)


def test_a_corrected_hour_comes_again_with_another_value():
    first, later = through("corrected", hour_report(), T0, T0 + HOUR)
    assert (first.values["a21002"]["Avg"], later.values["a21002"]["Avg"]) == ("30.00", "33.00")
    assert later.at - first.at == 90 * MINUTE
    assert later.qn != first.qn


def test_sub_packets_share_the_data_time_and_not_the_request_number():
    parts = through("split", hour_report(), T0, T0 + HOUR)
    assert [part.part for part in parts] == [(2, 1), (2, 2)]
    assert len({part.qn for part in parts}) == 2
    assert {part.data_time for part in parts} == {T0}
    assert [code for part in parts for code in part.values] == list(hour_report().values)


def test_a_2005_logger_cannot_split():
    report = hour_report(edition=2005, qn=None)
    assert through("split", report, T0, T0 + HOUR) == [report]


def test_after_a_restart_the_logger_says_so_once():
    assert through("restart", minute_report(), T0 + 30 * MINUTE, T0 + 40 * MINUTE) == []
    notice, report = through("restart", hour_report(), T0 + 30 * MINUTE, T0 + 40 * MINUTE)
    assert (notice.cn, notice.data_time) == ("2081", T0 + 40 * MINUTE)
    assert report == hour_report()
    assert through("restart", hour_report(T0 + HOUR), T0 + 30 * MINUTE, T0 + 40 * MINUTE) == [hour_report(T0 + HOUR)]


@pytest.mark.parametrize(
    ("name", "field", "check"),
    [
        pytest.param("exceedance", "so2", lambda after, before: after == before * 6, id="a tripped pump: SO2 times 6"),
        pytest.param("stuck", "so2", lambda after, _: after == 12.34, id="one value to the last digit"),
        pytest.param("stopped", "o2_pct", lambda after, _: after > 20, id="a stack that stands still holds air"),
        pytest.param("stopped", "flow_m3_s", lambda after, _: after == 0, id="nothing flows in it"),
        pytest.param("air_leak", "o2_pct", lambda after, _: after == 20.9, id="a leaking sample line draws air"),
        pytest.param("air_leak", "flow_m3_s", lambda after, before: after == before, id="while the plant runs on"),
    ],
)
def test_faults_of_the_plant(name, field, check):
    sample = Plant(KINDS["ultra_low_coal"], "a").step(T0)
    assert check(getattr(FAULTS[name].apply(sample, spell(name, T0, T0 + HOUR)), field), getattr(sample, field))
