"""Plants stay within what such plants emit, and repeat themselves with the seed."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.plants import KINDS, OXYGEN, POLLUTANTS, Plant, standstill, with_value
from tests.unit.simulators.reports import T0

STEP = timedelta(minutes=10)
LIMITS = {
    "ultra_low_coal": (6.0, {"a34013": 10.0, "a21026": 35.0, "a21002": 50.0}),
    "coal_boiler": (9.0, {"a34013": 10.0, "a21026": 50.0, "a21002": 100.0}),
}


def series(kind, seed, count=300):
    plant = Plant(KINDS[kind], seed)
    return [plant.step(T0 + number * STEP) for number in range(count)]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(seed=st.text(max_size=8))
def test_a_healthy_plant_keeps_its_ranges_and_its_limits(kind, seed):
    reference, limits = LIMITS[kind]
    for sample in series(kind, seed, 150):
        low, high = KINDS[kind].o2_pct
        assert low <= sample.o2_pct <= high
        assert sample.flow_m3_s > 0
        for code in POLLUTANTS:
            assert 0 < sample.value(code) * (21 - reference) / (21 - sample.o2_pct) <= limits[code]


def test_the_same_seed_gives_the_same_plant():
    assert series("ultra_low_coal", "7/a") == series("ultra_low_coal", "7/a")
    assert series("ultra_low_coal", "7/a") != series("ultra_low_coal", "7/b")


def test_neighbouring_samples_are_alike_and_distant_ones_are_not():
    so2 = [sample.so2 for sample in series("ultra_low_coal", "correlated", 2000)]
    mean = sum(so2) / len(so2)
    power = sum((value - mean) ** 2 for value in so2)

    def correlation(lag):
        return sum((a - mean) * (b - mean) for a, b in zip(so2, so2[lag:], strict=False)) / power

    assert correlation(1) > 0.4
    assert abs(correlation(20)) < 0.15


def test_the_load_follows_the_day():
    flow = [sample.flow_m3_s for sample in series("ultra_low_coal", "load", 144)]
    assert max(flow) > 1.4 * min(flow)
    assert flow == pytest.approx([sample.flow_m3_s for sample in series("ultra_low_coal", "load", 288)[144:]])


def test_a_stack_that_stands_still_holds_air():
    sample = standstill(series("ultra_low_coal", "x", 1)[0])
    assert sample.value(OXYGEN) > 20
    assert sample.flow_m3_s == 0


def test_one_value_can_be_replaced():
    sample = series("ultra_low_coal", "x", 1)[0]
    changed = with_value(sample, "a21026", 99.0)
    assert (changed.so2, changed.nox) == (99.0, sample.nox)
