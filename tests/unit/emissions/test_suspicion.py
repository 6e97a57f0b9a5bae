"""R22: suspected falsification, each a named rule with its numbers."""

from datetime import timedelta

import pytest

from tests.unit.emissions.world import HOUR, NOX, SO2, H, Stack, Watched, outlet

D = H.replace(day=2, hour=0)


def play(stack: Stack, values: list[str], *, start=D, call: bool = True, **fields: str) -> None:
    for number, value in enumerate(values):
        stack.hour_data(start + number * HOUR, **{"avg": value, "zs": value, **fields})
        if call:
            stack.call(start + number * HOUR)


def told(stack: Stack, rule: str) -> list[tuple[int, object]]:
    """Hour in which it begins and hour in which it ends, from the first hour on."""
    return [
        (round((f.from_ - D) / HOUR), None if f.to is None else round((f.to - D) / HOUR))
        for f in stack.findings(f"suspected_{rule}")
    ]


@pytest.mark.parametrize(
    ("values", "runs"),
    [
        pytest.param(["12.5"] * 5, [], id="five equal hours"),
        pytest.param(["12.5"] * 6, [(0, None)], id="six equal hours"),
        pytest.param(["12.5"] * 3 + ["12.50"] + ["12.5"] * 3, [], id="equal to the decimal means as sent"),
        pytest.param(["12.5"] * 7 + ["12.6"], [(0, 7)], id="it ends with another value"),
        pytest.param(["12.5"] * 6 + ["13"] + ["12.5"] * 6, [(0, 6), (7, None)], id="two runs are two findings"),
    ],
)
def test_hourly_means_that_do_not_move(values, runs):
    stack = Stack()
    play(stack, values)
    assert told(stack, "constant") == runs


def test_a_run_is_one_finding_however_its_hours_arrive():
    stack = Stack()
    for number in (5, 3, 1, 0, 2, 4, 6):
        stack.hour_data(D + number * HOUR, avg="12.5", zs="12.5", received=D + 10 * HOUR + number * HOUR / 60)
    assert len(told(stack, "constant")) == 1
    assert stack.findings("suspected_constant")[0].evidence["hours"] in {6, 7}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"flag": "D"}, id="hours that are not valid"),
        pytest.param({"o2": "20.9"}, id="a plant that stands still"),
    ],
)
def test_hours_that_are_not_judged_are_not_suspected(fields):
    stack = Stack()
    play(stack, ["0.0"] * 12, **fields)
    assert told(stack, "constant") == []


@pytest.mark.parametrize(
    ("minutes", "values", "findings"),
    [
        pytest.param(range(30), ["7.7"] * 30, 0, id="twenty-nine minutes"),
        pytest.param(range(31), ["7.7"] * 31, 1, id="thirty minutes"),
        pytest.param(range(0, 120, 40), ["7.7"] * 3, 0, id="a gap begins it anew"),
        pytest.param(range(32), ["7.7"] * 20 + ["7.8"] + ["7.7"] * 11, 0, id="another value begins it anew"),
    ],
)
def test_real_time_values_that_do_not_move(minutes, values, findings):
    stack = Stack()
    for minute, value in zip(minutes, values, strict=True):
        when = D + timedelta(minutes=minute)
        stack.packet("2011", when, when, {SO2: {"Rtd": value, "Flag": "N"}, "a19001": {"Rtd": "6"}})
    assert len(stack.findings("suspected_constant")) == findings


def test_real_time_values_that_move_again_end_it():
    stack = Stack()
    for minute in range(60):
        when = D + timedelta(minutes=minute)
        stack.packet("2011", when, when, {SO2: {"Rtd": "7.7" if minute < 45 else f"{minute}"}})
    [finding] = stack.findings("suspected_constant")
    assert (finding.from_, finding.to) == (D, D + timedelta(minutes=44))


@pytest.mark.parametrize(
    ("high", "low", "suspected"),
    [
        pytest.param(65, 7, True, id="65 of 72 valid hours are 90 per cent"),
        pytest.param(64, 8, False, id="64 of 72 are not"),
        pytest.param(64, 7, False, id="71 valid hours are too few"),
    ],
)
def test_values_that_hug_the_limit(high, low, suspected):
    """The limit is 35: from 33.25 to 35.00 is just under it."""
    stack = Stack()
    play(stack, [f"{12 + n % 5}" for n in range(low)] + [("33.25", "35.00", "34.1")[n % 3] for n in range(high)])
    assert bool(stack.findings("suspected_limit_hugging")) == suspected


def test_hugging_is_told_once_a_month():
    stack = Stack()
    play(stack, [("33.3", "34.9", "34.1")[n % 3] for n in range(100)])
    [finding] = stack.findings("suspected_limit_hugging")
    assert (finding.evidence["valid_hours"], finding.evidence["just_under"]) == (72, 72)
    assert sum(1 for said in stack.said if getattr(said, "rule", "") == "suspected_limit_hugging") == 1


