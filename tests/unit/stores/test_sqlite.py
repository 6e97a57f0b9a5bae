"""What only a file can suffer: other processes, sudden ends, foreign content."""

import sqlite3
import subprocess
import sys
from datetime import timedelta

import pytest

from stores.port import StoreUnavailable
from stores.sqlite import SCHEMA_VERSION, SqliteStore
from tests.conformance.points import H0, hour, rate, reading
from tests.conformance.series import all_hours, all_readings

SECOND = timedelta(seconds=1)

WRITER = """
import itertools, sys
from datetime import timedelta
from stores.sqlite import SqliteStore
from tests.conformance.points import H0, hour, reading

store = SqliteStore(sys.argv[1])
who, count = sys.argv[2], int(sys.argv[3])
for n in range(count) if count else itertools.count():
    store.write([reading(outlet=who, at=H0 + timedelta(seconds=n)), hour(revision=n, cause=who)])
    print(n, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "series.db"


@pytest.fixture
def store(path):
    store = SqliteStore(path)
    yield store
    store.close()


def writer(path, who, count, root):
    command = [sys.executable, "-c", WRITER, str(path), who, str(count)]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)


def test_processes_that_open_and_write_one_new_file_at_once_lose_nothing(path, pytestconfig):
    writers = [writer(path, f"P{i}", 25, pytestconfig.rootpath) for i in range(4)]
    for process in writers:
        process.communicate(timeout=60)
    assert [process.returncode for process in writers] == [0] * 4
    store = SqliteStore(path)
    assert [len(all_readings(store, outlet=f"P{i}")) for i in range(4)] == [25] * 4
    assert [h.revision for h in all_hours(store)] == [24]
    store.close()


def test_what_was_acknowledged_survives_a_killed_writer(path, pytestconfig):
    process = writer(path, "P1-01", 0, pytestconfig.rootpath)
    acknowledged = -1
    for line in process.stdout:
        acknowledged = int(line)
        if acknowledged >= 50:
            break
    process.kill()
    process.communicate(timeout=60)
    store = SqliteStore(path)
    assert len(all_readings(store)) > acknowledged
    assert all_hours(store)[0].revision >= acknowledged
    store.write([reading(at=H0 - SECOND)])
    store.close()


def test_a_write_that_waits_too_long_for_another_says_later(path, store, monkeypatch):
    monkeypatch.setattr("stores.sqlite.BUSY_S", 0.05)
    store.write([reading()])
    other = SqliteStore(path)
    other.ping()
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        other.write([reading(at=H0 + SECOND)])
    assert all_readings(other) == [reading()]
    blocker.execute("ROLLBACK")
    other.write([reading(at=H0 + SECOND)])
    assert len(all_readings(store)) == 2
    blocker.close()
    other.close()


def test_a_batch_that_breaks_in_the_middle_can_be_written_again(path, store, monkeypatch):
    monkeypatch.setattr("stores.sqlite.BUSY_S", 0.05)
    monkeypatch.setattr("stores.sqlite.ROWS_PER_TRANSACTION", 2)
    store.write([rate()])
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute(
        "CREATE TRIGGER full AFTER INSERT ON reading WHEN NEW.at % 10000000 = 5000000 "
        "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    points = [reading(at=H0 + n * SECOND) for n in range(10)]
    with pytest.raises(StoreUnavailable, match="disk full"):
        store.write(points)
    blocker.execute("DROP TRIGGER full")
    blocker.close()
    store.write(points)
    assert all_readings(store) == points


def test_a_file_that_is_something_else_says_so(path, store):
    path.write_text("this is not a database, but long enough to be read as one" * 20)
    with pytest.raises(StoreUnavailable, match="not a database"):
        store.ping()


def test_a_file_of_a_newer_version_is_left_alone(path, store):
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(StoreUnavailable, match="newer version"):
        store.write([reading()])


def test_a_damaged_line_is_named(path, store):
    store.write([hour(), rate()])
    connection = sqlite3.connect(path)
    connection.execute('UPDATE hour SET line = \'{"kind": "hour"}\'')
    connection.execute("UPDATE rate SET line = 'gone'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreUnavailable, match=r"stored hour cannot be read: .*missing required field"):
        all_hours(store)
    with pytest.raises(StoreUnavailable, match=r"stored rate cannot be read: .*'gone'"):
        store.rates()


def test_a_closed_store_says_so(store):
    store.write([reading()])
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.ping()


def test_fields_that_this_version_does_not_know_are_no_matter(path, store):
    store.write([hour()])
    connection = sqlite3.connect(path)
    connection.execute("UPDATE hour SET line = json_set(line, '$.added_later', 1)")
    connection.commit()
    connection.close()
    assert all_hours(store) == [hour()]
