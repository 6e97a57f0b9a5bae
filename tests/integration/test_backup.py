"""A backup comes back whole, on both databases and from one to the other."""

import json
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import make_url

from alerts.database import open_database, upgrade
from alerts.repository import Repository
from deploy.engines import PostgresEngine, postgresql
from stackwatch.cli import root
from stackwatch.keeping import archive, rows
from stackwatch.keeping.backup import WillNot, back_up, restore
from tests.unit.alerts.scene import T0, exceedance, low_rate

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresEngine]:
    with postgresql(tmp_path_factory.mktemp("postgresql")) as running:
        yield running


@pytest.fixture
def new(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    """Makes an empty database of the kind that is asked for, and gives its address."""
    count = iter(range(100))

    def make(kind: str) -> str:
        name = f"d{next(count)}_{abs(hash(request.node.nodeid))}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path}/{name}.sqlite"
        url = request.getfixturevalue("engine").url
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return urlsplit(url)._replace(path=f"/{name}").geturl()

    return make


def content(url: str) -> dict[str, list[bytes]]:
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            return {table.name: list(rows.lines(connection, table)) for table in rows.tables(connection)}
    finally:
        engine.dispose()


def filled(url: str) -> str:
    """Two alerts, one acknowledged and commented, and what follows in the other tables."""
    upgrade(url)
    engine = open_database(url)
    desk = Repository(engine)
    desk.take_in([exceedance(), exceedance(name="f2"), low_rate("2026-10")], now=T0)
    alert = desk.alerts()[0]
    desk.acknowledge(alert.id, by="张三", now=T0 + timedelta(minutes=5), version=alert.version)
    engine.dispose()
    return url


@pytest.mark.parametrize(
    ("source", "target"),
    [("sqlite", "sqlite"), ("postgresql", "postgresql"), ("sqlite", "postgresql"), ("postgresql", "sqlite")],
)
def test_every_row_comes_back(new: Any, tmp_path: Path, source: str, target: str) -> None:
    before, after = filled(new(source)), new(target)
    written = back_up(tmp_path / "b.tar.gz", make_url(before), {}, now=NOW)
    done = restore(tmp_path / "b.tar.gz", make_url(after))
    assert content(after) == content(before)
    assert done.rows == written.rows
    assert done.rows["alerts"] == 2


def test_the_desk_goes_on_where_it_was(new: Any, tmp_path: Path) -> None:
    back_up(tmp_path / "b.tar.gz", make_url(filled(new("postgresql"))), {}, now=NOW)
    url = new("postgresql")
    restore(tmp_path / "b.tar.gz", make_url(url))
    engine = open_database(url)
    desk = Repository(engine)
    assert desk.broken_audit() == []
    assert desk.take_in([exceedance()], now=T0) == []
    assert len(desk.alerts()) == 2
    open_one = next(alert for alert in desk.alerts() if alert.state == "raised")
    desk.acknowledge(open_one.id, by="李四", now=T0 + timedelta(minutes=9), version=open_one.version)
    assert desk.broken_audit() == []
    engine.dispose()


def test_a_database_that_holds_something_is_left_alone(new: Any, tmp_path: Path) -> None:
    url = filled(new("sqlite"))
    back_up(tmp_path / "b.tar.gz", make_url(url), {}, now=NOW)
    other = filled(new("sqlite"))
    before = content(other)
    with pytest.raises(WillNot, match="not empty"):
        restore(tmp_path / "b.tar.gz", make_url(other))
    assert content(other) == before
    restore(tmp_path / "b.tar.gz", make_url(other), replace=True)
    assert content(other) == content(url)


def test_a_backup_of_an_older_version_is_brought_up_to_date(new: Any, tmp_path: Path) -> None:
    url = new("sqlite")
    upgrade(url, "0001")
    back_up(tmp_path / "b.tar.gz", make_url(url), {}, now=NOW)
    after, fresh = new("sqlite"), new("sqlite")
    restore(tmp_path / "b.tar.gz", make_url(after))
    upgrade(fresh)
    assert content(after).keys() == content(fresh).keys()


def test_a_changed_backup_is_refused(new: Any, tmp_path: Path) -> None:
    back_up(tmp_path / "b.tar.gz", make_url(filled(new("sqlite"))), {}, now=NOW)
    with tarfile.open(tmp_path / "b.tar.gz") as tar:
        tar.extractall(tmp_path / "open", filter="data")
    alerts = tmp_path / "open" / "database" / "alerts.ndjson"
    alerts.write_bytes(alerts.read_bytes().replace(b"severe", b"warning").replace(b"warning", b"info"))
    with tarfile.open(tmp_path / "c.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "open", arcname=".")
    with pytest.raises(archive.BadArchive):
        restore(tmp_path / "c.tar.gz", make_url(new("sqlite")))


def test_the_verbs_write_and_bring_back_files_too(new: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    devices = tmp_path / "devices"
    devices.mkdir()
    (devices / "passwd").write_text("MN1:$7$...\n")
    attached = tmp_path / "files" / "ab"
    attached.mkdir(parents=True)
    (attached / "abcd").write_bytes(b"a photograph")
    url, after = filled(new("sqlite")), new("sqlite")
    monkeypatch.setenv("STACKWATCH_DEVICES", str(devices))
    monkeypatch.setenv("STACKWATCH_ATTACHMENTS", str(attached.parent))
    monkeypatch.setenv("STACKWATCH_DATABASE", url)
    file = tmp_path / "b.tar.gz"
    said = CliRunner().invoke(root, ["backup", "--json", str(file)])
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)["files"]["devices"] == 1
    assert file.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("STACKWATCH_DATABASE", after)
    said = CliRunner().invoke(root, ["restore", str(file), "--files", str(tmp_path / "back")])
    assert said.exit_code == 0, said.output
    assert (tmp_path / "back" / "devices" / "passwd").read_text() == "MN1:$7$...\n"
    assert (tmp_path / "back" / "attachments" / "ab" / "abcd").read_bytes() == b"a photograph"
    assert (tmp_path / "back" / "rulebook" / "parameters.yaml").exists()
    assert content(after) == content(url)


def test_a_file_that_exists_is_not_written_over(new: Any, tmp_path: Path) -> None:
    (tmp_path / "b.tar.gz").write_text("mine")
    with pytest.raises(FileExistsError):
        back_up(tmp_path / "b.tar.gz", make_url(filled(new("sqlite"))), {}, now=NOW)
    assert (tmp_path / "b.tar.gz").read_text() == "mine"
