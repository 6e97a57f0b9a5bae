"""The county above its outlets: sums, live warning, settlement, several enterprises exceeding (R14 to R17)."""

from datetime import timedelta

import pytest

from emissions.finding import Case, Finding
from tests.unit.emissions.world import HOUR, H, Stack, Watched, at, outlet, rules


def play(stack: Stack, hour, *, sent: bool) -> None:
    if sent:
        stack.hour_data(hour)
    stack.call(hour)


def one_outlet(**parameters: object) -> tuple[Stack, Watched]:
    stack = Stack(None, rules(**parameters))
    return stack, Watched(stack)


def test_rates_are_sums_of_counts_and_never_means_of_percentages():
    given = rules()
    first = Stack(outlet("O1", enterprise="E1"), given)
    second = Stack(outlet("O2", enterprise="E1", pollutants=("a21026", "a21002", "a34013")), given)
    county = Watched(first, second)
    first.hour_data()
    first.call()
    second.call()
    county.catch_up()
    assert county.rate("enterprise", "E1", "month").effective_pct == 25.0
    assert county.rate("county", "371502", "month").expected == 4


def test_the_county_waits_for_every_outlet_to_be_called():
    first, second = Stack(outlet("O1")), Stack(outlet("O2"))
    county = Watched(first, second)
    first.call()
    assert not [r for r in county.catch_up() if getattr(r, "level", "") == "county"]
    second.call()
    assert [r for r in county.catch_up() if getattr(r, "level", "") == "county"]


def test_an_outlet_not_yet_connected_is_not_waited_for():
    first, second = Stack(outlet("O1")), Stack(outlet("O2", connected_from=H + HOUR))
    county = Watched(first, second)
    first.call()
    county.catch_up()
    assert county.rate("county", "371502", "day").due == 1


def test_late_data_after_the_barrier_is_said_at_once():
    stack, county = one_outlet()
    stack.call()
    county.catch_up()
    assert county.rate("county", "371502", "day").received == 0
    stack.hour_data(received=H + 5 * HOUR)
    county.catch_up()
    assert county.rate("county", "371502", "day").received == 1
    assert county.rate("county", "371502", "day", "in_time").received == 0


@pytest.mark.parametrize(
    ("hours", "warned"),
    [
        pytest.param(23, False, id="23 hours called are too few to warn"),
        pytest.param(24, True, id="24 hours called are enough"),
    ],
)
def test_live_warning_needs_24_called_hours(hours, warned):
    stack, county = one_outlet()
    for n in range(hours):
        play(stack, H + n * HOUR, sent=False)
    county.catch_up()
    assert bool(county.findings("rate_below_90")) is warned


@pytest.mark.parametrize(
    ("valid", "hours", "warned"),
    [
        pytest.param(27, 30, False, id="27 of 30 is exactly 90 %"),
        pytest.param(26, 30, True, id="26 of 30 is under 90 %"),
    ],
)
def test_live_warning_at_ninety(valid, hours, warned):
    stack, county = one_outlet()
    for n in range(hours):
        play(stack, H + n * HOUR, sent=n < valid)
    county.catch_up()
    lasting = [f for f in county.findings("rate_below_90") if f.to is None]
    assert bool(lasting) is warned
    if lasting:
        assert lasting[0].evidence["valid"] == valid
        assert lasting[0].severity == "warning"


def test_live_warning_clears_at_ninety_and_may_come_again():
    stack, county = one_outlet(warning_hours=1)
    play(stack, H, sent=False)
    for n in range(1, 10):
        play(stack, H + n * HOUR, sent=True)
    county.catch_up()
    (ended,) = county.findings("rate_below_90")
    assert ended.to == H + 9 * HOUR  # 9 of 10
    for n in range(10, 13):
        play(stack, H + n * HOUR, sent=False)
    county.catch_up()
    assert [f.to is None for f in county.findings("rate_below_90")] == [False, True]


def test_late_data_does_not_lift_the_live_warning():
    stack, county = one_outlet(warning_hours=1)
    stack.hour_data(H - HOUR)
    play(stack, H, sent=False)
    stack.hour_data(H, received=H + 3 * HOUR)
    play(stack, H + HOUR, sent=True)
    county.catch_up()
    assert [f.to for f in county.findings("rate_below_90")] == [None]


def test_a_live_warning_ends_with_its_month():
    stack, county = one_outlet(warning_hours=1)
    play(stack, at("2026-11-30 23:00"), sent=False)
    play(stack, at("2026-12-01 00:00"), sent=True)
    county.catch_up()
    (warning,) = county.findings("rate_below_90")
    assert warning.to == at("2026-12-01 00:00")


def settle(stack: Stack, county: Watched, *, sent: int, of: int) -> None:
    for n in range(of):
        play(stack, at("2026-11-20 00:00") + n * HOUR, sent=n < sent)
    county.catch_up()
    stack.call(at("2026-12-04 21:00"))
    county.catch_up()


@pytest.mark.parametrize(
    ("sent", "case"),
    [
        pytest.param(18, False, id="18 of 20 is exactly 90 %: no case"),
        pytest.param(17, True, id="17 of 20 is under 90 %: a case"),
    ],
)
def test_trigger_a_when_the_month_is_settled(sent, case):
    stack, county = one_outlet()
    settle(stack, county, sent=sent, of=20)
    assert not [c for c in county.said if isinstance(c, Case)], "an hour too early"
    stack.call(at("2026-12-04 22:00"))
    county.catch_up()
    cases = [c for c in county.said if isinstance(c, Case)]
    assert bool(cases) is case
    if case:
        assert (cases[0].trigger, cases[0].period) == ("rate", "2026-11")
        assert cases[0].opened_at == at("2026-12-05 00:00")
        assert cases[0].evidence["periods"]["2026-11"]["valid"] == sent


