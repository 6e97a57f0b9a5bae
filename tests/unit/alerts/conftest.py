"""A database with its schema, made once and copied for each test."""

from pathlib import Path

import pytest

from alerts.database import open_database, upgrade


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An SQLite database without anything in its tables."""
    path = tmp_path_factory.mktemp("template") / "alerts.sqlite"
    upgrade(f"sqlite:///{path}")
    engine = open_database(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path.read_bytes()


@pytest.fixture
def fresh(tmp_path: Path, template: bytes) -> str:
    """The address of a database of the test's own."""
    path = tmp_path / "alerts.sqlite"
    path.write_bytes(template)
    return f"sqlite:///{path}"
