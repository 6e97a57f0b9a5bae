"""A real PostgreSQL, the machine's own, with a cluster of its own in a given folder."""

import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from signal import SIGINT

from deploy.engines.process import Child, as_user, is_root, running
from deploy.engines.server_tls import ServerTls
from deploy.engines.toolchain import EngineError, output, program
from stackwatch.embedded.ports import free_port

USER = "stackwatch"
DATABASE = "stackwatch"

SERVER_USER = "postgres"
"""Who runs the server when we are root: it refuses to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresEngine:
    """A running PostgreSQL with one empty database."""

    url: str = field(repr=False)
    """SQLAlchemy's address of the database, password included."""
    process: Child

    @property
    def env(self) -> dict[str, str]:
        """What a process of the platform is told to use this engine."""
        return {"STACKWATCH_DATABASE": self.url}


@contextmanager
def postgresql(data_dir: Path, *, port: int | None = None, tls: ServerTls | None = None) -> Iterator[PostgresEngine]:
    """PostgreSQL on a loopback port, ready; the same folder again gives the same data and password.

    With ``tls`` it lets nobody in without.

    Raises:
        EngineError: it is not on the machine, or does not start.
    """
    bin_dir = _bin_dir()
    data_dir = data_dir.absolute()
    user = SERVER_USER if is_root() else None
    data_dir.mkdir(parents=True, exist_ok=True)
    password = _password(data_dir)
    cluster = data_dir / "cluster"
    if not (cluster / "PG_VERSION").exists():
        _create_cluster(bin_dir, cluster, password=data_dir / "password", user=user)
    options = [] if tls is None else _only_tls(cluster, tls, user=user)
    at = port or free_port()
    ready = [str(bin_dir / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(at)]
    with running(
        "postgresql",
        # TCP only: a socket's path must be short, and the folder's may be long.
        [str(bin_dir / "postgres"), "-D", str(cluster), "-h", "127.0.0.1", "-p", str(at), "-k", "", *options],
        log=data_dir / "postgresql.log",
        ready=partial(_succeeds, ready),
        stop_with=SIGINT,
        user=user,
        cwd=Path("/"),
    ) as child:
        _create_database(bin_dir, at, password)
        url = f"postgresql+psycopg://{USER}:{password}@127.0.0.1:{at}/{DATABASE}"
        yield PostgresEngine(url=url, process=child)


def _only_tls(cluster: Path, tls: ServerTls, *, user: str | None) -> list[str]:
    """The server reads keys only that belong to itself; what it lets in is said by its own file."""
    own = {cluster / "server.crt": tls.certificate, cluster / "server.key": tls.key}
    for target, source in own.items():
        target.write_bytes(source.read_bytes())
        target.chmod(0o600)
        if user is not None:
            shutil.chown(target, user, user)
    (cluster / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
    return ["-c", "ssl=on", "-c", "ssl_min_protocol_version=TLSv1.2"]


def _bin_dir() -> Path:
    """Folder of the newest server on the machine; Debian keeps several side by side, outside the PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    return Path(program("postgres", package="PostgreSQL's server (Debian: postgresql)")).parent


def _password(data_dir: Path) -> str:
    file = data_dir / "password"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(16))
    return file.read_text()


def _create_cluster(bin_dir: Path, cluster: Path, *, password: Path, user: str | None) -> None:
    shutil.rmtree(cluster, ignore_errors=True)
    cluster.mkdir(mode=0o700)
    if user is not None:
        try:
            shutil.chown(cluster, user, user)
            shutil.chown(password, user, user)
        except LookupError as error:
            raise EngineError(f"PostgreSQL does not run as root, and there is no user {user}") from error
    initdb = [str(bin_dir / "initdb"), "-D", str(cluster), "-U", USER, "-A", "scram-sha-256", f"--pwfile={password}"]
    output([*as_user(user), *initdb, "-E", "UTF8", "--locale=C", "--no-sync"], cwd=Path("/"))


def _create_database(bin_dir: Path, port: int, password: str) -> None:
    psql = [str(bin_dir / "psql"), "-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-p", str(port), "-U", USER]
    env = {"PGPASSWORD": password}
    names = output([*psql, "-d", "postgres", "-c", "SELECT datname FROM pg_database"], env=env).splitlines()
    if DATABASE not in names:
        output([*psql, "-d", "postgres", "-c", f"CREATE DATABASE {DATABASE}"], env=env)


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
