"""Every series store under load, read while it is written, away, and back."""

import threading
import time
from datetime import timedelta

import pytest

from stores import StoreRefused, StoreUnavailable
from tests.conformance.points import H0, HOUR, account_line, hour, rate, reading
from tests.conformance.series import all_hours, all_readings

SECOND = timedelta(seconds=1)

# Under load, away, and back


def test_a_large_batch(store):
    points = [reading(at=H0 + n * SECOND, numbers={"a21026-Rtd": n / 7}) for n in range(5_000)]
    store.write(points)
    assert all_readings(store) == points


def test_an_hour_of_a_whole_city_in_one_batch_is_kept_and_no_older_revision_replaces_it(place):
    outlets = [f"outlet-{number:04}" for number in range(700)]
    place.open().write([hour(outlet=outlet, revision=2) for outlet in outlets])
    place.open().write([hour(outlet=outlet, revision=1) for outlet in outlets])
    assert [(known.outlet, known.revision) for known in all_hours(place.open())] == [(each, 2) for each in outlets]


def test_a_writer_that_was_not_the_only_one_looks_again_and_overwrites_nothing_newer(place):
    one, other = place.open(), place.open()
    versions = [[hour(revision=n), rate(as_of=H0 + n * HOUR), account_line(as_of=H0 + n * HOUR)] for n in range(3)]
    one.write(versions[0])
    other.write(versions[2])
    one.look_again()
    one.write(versions[1])
    found = place.open()
    accounts = found.accounts(start=H0 - 12 * HOUR, end=H0 + 12 * HOUR)
    assert [*all_hours(found), *found.rates(), *accounts] == versions[2]


def test_what_was_not_sent_before_somebody_else_may_write_is_not_written(store):
    with pytest.raises(StoreUnavailable, match="somebody else"):
        store.write([reading(), hour(), rate()], before=time.monotonic() - 0.001)
    assert [*all_readings(store), *all_hours(store), *store.rates()] == []
    store.write([hour()], before=time.monotonic() + 3600)
    assert all_hours(store) == [hour()]


def test_a_reader_sees_what_has_been_written_while_a_writer_writes(place):
    writer, reader = place.open(), place.open()
    expected = [reading(at=H0 + n * SECOND) for n in range(30)]
    written: list[int] = []
    failures: list[Exception] = []

    def write() -> None:
        try:
            for n, point in enumerate(expected):
                writer.write([point, hour(revision=n)])
                written.append(n)
        except (StoreUnavailable, StoreRefused) as error:
            failures.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    while thread.is_alive():
        done = len(written)
        readings, hours = all_readings(reader), all_hours(reader)
        assert readings[:done] == expected[:done]
        assert [h.revision >= done - 1 for h in hours] == [True] * min(1, len(hours))
        assert len(hours) >= min(1, done)
    thread.join(60)
    assert not failures
    assert all_readings(reader) == expected
    assert all_hours(reader) == [hour(revision=29)]
    writer.close()
    reader.close()


def test_reopening_keeps_what_was_written(place):
    first = place.open()
    first.write([reading(), hour(), rate()])
    first.close()
    again = place.open()
    assert (all_readings(again), all_hours(again), again.rates()) == ([reading()], [hour()], [rate()])
    again.close()


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda store: store.write([reading()]), id="writing a reading"),
        pytest.param(lambda store: store.write([hour()]), id="writing an hour"),
        pytest.param(all_readings, id="readings"),
        pytest.param(all_hours, id="hours"),
        pytest.param(lambda store: store.rates(), id="rates"),
        pytest.param(lambda store: store.ping(), id="ping"),
    ],
)
def test_an_engine_that_is_away_means_later(place, use):
    away = place.open_unreachable()
    with pytest.raises(StoreUnavailable):
        use(away)
    away.close()


def test_ping_names_the_engine_and_its_version(store):
    assert any(character.isdigit() for character in store.ping())
    assert store.ping().startswith(("SQLite 3.", "InfluxDB 2."))
