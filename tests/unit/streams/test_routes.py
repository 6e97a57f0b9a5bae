from collections import defaultdict
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.topics import CITY, FINDINGS, HOURS, QUARANTINE, RATES, READINGS, TOPICS, county_partition
from emissions.finding import Case, Finding, Rejected
from emissions.transmission import Called
from streams.routes import of_judging, of_supervising
from tests.conformance.points import H0, hour, rate, reading

CALLED = Called(outlet="P1-01", enterprise="P1", county="371502", city="371500", hour=H0)
FINDING = Finding(
    id="f",
    rule="no_limit",
    subject={"outlet": "P1-01"},
    from_=H0,
    to=None,
    severity="info",
    county="371502",
    known_at=H0,
)
CASE = Case(id="c", county="371502", trigger="rate", opened_at=H0, period="2026-11")
REJECTED = Rejected(reason="crc", mn="M1", received_at=None, line="?")
COUNTY = county_partition("371502")


@pytest.mark.parametrize(
    ("route", "message", "there"),
    [
        pytest.param(of_judging, hour(), [(HOURS, COUNTY, b"371502")], id="an hour goes to its county"),
        pytest.param(
            of_judging, rate(level="outlet"), [(HOURS, COUNTY, b"371502")], id="an outlet's rate goes with it"
        ),
        pytest.param(of_judging, CALLED, [(HOURS, COUNTY, b"371502")], id="and so does the call"),
        pytest.param(of_judging, FINDING, [(FINDINGS, COUNTY, b"371502")], id="a finding of an outlet"),
        pytest.param(of_judging, REJECTED, [(QUARANTINE, 0, b"M1")], id="a refused line goes to the quarantine"),
        pytest.param(of_judging, CASE, [], id="judging opens no cases"),
        pytest.param(
            of_supervising,
            rate(level="county"),
            [(RATES, COUNTY, b"371502"), (CITY, 0, b"371500")],
            id="a county's rate is stored and added up",
        ),
        pytest.param(
            of_supervising, rate(level="county", city=""), [(RATES, COUNTY, b"371502")], id="a county without a city"
        ),
        pytest.param(
            of_supervising, rate(level="enterprise"), [(RATES, COUNTY, b"371502")], id="an enterprise's rate is stored"
        ),
        pytest.param(
            of_supervising,
            rate(level="city", county="", id="371500"),
            [(RATES, county_partition("371500"), b"371500")],
            id="a city's rate stands under the city",
        ),
        pytest.param(of_supervising, CASE, [(FINDINGS, COUNTY, b"371502")], id="a case goes with the findings"),
        pytest.param(of_supervising, hour(), [], id="hours end at the county"),
    ],
)
def test_where_a_line_goes(route, message, there):
    addresses = route(message)
    assert [(a.topic, a.partition, a.key) for a in addresses] == [(t.name, p, k) for t, p, k in there]


def test_readings_of_many_outlets_share_the_messages_of_a_few_partitions():
    addresses = {}
    for n in range(1000):
        (address,) = of_judging(reading(outlet=f"P{n}-01"))
        addresses.setdefault(address, address.key)
    assert len(addresses) == READINGS.partitions


@given(st.lists(st.text(min_size=1), min_size=1), st.lists(st.text(min_size=1), min_size=1))
def test_whatever_a_line_is_about_stays_in_one_partition_that_exists(outlets, counties):
    partitions = {topic.name: topic.partitions for topic in TOPICS}
    seen = defaultdict(set)
    for outlet in outlets:
        for address in of_judging(reading(outlet=outlet)):
            seen[address.topic, outlet].add(address.partition)
            assert address.partition == crc32(outlet.encode()) % READINGS.partitions
    for county in counties:
        for address in (*of_judging(hour(county=county)), *of_supervising(rate(county=county, level="county"))):
            seen[address.topic, county].add(address.partition)
    for (topic, _), mine in seen.items():
        assert len(mine) == 1
        assert all(0 <= partition < partitions[topic] for partition in mine)
