"""What an InfluxDB does by itself for Stackwatch: how long a bucket keeps, and the tasks that thin out what is old.

Raw values are kept for a time; 10-minute means of them, and all that was judged, for ever in a second bucket.
Set up as often as one likes: what is there already is only brought in line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules
from influxdb_client.domain.task_create_request import TaskCreateRequest
from influxdb_client.domain.task_update_request import TaskUpdateRequest
from influxdb_client.rest import ApiException

from stores.influx_answers import text
from stores.port import StoreUnavailable

KEEP = timedelta(days=400)
"""As long as the feed is kept: longer than any hour may still change."""

SUFFIX = "_long"
"""Ends the name of the bucket that forgets nothing."""

MEANS = "reading_10m"
"""Measurement of the 10-minute means."""

_TIMEOUT_MS = 30_000


@dataclass(frozen=True, slots=True)
class Task:
    """One task: what it is called, when it runs, and what it does from when on."""

    name: str
    every: str
    offset: str
    since: str
    copies: bool
    """True: all that was judged as it is; False: readings as means."""

    def flux(self, bucket: str) -> str:
        """The whole script, options included."""
        head = f'option task = {{name: "{self.name}", every: {self.every}, offset: {self.offset}}}\n'
        return f"{_IMPORTS}{head}{self.query(bucket)}"

    def query(self, bucket: str) -> str:
        """What it does, without when."""
        # Cut at whole hours, so that a window is always made of all its values.
        span = (
            f"range(start: date.sub(d: {self.since}, from: date.truncate(t: now(), unit: 1h)),"
            " stop: date.truncate(t: now(), unit: 10m))"
        )
        source, target = f"from(bucket: {text(bucket)}) |> {span}", f"to(bucket: {text(bucket + SUFFIX)})"
        if self.copies:
            return f'{source} |> filter(fn: (r) => r._measurement != "reading") |> {target}'
        return (
            f'{source} |> filter(fn: (r) => r._measurement == "reading" and r.cn == "2011")'
            ' |> filter(fn: (r) => types.isType(v: r._value, type: "float"))'
            ' |> aggregateWindow(every: 10m, fn: mean, timeSrc: "_start", createEmpty: false)'
            f' |> set(key: "_measurement", value: "{MEANS}") |> {target}'
        )


_IMPORTS = 'import "date"\nimport "types"\n'

TASKS = (
    Task("stackwatch readings to 10 minutes", every="1h", offset="5m", since="3h", copies=False),
    Task("stackwatch readings to 10 minutes, late ones", every="1d", offset="25m", since="3d", copies=False),
    Task("stackwatch judged for ever", every="1h", offset="15m", since="1d", copies=True),
    Task("stackwatch judged for ever, late ones", every="1d", offset="45m", since="35d", copies=True),
)
"""Late ones are backfilled and revised data; what comes later than that is in the first bucket while it is kept."""


def set_up(
    url: str, token: str, org: str, bucket: str, *, keep: timedelta = KEEP, ca_file: Path | None = None
) -> Iterator[str]:
    """Bring buckets and tasks in line; one sentence for each thing that was made or changed.

    Args:
        url, token, org, bucket: The server and its bucket. The token must be allowed to make buckets and tasks.
        keep: How long the bucket keeps what it gets; zero: for ever.
        ca_file: Certificates that the server is trusted by; None: the system's.

    Raises:
        StoreUnavailable: the server cannot be reached, or the token is not allowed to.
    """
    trust = None if ca_file is None else str(ca_file)
    try:
        with InfluxDBClient(url, token, org=org, timeout=_TIMEOUT_MS, ssl_ca_cert=trust) as client:
            owner = _organisation(client, url, org)
            yield from _bucket(client, owner, bucket, keep)
            yield from _bucket(client, owner, bucket + SUFFIX, timedelta(0))
            present = {task.name: task for task in client.tasks_api().find_tasks(org_id=owner, limit=500)}
            for task in TASKS:
                yield from _task(client, owner, task, bucket, present.get(task.name))
    except ApiException as error:
        raise StoreUnavailable(f"InfluxDB at {url}: {error.status} {error.reason}: {error.body}") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise StoreUnavailable(f"InfluxDB at {url}: {error}") from error


def _organisation(client: Any, url: str, org: str) -> str:
    found = [item for item in client.organizations_api().find_organizations(org=org) if item.name == org]
    if not found:
        raise StoreUnavailable(f"InfluxDB at {url}: there is no organisation {org!r}, or no right to it")
    return str(found[0].id)


def _bucket(client: Any, owner: str, name: str, keep: timedelta) -> Iterator[str]:
    buckets = client.buckets_api()
    seconds = int(keep.total_seconds())
    rules = [BucketRetentionRules(type="expire", every_seconds=seconds)] if seconds else []  # type: ignore[no-untyped-call]  # the library has no types
    kept = f"keeps {keep.days} days" if seconds else "keeps everything"
    known = buckets.find_bucket_by_name(name)
    if known is None:
        buckets.create_bucket(bucket_name=name, org=owner, retention_rules=rules)
        yield f"bucket {name}: made, {kept}"
    elif max((rule.every_seconds or 0 for rule in known.retention_rules), default=0) != seconds:
        known.retention_rules = rules
        buckets.update_bucket(known)
        yield f"bucket {name}: now {kept}"


def _task(client: Any, owner: str, task: Task, bucket: str, known: Any) -> Iterator[str]:
    flux = task.flux(bucket)
    if known is None:
        client.tasks_api().create_task(task_create_request=TaskCreateRequest(org_id=owner, flux=flux, status="active"))  # type: ignore[no-untyped-call]  # the library has no types
        yield f"task {task.name!r}: made"
    elif known.flux != flux or known.status != "active":
        client.tasks_api().update_task_request(known.id, TaskUpdateRequest(flux=flux, status="active"))  # type: ignore[no-untyped-call]  # the library has no types
        yield f"task {task.name!r}: changed"
