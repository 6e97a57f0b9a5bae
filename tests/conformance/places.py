"""Where the stores under test keep their data: one place per engine, all used in the same way."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from influxdb_client import InfluxDBClient

from deploy.engines import InfluxEngine
from stackwatch.embedded.ports import free_port
from stores import SeriesStore, open_store


class Place(Protocol):
    """Somewhere to keep series, empty at first."""

    def open(self) -> SeriesStore:
        """One more store over the same data."""

    def open_unreachable(self) -> SeriesStore:
        """A store of the same kind whose engine is not there."""


@dataclass(frozen=True)
class SqlitePlace:
    folder: Path

    def open(self) -> SeriesStore:
        return open_store(f"sqlite:///{quote(str(self.folder / 'series.db'))}")

    def open_unreachable(self) -> SeriesStore:
        blocked = self.folder / "file"
        blocked.touch()
        # A file stands where the folder should be: nobody can write there, root neither.
        return open_store(f"sqlite:///{quote(str(blocked / 'series.db'))}")


@dataclass(frozen=True)
class InfluxPlace:
    engine: InfluxEngine
    bucket: str
    keep_s: int = 0
    """Seconds after which the bucket drops points; 0: never."""
    address: str = field(init=False)

    def __post_init__(self) -> None:
        rules = [{"type": "expire", "everySeconds": self.keep_s}] if self.keep_s else []
        with InfluxDBClient(self.engine.url, self.engine.token, org=self.engine.org) as client:
            client.buckets_api().create_bucket(bucket_name=self.bucket, org=self.engine.org, retention_rules=rules)
        host = self.engine.url.removeprefix("http://")
        object.__setattr__(self, "address", f"influxdb://{host}/{quote(self.engine.org)}/{quote(self.bucket)}")

    def open(self) -> SeriesStore:
        return open_store(self.address, token=self.engine.token)

    def open_unreachable(self) -> SeriesStore:
        return open_store(f"influxdb://127.0.0.1:{free_port()}/org/bucket", token="any")
