"""A real InfluxDB 2, built once from its own source by the Go and Rust toolchains."""

import json
import os
import secrets
import shutil
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from deploy.engines.cache import cache_root, installed, progress
from deploy.engines.go_modules import get_module
from deploy.engines.process import Child, running
from deploy.engines.server_tls import ServerTls
from deploy.engines.toolchain import EngineError, build, output, program
from stackwatch.embedded.ports import free_port

VERSION = "2.7.12"
MODULE = "github.com/influxdata/influxdb/v2"
MODULE_SUM = "h1:m25dUSO7h6nm3zFC4v/aCNeFFmnN/mlN/uPo1T63bmk="
"""Go's own hash of the module's source, as in a go.sum."""
PKG_CONFIG = "github.com/influxdata/pkg-config@v0.2.13"
"""Finds and builds libflux, the part of InfluxDB that is written in Rust."""

_report = partial(progress, "influxdb")


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxEngine:
    """A running InfluxDB with one organisation, one bucket that forgets nothing, and an all-access token."""

    url: str
    token: str = field(repr=False)
    org: str
    bucket: str
    process: Child
    token_file: Path

    @property
    def env(self) -> dict[str, str]:
        """What a process of the platform is told to use this engine."""
        scheme, rest = self.url.split("://", 1)
        series = f"{'influxdbs' if scheme == 'https' else 'influxdb'}://{rest}/{self.org}/{self.bucket}"
        return {"STACKWATCH_SERIES": series, "STACKWATCH_SERIES_TOKEN_FILE": str(self.token_file)}


def influxd() -> Path:
    """The server's binary; the first call builds it, which takes some minutes.

    Raises:
        EngineError: a toolchain is missing, or the build failed.
    """
    return installed("influxd", version=VERSION, source=MODULE_SUM, make=_make) / "influxd"


@contextmanager
def influxdb(
    data_dir: Path,
    *,
    port: int | None = None,
    org: str = "stackwatch",
    bucket: str = "cems",
    tls: ServerTls | None = None,
) -> Iterator[InfluxEngine]:
    """InfluxDB on a loopback port, set up and ready; the same folder again gives the same data and token.

    With ``tls`` it speaks nothing else.

    Raises:
        EngineError: it could not be built or does not start.
    """
    binary = influxd()
    data_dir = data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    at = port or free_port()
    url = f"{'http' if tls is None else 'https'}://127.0.0.1:{at}"
    trust = None if tls is None else tls.trust
    command = [
        str(binary),
        f"--bolt-path={data_dir / 'influxd.bolt'}",
        f"--sqlite-path={data_dir / 'influxd.sqlite'}",
        f"--engine-path={data_dir / 'engine'}",
        f"--http-bind-address=127.0.0.1:{at}",
        "--reporting-disabled",
        "--log-level=warn",
    ]
    if tls is not None:
        command += [f"--tls-cert={tls.certificate}", f"--tls-key={tls.key}", "--tls-min-version=1.2"]
    ready = partial(_answers, f"{url}/health", trust)
    with running("influxdb", command, log=data_dir / "influxd.log", ready=ready) as child:
        token = _set_up(url, data_dir=data_dir, org=org, bucket=bucket, trust=trust)
        yield InfluxEngine(url=url, token=token, org=org, bucket=bucket, process=child, token_file=data_dir / "token")


def _answers(url: str, trust: ssl.SSLContext | None) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2, context=trust) as reply:  # noqa: S310 - our own loopback address
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _set_up(url: str, *, data_dir: Path, org: str, bucket: str, trust: ssl.SSLContext | None) -> str:
    """Name the first user, organisation and bucket, once per data folder; the token."""
    file = data_dir / "token"
    if file.exists():
        return file.read_text().strip()
    token = secrets.token_urlsafe(32)
    body = {
        "username": "stackwatch",
        "password": secrets.token_urlsafe(16),
        "org": org,
        "bucket": bucket,
        "token": token,
        "retentionPeriodSeconds": 0,
    }
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{url}/api/v2/setup", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=30, context=trust).close()  # noqa: S310 - our own loopback address
    except urllib.error.HTTPError as error:
        raise EngineError(
            f"InfluxDB in {data_dir} refused its set-up: {error.read().decode(errors='replace')}"
        ) from error
    file.touch(mode=0o600)
    file.write_text(token)
    return token


def _make(target: Path) -> None:
    go = program("go", package="Go 1.23 or newer")
    program("cargo", package="Rust (rustup, stable toolchain)")
    program("cc", package="a C compiler (Debian: gcc)")
    program("pkg-config", package="pkg-config")
    _report(f"getting {MODULE}@v{VERSION}")
    module = get_module(MODULE, version=f"v{VERSION}", checksum=MODULE_SUM)
    # Outside the target, which keeps only what is used later; with a log a failed build can be understood by.
    with tempfile.TemporaryDirectory(prefix="influxd-build.", dir=cache_root()) as workshop:
        work = Path(workshop)
        source = work / "source"
        # A copy, since the module has a `replace` of its own, which `go install module@version` refuses.
        shutil.copytree(module, source)
        for path in [source, *source.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o200)
        bin_dir = work / "bin"
        output([go, "install", PKG_CONFIG], env={"GOBIN": str(bin_dir)})
        _report(f"compiling influxd {VERSION}, once: some 3 minutes on two cores")
        build(
            [
                go,
                "build",
                "-v",
                "-buildvcs=false",
                "-o",
                str(target / "influxd"),
                "-ldflags",
                f"-s -w -X main.version=v{VERSION}",
                "./cmd/influxd",
            ],
            cwd=source,
            env={
                "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -mod=mod".strip(),
                "PKG_CONFIG": str(bin_dir / "pkg-config"),
                "CARGO": str(_lenient_cargo(work)),
                "RUSTUP_TOOLCHAIN": "stable",
            },
            log=cache_root() / "influxd-build.log",
            report=_report,
        )
    _report("built")


def _lenient_cargo(work: Path) -> Path:
    """A cargo whose compiler only warns: libflux turns warnings into errors, and newer compilers know new ones."""
    rustc = work / "rustc-lenient"
    rustc.write_text('#!/bin/sh\nexec "$@" --cap-lints allow\n')
    cargo = work / "cargo-lenient"
    cargo.write_text(f'#!/bin/sh\nRUSTC_WRAPPER="{rustc}" exec cargo "$@"\n')
    for script in (rustc, cargo):
        script.chmod(0o755)
    return cargo
