"""What a backup holds, and how it comes back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, delete, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from alerts.database import DatabaseUnavailable, open_database, upgrade
from stackwatch.keeping import archive, rows

DATABASE = "database"


class WillNot(Exception):
    """A restore that would do harm; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was written."""

    rows: Mapping[str, int]
    """By table."""
    files: Mapping[str, int]
    """By folder."""
    revision: str
    made_at: str


def back_up(
    path: Path, url: URL, folders: Mapping[str, Path], *, now: datetime, reach: Callable[[int], None] = lambda _: None
) -> Done:
    """Write the database, as it is at one moment, and the folders.

    Args:
        path: The archive; must not exist.
        url: The database.
        folders: By the name they get in the archive; those that do not exist are left out.
        now: When this is done, for the manifest.
        reach: Told how many rows are written.

    Raises:
        DatabaseUnavailable: it cannot be reached, or has no schema.
        OSError: the archive cannot be written.
    """
    counts: dict[str, int] = {}
    about: dict[str, Any] = {"made_at": now.isoformat(timespec="seconds")}
    engine = open_database(url)
    try:
        with engine.connect() as connection, archive.written(path, about) as out:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            about["revision"] = _revision(connection)
            for table in rows.tables(connection):
                content = list(rows.lines(connection, table))
                out.add(f"{DATABASE}/{table.name}.ndjson", b"".join(line + b"\n" for line in content))
                counts[table.name] = len(content)
                reach(sum(counts.values()))
            about["rows"] = counts
            held = {name: folder for name, folder in folders.items() if folder.is_dir()}
            for name, folder in held.items():
                out.add_folder(name, folder)
            files = {name: sum(key.startswith(f"{name}/") for key in out.hashes) for name in held}
            about["folders"] = files
    except DBAPIError as error:
        raise DatabaseUnavailable(f"database {engine.url!r}: {error.orig}") from error
    finally:
        engine.dispose()
    return Done(counts, files, about["revision"], about["made_at"])


def restore(path: Path, url: URL, *, replace: bool = False, files: Path | None = None) -> Done:
    """Write a backup's rows into a database, and its folders below ``files``.

    The schema is made at the backup's revision, filled, and then brought up to date. All of it or nothing.

    Raises:
        archive.BadArchive: the backup cannot be used.
        WillNot: the database holds something and ``replace`` was not given, or is at another revision.
        DatabaseUnavailable: it cannot be reached.
    """
    kept = archive.read(path)
    revision = str(kept.manifest["revision"])
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            known = _revision(connection) if rows.VERSION_TABLE in inspect(connection).get_table_names() else None
        if known is None:
            upgrade(url, revision)
        elif known != revision:
            raise WillNot(f"the database is at revision {known}, the backup at {revision}: give it an empty database")
        counts: dict[str, int] = {}
        with engine.execution_options(writes=True).begin() as connection:
            present = rows.tables(connection)
            full = [t.name for t in present if t.name not in rows.SEEDED and _count(connection, t)]
            if full and not replace:
                raise WillNot(f"the database is not empty: table {full[0]} holds rows; --replace throws them away")
            for table in reversed(present):
                connection.execute(delete(table))
            names = {table.name for table in present}
            for name in kept.manifest["rows"]:
                if name not in names:
                    raise WillNot(f"the database has no table {name}")
            for table in present:
                content = kept.files.get(f"{DATABASE}/{table.name}.ndjson", b"")
                counts[table.name] = rows.put(connection, table, content)
        upgrade(url)
    except DBAPIError as error:
        raise DatabaseUnavailable(f"database {engine.url!r}: {error.orig}") from error
    finally:
        engine.dispose()
    folders = kept.manifest["folders"]
    written = {name: kept.write_folder(name, files) for name in folders} if files is not None else {}
    return Done(counts, written, revision, kept.manifest["made_at"])


def _revision(connection: Any) -> str:
    found = connection.execute(text(f"SELECT version_num FROM {rows.VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    if found is None:
        raise DatabaseUnavailable("the database has no schema yet")
    return str(found)


def _count(connection: Any, table: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar() or 0)
