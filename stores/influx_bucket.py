"""One bucket of an InfluxDB 2 server: the only place that speaks with it, and that says *later* or *never*."""

import io
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.dialect import Dialect
from influxdb_client.rest import ApiException

from stores.influx_answers import moment, quoted, rows, text
from stores.influx_lines import moment_of, tag_value, tags_of, to_line
from stores.port import Point, StoreUnavailable

POINTS_PER_REQUEST = 5_000

TIMEOUT_S = 30.0

_NEVER = {400, 413, 422}
"""The engine has read the lines and does not want them. All else (no right, no bucket, busy, broken) may pass."""

_CSV = Dialect(header=True, annotations=[], date_time_format="RFC3339")  # type: ignore[no-untyped-call]  # the library has no types


class Bucket:
    """A bucket, its server and the right to use it. Nothing is asked of the server before the first call."""

    def __init__(
        self,
        url: str,
        token: str,
        org: str,
        name: str,
        *,
        timeout_s: float = TIMEOUT_S,
        ca_file: Path | None = None,
    ) -> None:
        self._url = url
        self._name = name
        self._client: Any = InfluxDBClient(
            url,
            token,
            org=org,
            timeout=int(timeout_s * 1000),
            ssl_ca_cert=None if ca_file is None else str(ca_file),
        )
        # The batching mode loses points without an exception.
        self._write_api = self._client.write_api(write_options=SYNCHRONOUS)

    def put(self, points: Sequence[Point], *, before: float = math.inf) -> list[tuple[Point, str]]:
        """Write the points; those that the engine will never take, each with the reason.

        Raises:
            StoreUnavailable: it cannot be reached, does not take anything now, or ``before`` has passed.
        """
        lines = [(point, to_line(point)) for point in points]
        with self._translated():
            return [
                refused
                for start in range(0, len(lines), POINTS_PER_REQUEST)
                for refused in self._put_or_halve(lines[start : start + POINTS_PER_REQUEST], before)
            ]

    def delete(self, point: Point, *, before: float = math.inf) -> None:
        """Take away whatever stands at the place of the point.

        Raises:
            StoreUnavailable: it cannot be reached, does not take anything now, or ``before`` has passed.
        """
        tags = {"_measurement": point.kind, **tags_of(point)}
        predicate = " AND ".join(f"{name}={quoted(tag_value(value))}" for name, value in tags.items() if value)
        at = moment(moment_of(point))
        self._in_time(before)
        with self._translated():
            self._client.delete_api().delete(at, at, predicate, bucket=self._name)

    def rows(
        self, measurement: str, start: datetime, end: datetime, condition: str, *, columns: Sequence[str]
    ) -> Iterator[Mapping[str, str]]:
        """Rows of a measurement with start ≤ time < end, cut to some columns, in no particular order.

        Args:
            measurement: Its name.
            start: First moment.
            end: First moment that no longer counts.
            condition: Flux, from `stores.influx_answers`; empty or beginning with ``and``.
            columns: What is wanted; a tag that a series lacks is left out of its rows.

        Raises:
            StoreUnavailable: it cannot be reached, or breaks off.
        """
        if start >= end:
            return
        kept = ", ".join(f'"{column}"' for column in columns)
        query = (
            f"from(bucket: {text(self._name)}) |> range(start: {moment(start)}, stop: {moment(end)})"
            f' |> filter(fn: (r) => r._measurement == "{measurement}"{condition}) |> keep(columns: [{kept}])'
        )
        with self._translated():
            answer = self._client.query_api().query_raw(query, dialect=_CSV)
            try:
                yield from rows(io.TextIOWrapper(answer, encoding="utf-8", newline=""))
            finally:
                answer.close()

    def ping(self) -> str:
        """Version of the server, the bucket, and how long it keeps what it gets.

        Raises:
            StoreUnavailable: it cannot be reached, or the bucket may not be seen.
        """
        with self._translated():
            version = self._client.version()
            bucket = self._client.buckets_api().find_bucket_by_name(self._name)
        if bucket is None:
            raise StoreUnavailable(f"InfluxDB at {self._url}: there is no bucket {self._name!r}, or no right to it")
        seconds = max((rule.every_seconds or 0 for rule in bucket.retention_rules), default=0)
        kept = f"keeps {seconds / 86_400:g} days" if seconds else "keeps everything"
        return f"InfluxDB {version.removeprefix('v')}, {self._url}, bucket {self._name} {kept}"

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _put_or_halve(self, lines: Sequence[tuple[Point, str]], before: float) -> list[tuple[Point, str]]:
        """Write the lines; where some are refused, find out which by halves, and write all others."""
        self._in_time(before)
        try:
            self._write_api.write(self._name, record="\n".join(line for _, line in lines))
        except ApiException as error:
            if error.status not in _NEVER:
                raise
            if len(lines) == 1:
                return [(lines[0][0], _said(error))]
            middle = len(lines) // 2
            return self._put_or_halve(lines[:middle], before) + self._put_or_halve(lines[middle:], before)
        return []

    def _in_time(self, before: float) -> None:
        """The engine takes what comes, from whomever: whoever stood still must not speak for another."""
        if time.monotonic() > before:
            raise StoreUnavailable(f"InfluxDB at {self._url}: not written, somebody else may write of the same by now")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Whatever goes wrong on the way means: later."""
        try:
            yield
        except ApiException as error:
            raise StoreUnavailable(f"InfluxDB at {self._url}: {_said(error)}") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise StoreUnavailable(f"InfluxDB at {self._url}: {error}") from error


def _said(error: ApiException) -> str:
    """What the server said, without headers."""
    try:
        message = json.loads(error.body)["message"]
    except (TypeError, ValueError, KeyError):
        message = error.reason or error.body
    return f"{error.status} {message}".strip()[:500]
