"""Runs the migrations on the connection that ``alerts.database.upgrade`` opened, or on the URL given to alembic."""

from typing import Any

from alembic import context
from sqlalchemy import Connection

from alerts.database import Base, open_database
from stores.moment import Moment


def plainly(kind: str, item: Any, _autogenerate: Any) -> str | bool:
    """A migration stands for itself: it names no type of the application."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


def ours(_item: Any, name: str | None, kind: str, reflected: bool, _counterpart: Any) -> bool:
    """People's tables stand in the same database and belong to another room: they are not compared from here."""
    return not (kind == "table" and reflected and str(name).startswith("people") and name not in Base.metadata.tables)


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=plainly,
        include_object=ours,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    url = context.config.get_main_option("sqlalchemy.url")
    if not url:
        raise SystemExit("no database: set sqlalchemy.url, or call alerts.database.upgrade(url)")
    with open_database(url).execution_options(writes=True).begin() as opened:
        run(opened)
