import sqlite3
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.database import open_database, upgrade
from alerts.desk_tables import DeskEventRow
from alerts.feed_tables import MarkRow
from people.tables import PeopleBase


def differences(url: str) -> object:
    engine = open_database(url)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), [DeskEventRow.metadata, PeopleBase.metadata])
    engine.dispose()
    return found


def test_the_migrations_make_what_the_code_expects(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/alerts.sqlite"
    upgrade(url)
    upgrade(url)
    assert differences(url) == []


def test_marks_of_a_database_whose_table_the_web_process_made_itself_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "alerts.sqlite"
    with sqlite3.connect(path) as before:
        before.execute(
            "CREATE TABLE web_marks (id TEXT NOT NULL, outlet TEXT NOT NULL, line TEXT NOT NULL, revocation TEXT,"
            " in_feed BOOLEAN NOT NULL, PRIMARY KEY (id))"
        )
        before.execute("CREATE INDEX ix_web_marks_outlet ON web_marks (outlet)")
        before.execute("INSERT INTO web_marks VALUES ('m1', 'o1', '{}', NULL, 1)")
    before.close()
    url = f"sqlite:///{path}"
    upgrade(url)
    assert differences(url) == []
    engine = open_database(url)
    with Session(engine) as session:
        (kept,) = session.scalars(select(MarkRow)).all()
    engine.dispose()
    assert (kept.id, kept.outlet, kept.in_feed) == ("m1", "o1", True)
