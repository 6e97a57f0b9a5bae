"""State of an hour: every case of R6 and R7 with its boundary."""

from datetime import timedelta

import pytest

from tests.unit.emissions.world import HOUR, SO2, H, Stack, limit, outlet, rules


@pytest.mark.parametrize(
    ("sent", "state", "reason"),
    [
        pytest.param({}, "valid", "ok", id="a plain hour is valid"),
        pytest.param({"flag": None}, "valid", "ok", id="no flag at all counts as N"),
        pytest.param({"flag": ""}, "valid", "ok", id="an empty flag counts as none"),
        pytest.param({"flag": "D"}, "invalid", "flag_D", id="fault flag"),
        pytest.param({"flag": "M"}, "invalid", "flag_M", id="maintenance flag"),
        pytest.param({"flag": "C"}, "invalid", "flag_C", id="calibration flag"),
        pytest.param({"flag": "T"}, "invalid", "flag_T", id="above the measuring range"),
        pytest.param({"flag": "X"}, "invalid", "flag_X", id="a letter that no table has"),
        pytest.param({"flag": "F"}, "invalid", "flag_F", id="F while the oxygen says it burns"),
        pytest.param({"flag": "F", "o2": None}, "invalid", "flag_F", id="F without oxygen confirms nothing"),
        pytest.param({"flag": "F", "o2": "18.99"}, "invalid", "flag_F", id="F at 18.99 % oxygen is not confirmed"),
        pytest.param({"flag": "F", "o2": "19.0"}, "excluded", "stopped", id="F at exactly 19.0 % oxygen is stopped"),
        pytest.param({"avg": ""}, "invalid", "no_value", id="empty mean"),
        pytest.param({"avg": None}, "invalid", "no_value", id="no mean, though the pollutant was named"),
        pytest.param({"avg": "NaN"}, "invalid", "no_value", id="not a number"),
        pytest.param({"avg": "1e999"}, "invalid", "no_value", id="infinite"),
        pytest.param({"avg": "--"}, "invalid", "no_value", id="dashes"),
        pytest.param({"avg": "-0.01"}, "invalid", "out_of_range", id="just below zero"),
        pytest.param({"avg": "0", "zs": "0"}, "valid", "ok", id="zero is in range"),
        pytest.param({"avg": "100.0"}, "valid", "ok", id="exactly the span is in range"),
        pytest.param({"avg": "100.01"}, "invalid", "out_of_range", id="just over the span"),
        pytest.param({"zs": None, "o2": None}, "invalid", "no_oxygen", id="nothing to convert with"),
        pytest.param({"zs": "", "o2": ""}, "invalid", "no_oxygen", id="empty converted value and empty oxygen"),
        pytest.param({"zs": None}, "valid", "ok", id="converted from the oxygen"),
        pytest.param({"o2": None}, "valid", "ok", id="converted value sent, oxygen not needed"),
        pytest.param({"avg": "-1", "flag": "D"}, "invalid", "flag_D", id="the flag goes before the range"),
        pytest.param({"avg": "-1", "zs": None, "o2": None}, "invalid", "out_of_range", id="range before oxygen"),
    ],
)
def test_state_of_what_was_sent(sent, state, reason):
    stack = Stack(outlet(spans={SO2: 100.0}))
    stack.hour_data(**sent)
    judged = stack.hour()
    assert (judged.state, judged.reason) == (state, reason)
    assert (judged.in_time_state, judged.in_time_reason) == (state, reason)


def test_a_missing_hour_is_published_at_the_roll_call():
    stack = Stack()
    stack.hour_data(H - HOUR)
    assert stack.hour() is None
    stack.call()
    assert (stack.hour().state, stack.hour().reason, stack.hour().in_time) == ("missing", "not_received", False)


def test_an_outlet_that_never_sent_is_not_connected_and_stays_so_for_its_hours():
    stack = Stack()
    stack.call(H)
    assert stack.hour().reason == "not_connected"
    assert stack.findings("not_connected")[0].to is None
    stack.hour_data(H + 3 * HOUR)
    stack.call(H + HOUR)
    assert stack.hour().reason == "not_connected"
    assert stack.findings("not_connected")[0].to is not None


def test_the_first_packet_at_the_very_instant_of_the_roll_call_connects():
    stack = Stack()
    stack.call(H)
    stack.packet("2011", H + 2 * HOUR, H + 2 * HOUR, {SO2: {"Rtd": "1"}})
    assert stack.hour().reason == "not_received"
    assert stack.hour().cause == "connected"


