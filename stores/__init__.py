"""Time series and judged hours behind one port; one file per engine, one line here for each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from stores.influxdb import InfluxStore
from stores.port import Point, SeriesStore, StoreRefused, StoreUnavailable
from stores.sqlite import SqliteStore

__all__ = [
    "STORES",
    "InfluxAddress",
    "Point",
    "SeriesStore",
    "StoreRefused",
    "StoreUnavailable",
    "influx_address",
    "open_store",
]


def open_store(url: str, *, token: str | None = None, ca_file: Path | None = None) -> SeriesStore:
    """The store at an address. Nothing is connected yet: an engine that is away shows at the first call.

    Args:
        url: ``sqlite:///relative/path``, ``sqlite:////absolute/path``, ``influxdb://host:port/org/bucket``, or
            ``influxdbs://…`` over TLS.
        token: The right to use it, where the engine wants one.
        ca_file: Certificates that an engine over TLS is trusted by; None: the system's.

    Raises:
        ValueError: no such engine, or a part of the address is missing; one line that says which.
    """
    address = urlsplit(url)
    opener = STORES.get(address.scheme)
    if opener is None:
        known = ", ".join(f"{scheme}://" for scheme in STORES)
        raise ValueError(f"series store {_shown(address)}: scheme {address.scheme!r} is none of {known}")
    return opener(address, token, ca_file)


_DEFAULT_PORTS = {"influxdb": 8086, "influxdbs": 443}


def _sqlite(address: SplitResult, _token: str | None, _ca_file: Path | None) -> SeriesStore:
    path = unquote(address.path).removeprefix("/")
    if address.netloc or not path:
        raise ValueError(f"series store {_shown(address)}: expected sqlite:///path/to/file")
    return SqliteStore(path)


@dataclass(frozen=True, slots=True)
class InfluxAddress:
    """Where an InfluxDB and its bucket are."""

    url: str
    org: str
    bucket: str


def influx_address(url: str) -> InfluxAddress:
    """The parts of ``influxdb://host:port/org/bucket``.

    Raises:
        ValueError: a part of the address is missing; one line that says which are expected.
    """
    address = urlsplit(url)
    scheme = "https" if address.scheme == "influxdbs" else "http"
    org, _, bucket = address.path.removeprefix("/").partition("/")
    expected = f"series store {_shown(address)}: expected {address.scheme}://host:port/org/bucket"
    if not (address.hostname and org and bucket) or "/" in bucket or "@" in address.netloc:
        raise ValueError(expected)
    try:
        port = address.port or _DEFAULT_PORTS[address.scheme]
    except ValueError as error:
        raise ValueError(expected) from error
    host = f"[{address.hostname}]" if ":" in address.hostname else address.hostname
    return InfluxAddress(f"{scheme}://{host}:{port}", unquote(org), unquote(bucket))


def _influxdb(address: SplitResult, token: str | None, ca_file: Path | None) -> SeriesStore:
    found = influx_address(address.geturl())
    if not token:
        raise ValueError(f"series store {_shown(address)}: InfluxDB wants a token")
    return InfluxStore(found.url, token, found.org, found.bucket, ca_file=ca_file)


def _shown(address: SplitResult) -> str:
    """The address without what may be a secret."""
    return address._replace(netloc=address.netloc.rpartition("@")[2], query="", fragment="").geturl()


STORES: dict[str, Callable[[SplitResult, str | None, Path | None], SeriesStore]] = {
    "sqlite": _sqlite,
    "influxdb": _influxdb,
    "influxdbs": _influxdb,
}
"""How to open each kind of store, by the scheme of its address."""
