"""Rows of a database as JSON lines and back, the same for SQLite and PostgreSQL, whatever the schema's revision."""

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, DateTime, Integer, LargeBinary, MetaData, Table, event, func, insert, select, text

from alerts.database import ChainRow
from stores.moment import Moment

AT_ONCE = 500
VERSION_TABLE = "alembic_version"
SEEDED = frozenset({ChainRow.__tablename__})
"""Tables that are not empty in a new database."""


def tables(connection: Connection) -> list[Table]:
    """All tables but that of the schema's revision, each after those that it refers to."""
    metadata = MetaData()

    @event.listens_for(metadata, "column_reflect")
    def _moments(_inspector: Any, _table: Any, column: dict[str, Any]) -> None:
        if isinstance(column["type"], DateTime):
            column["type"] = Moment()

    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != VERSION_TABLE]


def lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """The table's rows as JSON lines, in the order of its key."""
    for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings():
        yield msgspec.json.encode({name: _out(value) for name, value in row.items()})


def put(connection: Connection, table: Table, content: bytes) -> int:
    """Write rows that ``lines`` gave; says how many.

    Raises:
        ValueError: a column that the table does not have.
    """
    rows = [_row(table, msgspec.json.decode(line)) for line in content.splitlines() if line]
    for start in range(0, len(rows), AT_ONCE):
        connection.execute(insert(table), rows[start : start + AT_ONCE])
    _count_on(connection, table)
    return len(rows)


def _row(table: Table, given: dict[str, Any]) -> dict[str, Any]:
    if unknown := sorted(given.keys() - table.columns.keys()):
        raise ValueError(f"table {table.name} has no column {unknown[0]}")
    return {name: _in(table, name, value) for name, value in given.items()}


def _out(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _in(table: Table, name: str, value: Any) -> Any:
    kind = table.columns[name].type
    if isinstance(kind, Moment) and isinstance(value, str):
        return datetime.fromisoformat(value)
    return base64.b64decode(value) if isinstance(kind, LargeBinary) and isinstance(value, str) else value


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL's counters go on behind the highest key that was written."""
    key = list(table.primary_key.columns)
    if connection.dialect.name != "postgresql" or len(key) != 1 or not isinstance(key[0].type, Integer):
        return
    names = {"table": table.name, "column": key[0].name}
    sequence = connection.execute(text("SELECT pg_get_serial_sequence(:table, :column)"), names).scalar()
    highest = connection.execute(select(func.max(key[0]))).scalar()
    if sequence is not None and highest is not None:
        connection.execute(text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest})