@pytest.mark.parametrize(
    ("zs", "hours", "suspected"),
    [
        pytest.param("9.5", 3, False, id="exactly five per cent lower"),
        pytest.param("9.49", 3, True, id="more than five per cent lower for three hours"),
        pytest.param("9.49", 2, False, id="for two hours"),
        pytest.param("10.6", 3, False, id="higher than computed harms nobody else"),
    ],
)
def test_converted_values_that_are_too_low(zs, hours, suspected):
    """At the reference oxygen of 6 % the computed value is the measured one."""
    stack = Stack()
    for number in range(hours):
        stack.hour_data(D + number * HOUR, avg="10.0", zs=zs, o2="6.0")
    assert bool(stack.findings("suspected_oxygen_dilution")) == suspected


@pytest.mark.parametrize(
    ("values", "suspected"),
    [
        pytest.param({"Min": "1", "Avg": "2", "Max": "3"}, False, id="in order"),
        pytest.param({"Min": "2", "Avg": "2", "Max": "2"}, False, id="all equal"),
        pytest.param({"Min": "2.1", "Avg": "2", "Max": "3"}, True, id="Min above Avg"),
        pytest.param({"Avg": "3.1", "Max": "3"}, True, id="Avg above Max"),
        pytest.param({"Min": "5", "Max": "3"}, False, id="without Avg nothing contradicts it"),
    ],
)
def test_min_avg_and_max_that_cannot_all_be_true(values, suspected):
    stack = Stack()
    stack.packet("2061", H, H + HOUR, {SO2: values})
    stack.packet("2061", H, H + HOUR, {SO2: values})
    assert sum(1 for s in stack.said if getattr(s, "rule", "") == "suspected_min_avg_max") == int(suspected)


@pytest.mark.parametrize(
    ("marked", "peak", "suspected"),
    [
        pytest.param(5, 5, True, id="five marked hours before an exceeded one"),
        pytest.param(4, 4, False, id="four marked hours"),
        pytest.param(5, 7, False, id="the exceeded hour is not beside them"),
    ],
)
def test_marks_at_the_peaks(marked, peak, suspected):
    stack = Stack()
    for number in range(12):
        value = "50.0" if number == peak else f"{10 + number}"
        stack.hour_data(D + number * HOUR, avg=value, zs=value)
        stack.call(D + number * HOUR)
    stack.mark("maintenance", D, D + marked * HOUR, entered=D + 14 * HOUR)
    found = stack.findings("suspected_mark_at_peak")
    assert bool(found) == suspected
    if suspected:
        assert (found[0].evidence["hours"], found[0].evidence["by"]) == (marked, ["operator"])


# -- twins --------------------------------------------------------------------------------------------------------


def county(first: list[str], second: list[str], *, other: str = SO2) -> Watched:
    stacks = Stack(outlet("O1")), Stack(outlet("O2", pollutants=(other,)))
    watched = Watched(*stacks)
    for number, values in enumerate(zip(first, second, strict=True)):
        for stack, value in zip(stacks, values, strict=True):
            stack.hour_data(D + number * HOUR, avg=value, zs=value, pollutant=stack.outlet.pollutants[0])
            stack.call(D + number * HOUR)
        watched.catch_up()
    return watched


CURVE = [f"{10 + n % 7}.{n}" for n in range(30)]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        pytest.param(CURVE[:23], CURVE[:23], [], id="23 equal hours"),
        pytest.param(CURVE[:24], CURVE[:24], [(24, None)], id="24 equal hours"),
        pytest.param(CURVE[:26], [*CURVE[:25], "9"], [(25, 25)], id="it ends with an hour that differs"),
        pytest.param(["7"] * 30, ["7"] * 30, [], id="two flat curves are no twins"),
        pytest.param(CURVE[:24], [*CURVE[:23], "9"], [], id="the last hour differs"),
    ],
)
def test_two_outlets_with_one_curve(first, second, found):
    said = county(first, second).findings("suspected_twin_curves")
    assert [(f.evidence["hours"], None if f.to is None else round((f.to - D) / HOUR)) for f in said] == found
    assert all(f.evidence["outlets"] == ["O1", "O2"] for f in said)


def test_other_pollutants_are_no_twins():
    assert county(CURVE[:24], CURVE[:24], other=NOX).findings("suspected_twin_curves") == []


def test_twins_do_not_depend_on_who_is_called_first():
    stacks = Stack(outlet("O1")), Stack(outlet("O2"))
    watched = Watched(*stacks)
    for stack in stacks:
        play(stack, CURVE)
    watched.catch_up("O1")
    watched.catch_up("O2")
    [finding] = watched.findings("suspected_twin_curves")
    assert finding.from_ == D
