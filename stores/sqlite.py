"""The series store in one SQLite file, shared by several processes: one writes while others read."""

import math
import queue
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

import msgspec

from emissions.account import AccountHour
from emissions.hourly import Hour
from emissions.reading import Reading
from emissions.transmission import Rate
from stores.admission import refusal
from stores.lines import account_from, from_microseconds, hour_from, is_settlement, line_of, microseconds, rate_from
from stores.port import Point, StoreRefused, StoreUnavailable

SCHEMA_VERSION = 3

ROWS_PER_TRANSACTION = 2_000
"""Writers take turns after so many rows: nobody waits long."""

BUSY_S = 10.0
"""How long a write waits for another process's transaction before it says `StoreUnavailable`."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS reading (
    outlet TEXT NOT NULL, cn TEXT NOT NULL, at INTEGER NOT NULL,
    enterprise TEXT NOT NULL, county TEXT NOT NULL, received_at INTEGER NOT NULL,
    numbers TEXT NOT NULL, flags TEXT NOT NULL,
    PRIMARY KEY (outlet, cn, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hour (
    hour INTEGER NOT NULL, outlet TEXT NOT NULL, pollutant TEXT NOT NULL,
    county TEXT NOT NULL, revision INTEGER NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (hour, outlet, pollutant)
) STRICT;
CREATE INDEX IF NOT EXISTS hour_by_outlet ON hour (outlet, hour);
CREATE INDEX IF NOT EXISTS hour_by_county ON hour (county, hour);
CREATE TABLE IF NOT EXISTS rate (
    "window" TEXT NOT NULL, period TEXT NOT NULL, level TEXT NOT NULL, id TEXT NOT NULL, track TEXT NOT NULL,
    as_of INTEGER NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY ("window", period, level, id, track)
) STRICT;
CREATE INDEX IF NOT EXISTS rate_by_subject ON rate (level, id);
CREATE TABLE IF NOT EXISTS settled_rate (
    period TEXT NOT NULL, level TEXT NOT NULL, id TEXT NOT NULL, track TEXT NOT NULL,
    as_of INTEGER NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (period, level, id, track)
) STRICT;
CREATE TABLE IF NOT EXISTS account (
    hour INTEGER NOT NULL, outlet TEXT NOT NULL, county TEXT NOT NULL, as_of INTEGER NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (hour, outlet)
) STRICT;
CREATE INDEX IF NOT EXISTS account_by_outlet ON account (outlet, hour);
"""

# Sub-packets of one data time carry different factors, so the second adds its keys to those of the first (R5).
_PUT_READING = """
INSERT INTO reading (outlet, cn, at, enterprise, county, received_at, numbers, flags) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    enterprise = excluded.enterprise, county = excluded.county, received_at = excluded.received_at,
    numbers = json_patch(numbers, excluded.numbers), flags = json_patch(flags, excluded.flags)
"""
# A replay publishes old revisions again for a moment; they must not hide the newest one (R10).
_PUT_HOUR = """
INSERT INTO hour (hour, outlet, pollutant, county, revision, line) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET county = excluded.county, revision = excluded.revision, line = excluded.line
WHERE excluded.revision >= revision
"""
_PUT_RATE = """
INSERT INTO rate ("window", period, level, id, track, as_of, line) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET as_of = excluded.as_of, line = excluded.line
WHERE excluded.as_of >= as_of
"""
# What was settled stays: the first publication after the settlement, however often the rate changes later.
_PUT_SETTLED = """
INSERT INTO settled_rate (period, level, id, track, as_of, line) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET as_of = excluded.as_of, line = excluded.line
WHERE excluded.as_of < as_of
"""
_PUT_ACCOUNT = """
INSERT INTO account (hour, outlet, county, as_of, line) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET county = excluded.county, as_of = excluded.as_of, line = excluded.line
WHERE excluded.as_of >= as_of
"""

_Row = tuple[str | int, ...]

