"""Addresses of series stores."""

import pytest

from stores import open_store
from stores.influxdb import InfluxStore
from stores.sqlite import SqliteStore
from tests.conformance.points import reading


def test_an_absolute_sqlite_path_has_four_slashes(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/deep/down/series.db")
    store.write([reading()])
    store.close()
    assert isinstance(store, SqliteStore)
    assert (tmp_path / "deep/down/series.db").is_file()


def test_a_relative_sqlite_path_has_three_slashes_and_may_be_encoded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = open_store("sqlite:///data/my%20series.db")
    store.write([reading()])
    store.close()
    assert (tmp_path / "data/my series.db").is_file()


@pytest.mark.parametrize("url", ["influxdb://127.0.0.1:8086/bureau/cems", "influxdbs://db.example.org/bureau/cems"])
def test_influxdb_addresses_connect_to_nothing_yet(url):
    store = open_store(url, token="secret")
    assert isinstance(store, InfluxStore)
    store.close()


@pytest.mark.parametrize(
    ("url", "token", "says"),
    [
        pytest.param(
            "oracle://x/y", None, "scheme 'oracle' is none of sqlite://, influxdb://, influxdbs://", id="unknown"
        ),
        pytest.param("series.db", None, "scheme '' is none of", id="a bare path"),
        pytest.param("", None, "scheme '' is none of", id="nothing"),
        pytest.param("sqlite://host/path", None, "expected sqlite:///path/to/file", id="SQLite on a host"),
        pytest.param("sqlite:///", None, "expected sqlite:///path/to/file", id="SQLite without a file"),
        pytest.param("influxdb://h:8086/org", "t", "expected influxdb://host:port/org/bucket", id="no bucket"),
        pytest.param("influxdb:///org/bucket", "t", "expected influxdb://host:port/org/bucket", id="no host"),
        pytest.param("influxdb://h/a/b/c", "t", "expected influxdb://host:port/org/bucket", id="a part too many"),
        pytest.param("influxdb://h:port/a/b", "t", "expected influxdb://host:port/org/bucket", id="no port number"),
        pytest.param("influxdbs://h/a/b", None, "InfluxDB wants a token", id="no token"),
    ],
)
def test_a_wrong_address_is_one_clear_line(url, token, says):
    with pytest.raises(ValueError) as error:
        open_store(url, token=token)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_secret_in_the_address_is_not_repeated():
    with pytest.raises(ValueError) as error:
        open_store("influxdb://user:secret@h:8086/org/bucket?token=secret", token="t")
    assert "secret" not in str(error.value)