def test_trigger_a_counts_backfilled_data_before_settlement():
    stack, county = one_outlet()
    settle(stack, county, sent=17, of=20)
    stack.hour_data(at("2026-11-20 17:00"), received=at("2026-12-04 20:00"))
    stack.call(at("2026-12-04 22:00"))
    county.catch_up()
    assert not [c for c in county.said if isinstance(c, Case)]


def test_late_data_after_settlement_is_noted_and_closes_nothing():
    stack, county = one_outlet()
    settle(stack, county, sent=17, of=20)
    stack.call(at("2026-12-04 22:00"))
    stack.hour_data(at("2026-11-20 17:00"), received=at("2026-12-06 10:00"))
    county.catch_up()
    case = [c for c in county.said if isinstance(c, Case)][-1]
    noted = case.evidence["periods"]["2026-11"]
    assert (noted["valid"], noted["now"]["valid"], noted["lifted_by_late_data"]) == (17, 18, True)
    assert case.opened_at == at("2026-12-05 00:00")


def exceeding(*enterprises: str) -> tuple[dict[str, Stack], Watched]:
    given = rules()
    stacks = {e: Stack(outlet(f"O-{e}", enterprise=e), given) for e in enterprises}
    return stacks, Watched(*stacks.values())


def test_trigger_b_at_the_third_enterprise_at_once():
    stacks, county = exceeding("E1", "E2", "E3")
    for n, stack in enumerate(stacks.values()):
        stack.hour_data(H + n * HOUR, avg="40", zs="40")
        county.catch_up()
        assert bool(county.findings("several_exceeding")) is (n == 2)
    (finding,) = county.findings("several_exceeding")
    case = next(c for c in county.said if isinstance(c, Case))
    assert sorted(finding.evidence["enterprises"]) == ["E1", "E2", "E3"]
    assert (case.trigger, case.opened_at) == ("exceeding", H + 2 * HOUR + timedelta(minutes=65))


def test_trigger_b_counts_enterprises_and_not_outlets_or_hours():
    given = rules()
    stacks = [Stack(outlet(f"O{n}", enterprise="E1"), given) for n in range(4)]
    county = Watched(*stacks)
    for n, stack in enumerate(stacks):
        stack.hour_data(H + n * HOUR, avg="40", zs="40")
    county.catch_up()
    assert not county.findings("several_exceeding")


def test_trigger_b_needs_the_same_calendar_month():
    stacks, county = exceeding("E1", "E2", "E3")
    for hour, stack in zip(("2026-11-30 22:00", "2026-11-30 23:00", "2026-12-01 00:00"), stacks.values(), strict=True):
        stack.hour_data(at(hour), avg="40", zs="40")
    county.catch_up()
    assert not county.findings("several_exceeding")


def test_a_correction_joins_the_evidence_and_undoes_nothing():
    stacks, county = exceeding("E1", "E2", "E3")
    for stack in stacks.values():
        stack.hour_data(avg="40", zs="40")
    stacks["E2"].hour_data(avg="4", zs="4", received=H + 6 * HOUR)
    county.catch_up()
    (finding,) = county.findings("several_exceeding")
    assert finding.evidence["enterprises"]["E2"]["corrected_hours"] == 1
    assert len(finding.evidence["enterprises"]) == 3


def test_a_further_month_joins_the_same_case():
    stacks, county = exceeding("E1", "E2", "E3")
    for hour in (at("2026-11-20 00:00"), at("2026-12-20 00:00")):
        for stack in stacks.values():
            stack.hour_data(hour, avg="40", zs="40")
    county.catch_up()
    cases = {c.id: c for c in county.said if isinstance(c, Case)}
    (case,) = cases.values()
    assert list(case.evidence["periods"]) == ["2026-11", "2026-12"]


def test_what_the_county_says_does_not_depend_on_how_its_outlets_interleave():
    def run(*, by_outlet: bool) -> list[object]:
        stacks, county = exceeding("E1", "E2", "E3")
        for n in range(30):
            for number, stack in enumerate(stacks.values()):
                if (n + number) % 4:
                    stack.hour_data(H + n * HOUR, avg="40" if n == 20 + number else "4", zs=None)
                stack.call(H + n * HOUR)
            if not by_outlet:
                county.catch_up()
        if by_outlet:
            for stack in reversed(stacks.values()):
                county.catch_up(stack.outlet.id)
        last = {}
        for line in county.said:
            match line:
                case Finding():
                    last[line.id] = line
                case Case():
                    last[line.id] = line
                case _:
                    last[line.level, line.id, line.window, line.period, line.track] = line
        return sorted(map(repr, last.values()))

    assert run(by_outlet=True) == run(by_outlet=False)


def test_a_feed_that_calls_only_some_outlets_is_evaluated_at_its_end():
    first, second = Stack(outlet("O1")), Stack(outlet("O2"))
    county = Watched(first, second)
    first.call()
    county.catch_up()
    county.flush()
    assert county.rate("county", "371502", "day").due == 1
