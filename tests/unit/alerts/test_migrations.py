from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from alerts.database import Base, open_database, upgrade


def test_the_migrations_make_what_the_code_expects(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/alerts.sqlite"
    upgrade(url)
    upgrade(url)
    engine = open_database(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()
