"""What every series store does, whatever its engine."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emissions.beijing import BEIJING
from tests.conformance.points import H0, HOUR, hour, rate, reading
from tests.conformance.series import all_hours, all_readings

SECOND = timedelta(seconds=1)


# What is written is read back


def test_a_reading_comes_back_equal(store):
    store.write([reading()])
    assert all_readings(store) == [reading()]


def test_an_hour_comes_back_equal(store):
    store.write([hour()])
    assert all_hours(store) == [hour()]


def test_an_hour_without_any_number_comes_back_equal(store):
    missing = hour(
        state="missing", reason="not_received", raw_mg_m3=None, converted_mg_m3=None, limit_mg_m3=None, evidence={}
    )
    store.write([missing])
    assert all_hours(store) == [missing]


def test_a_rate_comes_back_equal(store):
    store.write([rate()])
    assert store.rates() == [rate()]


def test_a_rate_of_nothing_expected_stays_without_percentages(store):
    empty = rate(expected=0, received=0, valid=0, transmission_pct=None, validity_pct=None, effective_pct=None)
    store.write([empty])
    assert store.rates() == [empty]


def test_a_reading_without_values_is_kept(store):
    store.write([reading(numbers={}, flags={})])
    assert all_readings(store) == [reading(numbers={}, flags={})]


def test_moments_come_back_in_beijing_time(store):
    store.write([reading(at=H0.astimezone(UTC)), hour(hour=H0.astimezone(UTC)), rate(as_of=H0.astimezone(UTC))])
    (got,) = all_readings(store)
    (judged,) = all_hours(store)
    (counted,) = store.rates()
    moments = [got.at, got.received_at, judged.hour, judged.known_at, counted.as_of]
    assert [moment.utcoffset() for moment in moments] == [timedelta(hours=8)] * 5
    assert (got.at, judged.hour, counted.as_of) == (H0, H0, H0)


def test_microseconds_are_kept(store):
    at = datetime(2026, 11, 24, 8, 0, 0, 123456, tzinfo=BEIJING)
    store.write([reading(cn="2011", at=at, received_at=at + timedelta(microseconds=1))])
    assert all_readings(store, cn="2011") == [reading(cn="2011", at=at, received_at=at + timedelta(microseconds=1))]


def test_nothing_written_nothing_read(store):
    store.write([])
    assert (all_readings(store), all_hours(store), store.rates()) == ([], [], [])


def test_all_kinds_go_in_one_batch(store):
    store.write([reading(), rate(), hour(), reading(at=H0 + HOUR)])
    assert len(all_readings(store)) == 2
    assert (all_hours(store), store.rates()) == ([hour()], [rate()])


# Writing the same identity again


def test_writing_twice_is_harmless(store):
    points = [reading(), hour(), rate()]
    store.write(points)
    store.write(points)
    assert (all_readings(store), all_hours(store), store.rates()) == ([reading()], [hour()], [rate()])


def test_the_later_value_of_a_key_overwrites(store):
    store.write([reading()])
    store.write([reading(numbers={"a21026-Avg": 99.5}, flags={"a21026-Flag": "D"})])
    assert all_readings(store) == [
        reading(numbers={"a21026-Avg": 99.5, "a21026-ZsAvg": 12.05}, flags={"a21026-Flag": "D"})
    ]


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two batches"])
def test_sub_packets_of_one_data_time_are_merged(store, together):
    one = reading(numbers={"a21026-Avg": 1.0}, flags={"a21026-Flag": "N"})
    two = reading(numbers={"a21002-Avg": 2.0}, flags={"a21002-Flag": "D"}, received_at=H0 + 2 * HOUR)
    for batch in [[one, two]] if together else [[one], [two]]:
        store.write(batch)
    assert all_readings(store) == [
        reading(
            numbers={"a21026-Avg": 1.0, "a21002-Avg": 2.0},
            flags={"a21026-Flag": "N", "a21002-Flag": "D"},
            received_at=H0 + 2 * HOUR,
        )
    ]


def test_the_same_key_may_carry_a_number_now_and_a_text_then(store):
    store.write([reading(numbers={"i12001-Info": 1.0, "a21026-Flag": 3.0}, flags={})])
    store.write([reading(at=H0 + HOUR, numbers={}, flags={"i12001-Info": "ok", "a21026-Flag": "N"})])
    assert [(r.numbers, r.flags) for r in all_readings(store)] == [
        ({"i12001-Info": 1.0, "a21026-Flag": 3.0}, {}),
        ({}, {"i12001-Info": "ok", "a21026-Flag": "N"}),
    ]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        pytest.param([0, 1], 1, id="the next revision replaces"),
        pytest.param([1, 0], 1, id="an older revision never replaces a newer one"),
        pytest.param([0, 2, 0, 1, 2], 2, id="a replay of all revisions changes nothing"),
        pytest.param([10, 9], 10, id="revisions are compared as numbers"),
    ],
)
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
def test_the_highest_revision_of_an_hour_is_kept(store, written, kept, together):
    versions = [hour(revision=n, converted_mg_m3=float(n), cause=f"cause {n}") for n in written]
    for batch in [versions] if together else [[version] for version in versions]:
        store.write(batch)
    assert all_hours(store) == [hour(revision=kept, converted_mg_m3=float(kept), cause=f"cause {kept}")]


def test_of_equal_revisions_the_later_written_is_kept(store):
    store.write([hour(verdict="within"), hour(verdict="exceeded")])
    store.write([hour(verdict="not_judged")])
    assert [h.verdict for h in all_hours(store)] == ["not_judged"]


def test_an_older_revision_does_not_replace_what_another_process_wrote(place):
    ours, theirs = place.open(), place.open()
    theirs.write([hour(revision=2)])
    ours.write([hour(revision=1)])
    assert all_hours(ours) == [hour(revision=2)]
    ours.close()
    theirs.close()


def test_an_hour_that_loses_its_numbers_loses_them(store):
    gone = hour(revision=1, state="excluded", raw_mg_m3=None, converted_mg_m3=None, limit_mg_m3=None)
    store.write([hour()])
    store.write([gone])
    assert all_hours(store) == [gone]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        pytest.param([(0, 5), (1, 6)], 6, id="a later roll call replaces"),
        pytest.param([(1, 6), (0, 5)], 6, id="an earlier roll call never replaces a later one"),
        pytest.param([(1, 6), (1, 7)], 7, id="late data counts within the same roll call"),
    ],
)
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
def test_the_latest_rate_is_kept(store, written, kept, together):
    versions = [rate(as_of=H0 + hours * HOUR, valid=valid) for hours, valid in written]
    for batch in [versions] if together else [[version] for version in versions]:
        store.write(batch)
    assert [r.valid for r in store.rates()] == [kept]


# What is asked for, and nothing else


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(H0, H0 + HOUR, [H0], id="start counts, end does not"),
        pytest.param(H0 + SECOND, H0 + HOUR, [], id="a second after the point it is outside"),
        pytest.param(H0, H0 + HOUR + timedelta(microseconds=1), [H0, H0 + HOUR], id="a microsecond past it is inside"),
        pytest.param(H0, H0, [], id="an empty range holds nothing"),
        pytest.param(H0 + HOUR, H0, [], id="a range that ends before it starts holds nothing"),
        pytest.param(H0.astimezone(UTC), (H0 + HOUR).astimezone(UTC), [H0], id="the zone of the question is no matter"),
    ],
)
def test_ranges(store, start, end, expected):
    times = [H0 - HOUR, H0, H0 + HOUR]
    store.write([*(reading(at=at) for at in times), *(hour(hour=at) for at in times)])
    assert [r.at for r in store.readings("P1-01", cn="2061", start=start, end=end)] == expected
    assert [h.hour for h in store.hours(start=start, end=end)] == expected


def test_readings_of_one_outlet_and_command_oldest_first(store):
    store.write([reading(at=H0 + n * HOUR) for n in (2, 0, 1)] + [reading(cn="2051"), reading(outlet="P1-02")])
    assert [r.at for r in all_readings(store)] == [H0, H0 + HOUR, H0 + 2 * HOUR]
    assert all_readings(store, cn="2051") == [reading(cn="2051")]


def test_a_factor_keeps_only_its_own_keys(store):
    numbers = {"a21026-Avg": 1.0, "a2102-Avg": 2.0, "a210260-Avg": 3.0}
    store.write([reading(numbers=numbers, flags={"a21026-Flag": "N", "a2102-Flag": "D"}), reading(at=H0 + HOUR)])
    got = store.readings("P1-01", cn="2061", start=H0, end=H0 + 2 * HOUR, factor="a2102")
    assert got == [reading(numbers={"a2102-Avg": 2.0}, flags={"a2102-Flag": "D"})]


def test_hours_by_outlet_and_county_in_their_order(store):
    points = [
        hour(hour=H0 + HOUR),
        hour(outlet="P2-01", county="371503"),
        hour(pollutant="a21002"),
        hour(),
        hour(outlet="P1-02"),
    ]
    store.write(points)
    key = [(h.hour, h.outlet, h.pollutant) for h in all_hours(store)]
    assert key == sorted(key)
    assert len(key) == 5
    assert {h.outlet for h in store.hours(start=H0, end=H0 + HOUR, county="371502")} == {"P1-01", "P1-02"}
    assert [h.pollutant for h in store.hours(start=H0, end=H0 + HOUR, outlet="P1-01")] == ["a21002", "a21026"]
    assert store.hours(start=H0, end=H0 + HOUR, outlet="P1-01", county="371503") == []


def test_an_outlet_that_moves_to_another_county_keeps_one_truth(store):
    store.write([hour(), reading()])
    store.write([hour(revision=1, county="371599"), reading(county="371599", received_at=H0 + 3 * HOUR)])
    assert all_hours(store) == [hour(revision=1, county="371599")]
    assert all_readings(store) == [reading(county="371599", received_at=H0 + 3 * HOUR)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({}, 7, id="all"),
        pytest.param({"level": "county"}, 6, id="one level"),
        pytest.param({"window": "month"}, 4, id="one window"),
        pytest.param({"period": "2026-11"}, 3, id="one period"),
        pytest.param({"window": "year", "period": "2026"}, 1, id="the year, not the months in it"),
        pytest.param({"period": "2026-Q4"}, 1, id="a quarter"),
        pytest.param({"period": "2026-11-24"}, 1, id="a day"),
        pytest.param({"track": "completed"}, 1, id="one track"),
        pytest.param({"id": "371500"}, 1, id="one subject"),
        pytest.param(
            {"level": "county", "window": "month", "period": "2026-12", "track": "in_time"}, 1, id="all of it"
        ),
        pytest.param({"window": "month", "period": "2026"}, 0, id="no month is called 2026"),
        pytest.param({"period": "last week"}, 0, id="what is no period has no rates"),
    ],
)
def test_rates_by_their_names(store, asked, expected):
    store.write(
        [
            rate(),
            rate(track="completed"),
            rate(level="city", id="371500"),
            rate(period="2026-12"),
            rate(window="year", period="2026"),
            rate(window="quarter", period="2026-Q4"),
            rate(window="day", period="2026-11-24"),
        ]
    )
    got = store.rates(**asked)
    assert len(got) == expected
    assert all(getattr(r, name) == value for r in got for name, value in asked.items())


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=20)
figures = st.none() | st.floats(allow_nan=False, allow_infinity=False)
hours_of_a_week = st.integers(0, 167).map(lambda n: H0 + n * HOUR)
evidence = st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | names)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_any_hours_come_back_as_the_newest_of_each(place, data):
    """The store is a map from identity to the highest revision, the later one where equal."""
    batches = data.draw(
        st.lists(
            st.lists(
                st.builds(
                    hour,
                    outlet=st.sampled_from([data.draw(names), "P1-01"]),
                    pollutant=st.sampled_from(["a21026", "a21002"]),
                    hour=hours_of_a_week,
                    raw_mg_m3=figures,
                    converted_mg_m3=figures,
                    limit_mg_m3=figures,
                    revision=st.integers(0, 4),
                    cause=st.none() | names,
                    known_at=hours_of_a_week,
                    county=st.just("371502"),
                    evidence=evidence,
                ),
                max_size=6,
            ),
            max_size=4,
        )
    )
    store = place.open()
    held = {(h.hour, h.outlet, h.pollutant): h for h in all_hours(store)}
    for batch in batches:
        store.write(batch)
        for point in batch:
            key = (point.hour, point.outlet, point.pollutant)
            if key not in held or point.revision >= held[key].revision:
                held[key] = point
    assert all_hours(store) == [held[key] for key in sorted(held)]
    store.close()


# What was settled


def october(**more):
    return rate(**({"window": "month", "period": "2026-10", "settled": True, "as_of": H0} | more))


def test_before_the_settlement_nothing_is_settled(store):
    store.write([october(settled=False)])
    assert store.settled_rates(period="2026-10") == []


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two batches"])
def test_late_data_change_the_rate_but_not_what_was_settled(store, together):
    settled, later = october(valid=80), october(valid=99, as_of=H0 + HOUR)
    for batch in [[settled, later]] if together else [[settled], [later]]:
        store.write(batch)
    assert store.settled_rates(period="2026-10") == [settled]
    assert store.rates(window="month", period="2026-10") == [later]


def test_a_change_at_the_same_roll_call_does_not_touch_what_was_settled(store):
    store.write([october(valid=80)])
    store.write([october(valid=99)])
    assert [one.valid for one in store.settled_rates(period="2026-10")] == [80]


def test_what_was_settled_earlier_but_comes_later_is_what_was_settled(store):
    store.write([october(as_of=H0 + HOUR)])
    store.write([october(as_of=H0)])
    assert [one.as_of for one in store.settled_rates(period="2026-10")] == [H0]


def test_settled_rates_of_one_month_and_level_are_found_alone(store):
    store.write([october(), october(level="city", id="371500", county=""), october(period="2026-09")])
    store.write([october(window="day", period="2026-10-01")])
    assert [(one.level, one.period) for one in store.settled_rates(period="2026-10", level="city")] == [
        ("city", "2026-10")
    ]
    assert len(store.settled_rates(period="2026-10")) == 2
