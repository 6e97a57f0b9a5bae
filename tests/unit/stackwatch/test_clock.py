import struct
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emissions.beijing import BEIJING
from stackwatch.clock import Accelerated, ClockTextError, Held, open_clock, parse_clock
from stackwatch.held_clock import SIZE, HeldClock, HeldClockError, HeldClockReader

NOON = datetime(2026, 11, 1, 12, tzinfo=BEIJING)


def test_the_real_clock_shows_beijing_time():
    before = datetime.now(UTC)
    shown = open_clock("")()
    assert before <= shown <= datetime.now(UTC)
    assert shown.utcoffset() == timedelta(hours=8)


def test_an_accelerated_clock_starts_at_its_epoch_and_runs_faster():
    clock = open_clock("2026-11-01T12:00:00+08:00@100000")
    first = clock()
    deadline = time.monotonic() + 5
    while clock() - first < timedelta(hours=1) and time.monotonic() < deadline:
        time.sleep(0.005)
    assert first - NOON < timedelta(hours=6)
    assert timedelta(hours=1) <= clock() - first


def test_two_anchored_clocks_agree():
    anchor = (datetime.now(UTC) - timedelta(seconds=60)).isoformat()
    text = f"2026-11-01T12:00:00+08:00@600#{anchor}"
    first, second = open_clock(text), open_clock(text)
    assert abs(second() - first()) < timedelta(minutes=5)
    assert first() >= NOON + timedelta(hours=10)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-01T00:00:00+08:00",
        "2026-11-01T00:00:00@600",
        "@600",
        "2026-11-01T00:00:00+08:00@fast",
        "2026-11-01T00:00:00+08:00@0",
        "2026-11-01T00:00:00+08:00@-1",
        "2026-11-01T00:00:00+08:00@nan",
        "2026-11-01T00:00:00+08:00@600#then",
        "held://relative",
    ],
)
def test_a_text_that_names_no_clock_is_refused(text):
    with pytest.raises(ClockTextError):
        parse_clock(text)


def test_clock_texts_are_understood(tmp_path):
    assert parse_clock(f"held://{tmp_path}/clock") == Held(tmp_path / "clock")
    assert parse_clock("2026-11-01T12:00:00+08:00@1.5") == Accelerated(NOON, 1.5, None)


def test_a_held_clock_stands_still_and_is_moved(tmp_path):
    with HeldClock.create(tmp_path / "clock", NOON) as clock:
        reader = open_clock(clock.url)
        assert reader() == reader() == NOON
        clock.set(NOON + timedelta(hours=3))
        assert reader() == NOON + timedelta(hours=3)
        assert reader().utcoffset() == timedelta(hours=8)


def test_a_held_clock_goes_on_from_where_it_stands(tmp_path):
    with HeldClock.create(tmp_path / "clock", NOON) as clock:
        reader = open_clock(clock.url)
        clock.run(3600)
        deadline = time.monotonic() + 5
        while reader() < NOON + timedelta(minutes=1) and time.monotonic() < deadline:
            time.sleep(0.005)
        assert NOON + timedelta(minutes=1) <= reader() < NOON + timedelta(days=1)


def test_a_held_clock_never_goes_back(tmp_path):
    with HeldClock.create(tmp_path / "clock", NOON) as clock:
        with pytest.raises(ValueError, match="cannot go back"):
            clock.set(NOON - timedelta(seconds=1))
        assert clock.now() == NOON


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_a_speed_that_is_none_is_refused(tmp_path, speed):
    with HeldClock.create(tmp_path / "clock", NOON) as clock, pytest.raises(ValueError, match="not above 0"):
        clock.run(speed)


def test_a_clock_made_anew_does_not_disturb_readers_of_the_old_one(tmp_path):
    with HeldClock.create(tmp_path / "clock", NOON) as first:
        reader = open_clock(first.url)
        with HeldClock.create(tmp_path / "clock", NOON - timedelta(days=1)):
            assert reader() == NOON


def test_a_writer_that_takes_over_goes_on(tmp_path):
    with HeldClock.create(tmp_path / "clock", NOON):
        pass
    reader = HeldClockReader(tmp_path / "clock")
    with HeldClock(tmp_path / "clock") as second:
        second.set(NOON + timedelta(hours=1))
    assert reader() == NOON + timedelta(hours=1)


@pytest.mark.parametrize("content", [b"", b"x" * 7, b"\0" * (SIZE + 1)], ids=["empty", "short", "long"])
def test_another_file_is_no_clock(tmp_path, content):
    (tmp_path / "clock").write_bytes(content)
    with pytest.raises(HeldClockError, match="no held clock"):
        HeldClockReader(tmp_path / "clock")


def test_a_record_that_stays_torn_is_an_error_and_not_a_wrong_time(tmp_path, monkeypatch):
    monkeypatch.setattr("stackwatch.held_clock.PATIENCE_S", 0.05)
    path = tmp_path / "clock"
    HeldClock.create(path, NOON).close()
    reader = HeldClockReader(path)
    with path.open("r+b") as file:
        file.seek(8)
        file.write(struct.pack("<q", 0))
    with pytest.raises(HeldClockError, match="no whole clock record"):
        reader()


def test_readers_see_only_moments_that_were_set_and_in_order(tmp_path):
    with HeldClock.create(tmp_path / "clock", NOON) as clock:
        reader, seen, stop = HeldClockReader(tmp_path / "clock"), [], threading.Event()

        def watch():
            while not stop.is_set():
                seen.append(reader())

        thread = threading.Thread(target=watch)
        thread.start()
        for minute in range(2000):
            clock.set(NOON + timedelta(minutes=minute))
        stop.set()
        thread.join()
    assert seen == sorted(seen)
    assert all((moment - NOON) % timedelta(minutes=1) == timedelta() for moment in seen)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_any_moment_in_microseconds_survives(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("held") / "clock"
    with HeldClock.create(path, NOON) as clock:
        reader, moment = HeldClockReader(path), NOON
        for step in steps:
            moment += timedelta(microseconds=step)
            clock.set(moment)
            assert reader() == moment