_json = msgspec.json.Encoder().encode
_numbers = msgspec.json.Decoder(dict[str, float])
_flags = msgspec.json.Decoder(dict[str, str])


class SqliteStore:
    """A `SeriesStore` in one file. Safe to use from several threads and processes at once.

    Nothing is opened before the first call, so a store can be made while its disk is away.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._closed = False

    def write(self, points: Sequence[Point], *, before: float = math.inf) -> None:
        """Write all points, durably, before returning; see `SeriesStore.write`."""
        if time.monotonic() > before:
            raise StoreUnavailable(f"SQLite file {self._path}: not written, somebody else may write of the same by now")
        refused: list[Point] = []
        reasons: list[str] = []
        statements = (_PUT_READING, _PUT_HOUR, _PUT_RATE, _PUT_SETTLED, _PUT_ACCOUNT)
        rows: dict[str, list[_Row]] = {statement: [] for statement in statements}
        for point in points:
            if (reason := refusal(point)) is not None:
                refused.append(point)
                reasons.append(reason)
                continue
            statement, row = _row(point)
            rows[statement].append(row)
            if isinstance(point, Rate) and is_settlement(point):
                key = (point.period, point.level, point.id, point.track)
                rows[_PUT_SETTLED].append((*key, microseconds(point.as_of), line_of(point)))
        with self._connection() as connection:
            for statement, all_rows in rows.items():
                remaining = iter(all_rows)
                while part := list(islice(remaining, ROWS_PER_TRANSACTION)):
                    connection.execute("BEGIN IMMEDIATE")
                    connection.executemany(statement, part)
                    connection.execute("COMMIT")
        if refused:
            raise StoreRefused(f"{len(refused)} of {len(points)} points refused, the first: {reasons[0]}", refused)

    def look_again(self) -> None:
        """Nothing is remembered: each statement compares as it writes."""

    def readings(
        self, outlet: str, *, cn: str, start: datetime, end: datetime, factor: str | None = None
    ) -> list[Reading]:
        """Readings with start ≤ at < end, oldest first; ``factor`` keeps its keys only, and readings that have any."""
        found = self._rows(
            "SELECT enterprise, county, at, received_at, numbers, flags FROM reading"
            " WHERE outlet = ? AND cn = ? AND at >= ? AND at < ? ORDER BY at",
            (outlet, cn, microseconds(start), microseconds(end)),
        )
        prefix = "" if factor is None else f"{factor}-"
        readings = (
            Reading(
                outlet=outlet,
                enterprise=enterprise,
                county=county,
                cn=cn,
                at=from_microseconds(at),
                received_at=from_microseconds(received_at),
                numbers={k: v for k, v in _numbers.decode(numbers).items() if k.startswith(prefix)},
                flags={k: v for k, v in _flags.decode(flags).items() if k.startswith(prefix)},
            )
            for enterprise, county, at, received_at, numbers, flags in found
        )
        return [reading for reading in readings if factor is None or reading.numbers or reading.flags]

    def hours(
        self, *, start: datetime, end: datetime, outlet: str | None = None, county: str | None = None
    ) -> list[Hour]:
        """Newest revision of each judged hour with start ≤ hour < end, by (hour, outlet, pollutant)."""
        where, values = _where({"outlet": outlet, "county": county})
        found = self._rows(
            f"SELECT line FROM hour WHERE hour >= ? AND hour < ?{where} ORDER BY hour, outlet, pollutant",  # noqa: S608 - our own column names
            (microseconds(start), microseconds(end), *values),
        )
        return [hour_from(line) for (line,) in found]

    def accounts(
        self, *, start: datetime, end: datetime, outlet: str | None = None, county: str | None = None
    ) -> list[AccountHour]:
        """Newest line of the account of each outlet and hour with start ≤ hour < end, by (hour, outlet)."""
        where, values = _where({"outlet": outlet, "county": county})
        found = self._rows(
            f"SELECT line FROM account WHERE hour >= ? AND hour < ?{where} ORDER BY hour, outlet",  # noqa: S608 - our own column names
            (microseconds(start), microseconds(end), *values),
        )
        return [account_from(line) for (line,) in found]

    def rates(
        self,
        *,
        level: str | None = None,
        window: str | None = None,
        period: str | None = None,
        track: str | None = None,
        id: str | None = None,  # noqa: A002 - the field's own name
    ) -> list[Rate]:
        """Newest rate of each (level, id, window, period, track) that fits, in that order."""
        where, values = _where({"level": level, '"window"': window, "period": period, "track": track, "id": id})
        found = self._rows(
            f'SELECT line FROM rate WHERE TRUE{where} ORDER BY level, id, "window", period, track',  # noqa: S608 - our own column names
            values,
        )
        return [rate_from(line) for (line,) in found]

    def settled_rates(self, *, period: str, level: str | None = None) -> list[Rate]:
        """Rates of a month as they were when it was settled, by (level, id, track)."""
        where, values = _where({"level": level})
        found = self._rows(
            f"SELECT line FROM settled_rate WHERE period = ?{where} ORDER BY level, id, track",  # noqa: S608 - our own column names
            (period, *values),
        )
        return [rate_from(line) for (line,) in found]

    def ping(self) -> str:
        """Name, version and file."""
        self._rows("SELECT count(*) FROM sqlite_schema", ())
        return f"SQLite {sqlite3.sqlite_version}, {self._path}"

    def close(self) -> None:
        """Close the file."""
        self._closed = True
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def _rows(self, query: str, values: Sequence[str | int]) -> list[tuple]:  # type: ignore[type-arg]  # as the columns are
        with self._connection() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection of the caller's own while it works: readers and the writer never wait for one another."""
        try:
            connection = self._taken()
            try:
                yield connection
            except BaseException:
                # What was begun is undone with it.
                connection.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"SQLite file {self._path}: {error}") from error
        if self._closed:
            connection.close()
        else:
            self._idle.put(connection)

    def _taken(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreUnavailable(f"SQLite file {self._path}: the store has been closed")
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return _opened(self._path)


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        _use_wal(connection)
        # A write has returned only when the disk has it.
        connection.execute("PRAGMA synchronous = FULL")
        with closing(connection.execute("PRAGMA user_version")) as cursor:
            (version,) = cursor.fetchone()
        if version > SCHEMA_VERSION:
            raise StoreUnavailable(f"SQLite file {path}: written by a newer version (schema {version})")
        if version < SCHEMA_VERSION:
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Readers see the last commit while a writer works. Said once, the file remembers it."""
    deadline = time.monotonic() + BUSY_S
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            # SQLite does not wait by itself when several processes ask for this first change at once.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _row(point: Point) -> tuple[str, _Row]:
    match point:
        case Reading():
            return _PUT_READING, (
                point.outlet,
                point.cn,
                microseconds(point.at),
                point.enterprise,
                point.county,
                microseconds(point.received_at),
                _json(dict(point.numbers)).decode(),
                _json(dict(point.flags)).decode(),
            )
        case Hour():
            hour = microseconds(point.hour)
            return _PUT_HOUR, (hour, point.outlet, point.pollutant, point.county, point.revision, line_of(point))
        case Rate():
            key = (point.window, point.period, point.level, point.id, point.track)
            return _PUT_RATE, (*key, microseconds(point.as_of), line_of(point))
        case AccountHour():
            at = microseconds(point.hour)
            return _PUT_ACCOUNT, (at, point.outlet, point.county, microseconds(point.as_of), line_of(point))


def _where(columns: dict[str, str | None]) -> tuple[str, list[str]]:
    """The columns that are asked for, as conditions and their values."""
    asked = {column: value for column, value in columns.items() if value is not None}
    return "".join(f" AND {column} = ?" for column in asked), list(asked.values())
