"""Who is registered in a scenario."""

import csv
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulebook.loader import SHIPPED, load_rules
from rulebook.register import load_register
from simulators.apportion import largest_remainder
from simulators.chinese import numeral
from simulators.city import build_city, limit_of
from simulators.plants import POLLUTANTS
from simulators.register import write_register
from simulators.scenario import Where, load_scenario, shipped


@pytest.fixture(scope="module")
def liaocheng():
    return build_city(load_scenario(shipped("liaocheng")))


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        pytest.param(10, [1, 1], [5, 5], id="equal weights"),
        pytest.param(3, [1, 1], [2, 1], id="of equal remainders the first wins"),
        pytest.param(83, [1644.5, 714, 0], [58, 25, 0], id="weight 0 gets nothing"),
        pytest.param(0, [1, 2], [0, 0], id="nothing to share"),
        pytest.param(5, [0.1, 0.1, 0.3], [1, 1, 3], id="whole quotas stay"),
    ],
)
def test_largest_remainder(total, weights, parts):
    assert largest_remainder(total, weights) == parts


@given(st.integers(0, 500), st.lists(st.floats(0, 1e6), min_size=1).filter(any))
def test_parts_add_up_and_stay_within_one_of_their_quota(total, weights):
    parts = largest_remainder(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    assert all(abs(part - total * weight / whole) < 1 + 1e-6 for part, weight in zip(parts, weights, strict=True))


def test_nobody_to_share_with():
    with pytest.raises(ValueError, match="nobody to share with"):
        largest_remainder(3, [0, 0])


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "零"),
        (3, "三"),
        (10, "十"),
        (11, "十一"),
        (20, "二十"),
        (99, "九十九"),
        (105, "一百零五"),
        (110, "一百一十"),
    ],
)
def test_numerals(number, text):
    assert numeral(number) == text


def test_liaocheng_has_the_numbers_of_2017(liaocheng):
    kinds = Counter(site.kind.name for site in liaocheng.sites)
    assert kinds == {"ultra_low_coal": 83, "coal_boiler": 14}
    capacities = load_scenario(shipped("liaocheng")).plants[1].capacities_t_h
    assert sum(capacities) == 720
    assert min(capacities) >= 20
    assert len(liaocheng.divisions) == 11


def test_one_division_has_no_outlets(liaocheng):
    counties = {site.enterprise.county for site in liaocheng.sites}
    assert {division.code for division in liaocheng.divisions} - counties == {"3715-DJ"}


def test_enterprises_are_plausible(liaocheng):
    sizes = Counter(site.enterprise.id for site in liaocheng.sites)
    assert set(sizes.values()) <= set(range(1, 7))
    assert all(enterprise.name.startswith("示例") for enterprise in liaocheng.enterprises), "plainly invented"
    assert len({enterprise.name for enterprise in liaocheng.enterprises}) == len(sizes)


def test_identities_have_the_length_of_their_edition(liaocheng):
    assert {(site.edition, len(site.mn)) for site in liaocheng.sites} == {(2005, 14), (2017, 24), (2025, 24)}
    assert len({site.mn for site in liaocheng.sites}) == 97


def test_divisions_are_those_of_the_shipped_register(liaocheng):
    with (SHIPPED / "registers/liaocheng/divisions.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["code"]: row["name"] for row in csv.DictReader(file)}
    assert {division.code: division.name for division in liaocheng.divisions} == {
        code: name for code, name in rows.items() if code != liaocheng.code
    }


@pytest.mark.parametrize("name", ["liaocheng", "small", "quiet"])
def test_the_written_register_is_what_was_meant(name, tmp_path):
    city = build_city(load_scenario(shipped(name)))
    write_register(city, tmp_path)
    register = load_register(tmp_path)
    rules = load_rules()
    assert set(register.outlets) == {site.outlet for site in city.sites}
    for site in city.sites:
        outlet = register.outlets[site.outlet]
        assert (outlet.mn, outlet.enterprise, outlet.county) == (site.mn, site.enterprise.id, site.enterprise.county)
        assert outlet.city == city.code
        assert outlet.connected_from == city.start
        assert outlet.minute_interval == site.minute_interval
        assert outlet.must_monitor
        for code in POLLUTANTS:
            row = rules.limit_row(standard=outlet.standard, category=outlet.category, pollutant=code, hour=city.start)
            assert row is not None
            assert (row.limit_mg_m3, row.reference_o2_pct) == (limit_of(site, code), site.group.reference_o2_pct)


@pytest.mark.parametrize(
    ("where", "count"),
    [
        pytest.param(Where(), 97, id="no condition: all"),
        pytest.param(Where(county="371526"), 4, id="a county"),
        pytest.param(Where(county="371526", kind="coal_boiler"), 1, id="its boilers"),
        pytest.param(
            Where(county="371502", enterprise=(1,), outlet=(1,)), 1, id="first outlet of the first enterprise"
        ),
        pytest.param(Where(county="371526", outlet=(1, 99)), 1, id="an ordinal beyond the end chooses nothing"),
        pytest.param(Where(county="3715-DJ"), 0, id="a county without outlets"),
    ],
)
def test_choosing_outlets(liaocheng, where, count):
    assert len(liaocheng.select(where)) == count
