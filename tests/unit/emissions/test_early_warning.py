"""R20: a warning before the hour is over."""

from datetime import timedelta

import pytest

from tests.unit.emissions.world import SO2, H, Stack, at, limit, outlet, rules


def realtime(stack: Stack, minute: float, value: str, *, zs: str | None = None, o2: str = "6.0", flag: str = "N", **kw):
    when = H + timedelta(minutes=minute)
    sent = {"Rtd": value, "Flag": flag} | ({} if zs is None else {"ZsRtd": zs})
    values = {SO2: sent, "a19001": {"Rtd": o2}}
    return stack.packet("2011", when, kw.get("received", when + timedelta(seconds=5)), values)


def warned(stack: Stack):
    return stack.findings("early_warning")


@pytest.mark.parametrize(
    ("samples", "because"),
    [
        pytest.param([(0, "35.0"), (5, "35.0"), (10, "35.0")], None, id="equal to the limit warns of nothing"),
        pytest.param([(0, "35.01"), (1, "36"), (4.99, "36")], None, id="just under five minutes"),
        pytest.param([(0, "35.01"), (1, "36"), (5, "36")], "running", id="five minutes running"),
        pytest.param([(0, "36"), (3, "34"), (4, "36"), (8, "36")], "mean", id="a value within the limit ends the run"),
        pytest.param([(0, "36"), (6, "20"), (9, "36")], "mean", id="the last value holds for the rest of the hour"),
        pytest.param([(0, "9000")], None, id="one sample alone says nothing of the hour"),
        pytest.param([(0, "250"), (6, "12")], "mean", id="what came so far makes the hour exceed"),
        pytest.param([(0, "12"), (30, "12"), (59, "900")], None, id="too late to make the hour exceed"),
    ],
)
def test_when_a_warning_is_given(samples, because):
    stack = Stack()
    for minute, value in samples:
        realtime(stack, minute, value)
    assert [finding.evidence["because"] for finding in warned(stack)] == ([because] if because else [])


def test_a_gap_ends_a_run():
    """Nobody knows what was in it: at minute 10 the run is new, and the mean is not over either."""
    stack = Stack()
    for minute, value in ((0, "1"), (1, "36"), (2, "36"), (10, "36")):
        realtime(stack, minute, value)
    known = stack.memory.head.running[f"{SO2}|2011"]
    assert known.over_from == (H + timedelta(minutes=10)).timestamp()


@pytest.mark.parametrize(
    ("kw", "value"),
    [
        pytest.param({"flag": "D"}, "90", id="a flagged sample"),
        pytest.param({"o2": "19.0"}, "90", id="nothing burns"),
        pytest.param({"zs": "12"}, "90", id="the sent converted value is the legal figure"),
        pytest.param({"received": H + timedelta(hours=1)}, "90", id="the hour is over when it comes"),
    ],
)
def test_what_warns_of_nothing(kw, value):
    stack = Stack()
    for minute in range(0, 30, 2):
        realtime(stack, minute, value, **kw)
    assert warned(stack) == []


def test_oxygen_corrects_the_sample():
    """30 mg/m3 at 12 % O2 are 50 at 6 %."""
    stack = Stack()
    realtime(stack, 0, "30", o2="12.0")
    realtime(stack, 5, "30", o2="12.0")
    assert warned(stack)[0].evidence["last_mg_m3"] == 50.0


def test_one_warning_an_hour_and_pollutant_with_its_numbers():
    stack = Stack(outlet(pollutants=(SO2,)))
    for minute in range(60):
        realtime(stack, minute, "70")
    [finding] = warned(stack)
    assert (finding.from_, finding.to) == (H, H + timedelta(hours=1))
    assert finding.known_at == H + timedelta(minutes=5, seconds=5)
    assert finding.evidence["limit_mg_m3"] == 35.0
    assert finding.evidence["forecast_mg_m3"] == 70.0
    later = H + timedelta(hours=1)
    for minute in (0, 5):
        when = later + timedelta(minutes=minute)
        stack.packet("2011", when, when, {SO2: {"Rtd": "70"}, "a19001": {"Rtd": "6"}})
    assert len(warned(stack)) == 2


def test_minute_data_stand_for_their_minutes():
    stack = Stack()
    stack.packet("2051", H, H + timedelta(minutes=10), {SO2: {"Avg": "40", "ZsAvg": "40"}})
    assert [finding.evidence["cn"] for finding in warned(stack)] == ["2051"]


@pytest.mark.parametrize("kind", ["stopped", "starting", "maintenance"])
def test_a_mark_that_counts_for_the_hour_keeps_it_quiet(kind):
    stack = Stack()
    stack.mark(kind, H, H + timedelta(hours=1), entered=H - timedelta(hours=1))
    for minute in range(0, 20, 2):
        realtime(stack, minute, "90")
    assert warned(stack) == []


def test_the_length_of_a_run_is_a_number_of_the_rulebook():
    stack = Stack(given=rules(limit(SO2, 35.0), early_running=timedelta(minutes=1)))
    realtime(stack, 0, "36")
    realtime(stack, 1, "36")
    assert len(warned(stack)) == 1


def test_a_sample_that_comes_again_or_late_changes_nothing():
    stack = Stack()
    realtime(stack, 10, "36")
    before = stack.memory.head.running[f"{SO2}|2011"]
    realtime(stack, 10, "99")
    realtime(stack, 3, "99")
    assert stack.memory.head.running[f"{SO2}|2011"] == before


def test_without_a_limit_nothing_is_warned_of():
    stack = Stack(given=rules(limit(SO2, 35.0, valid_from=at("2027-01-01 00:00").date())))
    for minute in range(10):
        realtime(stack, minute, "900")
    assert warned(stack) == []