@pytest.mark.parametrize(
    ("valid_packets", "interval", "state"),
    [
        pytest.param(45, 1, "valid", id="45 of 60 valid minutes"),
        pytest.param(44, 1, "invalid", id="44 of 60 valid minutes"),
        pytest.param(5, 10, "valid", id="five packets of ten minutes stand for 50"),
        pytest.param(4, 10, "invalid", id="four packets of ten minutes stand for 40"),
        pytest.param(3, 15, "valid", id="three quarters are exactly 45"),
        pytest.param(0, 10, "invalid", id="packets came and none was valid"),
    ],
)
def test_minutes_of_an_hour(valid_packets, interval, state):
    stack = Stack(outlet(minute_interval=interval))
    for number in range(60 // interval):
        flag = "N" if number < valid_packets else "D"
        stack.minute_data(H + timedelta(minutes=number * interval), flag=flag)
    stack.hour_data()
    assert stack.hour().state == state
    assert stack.hour().reason == ("ok" if state == "valid" else "too_few_minutes")


def test_without_any_minute_packet_the_hour_is_not_asked_for_minutes():
    stack = Stack()
    stack.hour_data()
    assert stack.hour().state == "valid"


def test_the_same_minute_counts_once():
    stack = Stack(outlet(minute_interval=10))
    for number in range(4):
        for again in range(3):
            start = H + timedelta(minutes=10 * number)
            stack.minute_data(start, received=start + timedelta(minutes=11 + again))
    stack.hour_data()
    assert stack.hour().reason == "too_few_minutes"


def test_overlapping_minute_packets_count_their_minutes_once():
    stack = Stack(outlet(minute_interval=30))
    stack.minute_data(H)
    stack.minute_data(H + timedelta(minutes=10))
    stack.hour_data()
    assert stack.hour().evidence["valid_minutes"] == 40


def test_minutes_do_not_spill_into_the_next_hour():
    stack = Stack(outlet(minute_interval=30))
    stack.minute_data(H + timedelta(minutes=45))
    stack.hour_data(H)
    stack.hour_data(H + HOUR)
    assert stack.hour(H).evidence["valid_minutes"] == 15
    assert stack.hour(H + HOUR).state == "valid"


@pytest.mark.parametrize(
    ("suffix", "value", "flag"),
    [
        pytest.param("Rtd", "3.1", "N", id="a minute packet with Rtd only"),
        pytest.param("Avg", "3.1", None, id="a minute packet without a flag"),
    ],
)
def test_odd_minute_packets_count(suffix, value, flag):
    stack = Stack(outlet(minute_interval=60))
    stack.minute_data(H, suffix=suffix, value=value, flag=flag)
    stack.hour_data()
    assert stack.hour().state == "valid"


def test_minutes_that_arrive_after_the_hour_are_counted_and_the_hour_is_published_again():
    stack = Stack(outlet(minute_interval=30))
    stack.minute_data(H)
    stack.hour_data()
    assert stack.hour().reason == "too_few_minutes"
    stack.minute_data(H + timedelta(minutes=30), received=H + timedelta(minutes=70))
    assert (stack.hour().state, stack.hour().revision, stack.hour().cause) == ("valid", 1, "minutes")


@pytest.mark.parametrize(
    ("own", "row", "sent", "converted"),
    [
        pytest.param(None, 6.0, {"zs": "11.5"}, 11.5, id="the sent converted value is the legal figure"),
        pytest.param(None, 6.0, {"zs": None, "o2": "13.5"}, 24.0, id="computed: twice diluted is doubled"),
        pytest.param(None, 6.0, {"zs": None, "o2": "6.0"}, 12.0, id="computed at reference: unchanged"),
        pytest.param(9.0, 6.0, {"zs": None, "o2": "13.0"}, 18.0, id="the outlet's own reference goes before the row's"),
        pytest.param(None, None, {"zs": "99"}, 12.0, id="no reference: the measured value, even if ZsAvg was sent"),
        pytest.param(None, None, {"zs": None, "o2": None}, 12.0, id="no reference: no oxygen needed"),
        pytest.param(None, 6.0, {"zs": None, "o2": "19.0"}, None, id="nothing burns: nothing to convert"),
    ],
)
def test_converted_value(own, row, sent, converted):
    stack = Stack(outlet(reference_o2_pct=own), rules(limit(SO2, 35.0, reference_o2_pct=row)))
    stack.hour_data(**sent)
    assert stack.hour().state == "valid"
    assert stack.hour().converted_mg_m3 == converted
    assert stack.hour().raw_mg_m3 == 12.0


@pytest.mark.parametrize(
    ("zs", "told"),
    [
        pytest.param("12.6", False, id="exactly 5 % above"),
        pytest.param("12.61", True, id="just over 5 % above"),
        pytest.param("11.4", False, id="exactly 5 % below"),
        pytest.param("11.39", True, id="just over 5 % below"),
    ],
)
def test_conversion_mismatch(zs, told):
    stack = Stack()
    stack.hour_data(zs=zs)
    found = stack.findings("conversion_mismatch")
    assert bool(found) is told
    assert stack.hour().converted_mg_m3 == float(zs)
    if told:
        assert found[0].evidence["computed_mg_m3"] == 12.0


def test_sub_packets_merge_whatever_their_qn():
    stack = Stack(outlet(pollutants=("a34013", SO2)))
    stack.packet("2061", H, H + timedelta(minutes=65), {SO2: {"Avg": "12", "Flag": "N"}}, qn="1")
    assert stack.hour().reason == "no_oxygen"
    stack.packet("2061", H, H + timedelta(minutes=65), {"a19001": {"Avg": "6"}, "a34013": {"Avg": "2"}}, qn="2")
    assert (stack.hour().state, stack.hour().cause) == ("valid", "more_data")
    assert stack.hour(H, "a34013").state == "valid"


def test_a_data_time_inside_the_hour_belongs_to_the_hour():
    stack = Stack()
    stack.hour_data(H + timedelta(minutes=59, seconds=59))
    assert stack.hour(H).state == "valid"
