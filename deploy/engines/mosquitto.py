"""A real Mosquitto, an MQTT broker: the machine's own, or Debian's packages unpacked beside it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.engines.cache import cache_root, installed, progress
from deploy.engines.process import Child, free_port, is_root, listens, running
from deploy.engines.toolchain import EngineError, output, program

_report = partial(progress, "mosquitto")

_PACKAGES = ("mosquitto", "mosquitto-clients")

_SETTINGS = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {data}/
log_dest stdout
log_type error
log_type warning
log_type notice
# Messages for a subscriber that is away are kept, all of them.
max_queued_messages 0
# As many as the gateway takes at a time; the broker's own 20 would wait for each round trip to Kafka.
max_inflight_messages 2000
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MosquittoEngine:
    """A running Mosquitto that lets everybody in and keeps sessions on disk."""

    url: str
    """``mqtt://host:port``."""
    process: Child

    @property
    def env(self) -> dict[str, str]:
        """What a process of the platform is told to use this engine."""
        return {"STACKWATCH_MQTT": self.url}


@contextmanager
def mosquitto(data_dir: Path, *, port: int | None = None) -> Iterator[MosquittoEngine]:
    """Mosquitto on a loopback port, ready; the same folder again gives the same sessions and retained messages.

    Raises:
        EngineError: it cannot be had or does not start.
    """
    launch = server()
    data = data_dir / "persistence"
    data.mkdir(parents=True, exist_ok=True)
    at = port or free_port()
    settings = data_dir / "mosquitto.conf"
    text = _SETTINGS.format(port=at, data=data)
    # Started by root it would become another user, who may not write into the folder.
    settings.write_text(f"user root\n{text}" if is_root() else text)
    command = [*launch, "-c", str(settings)]
    with running("mosquitto", command, log=data_dir / "mosquitto.log", ready=partial(listens, at)) as child:
        yield MosquittoEngine(url=f"mqtt://127.0.0.1:{at}", process=child)


def client(name: str) -> list[str]:
    """Command that starts ``mosquitto_pub`` or ``mosquitto_sub``, MQTT clients that owe nothing to this project.

    Raises:
        EngineError: it cannot be had.
    """
    return _command(name, folder="usr/bin")


def server() -> list[str]:
    """Command that starts the broker."""
    return _command("mosquitto", folder="usr/sbin")


def _command(name: str, *, folder: str) -> list[str]:
    """The installed program, else one that is got once."""
    own = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if own:
        return [own]
    release = _release()
    home = installed("mosquitto", version=f"{release}-with-clients", source=release, make=_make)
    libraries = ":".join(str(path) for path in sorted(home.glob("usr/lib/*-linux-*")))
    return [program("env", package="coreutils"), f"LD_LIBRARY_PATH={libraries}", str(home / folder / name)]


def _release() -> str:
    try:
        facts = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    except FileNotFoundError:
        facts = {}
    name = f"{facts.get('ID', 'unknown')}-{facts.get('VERSION_ID', '')}".replace('"', "")
    return name.rstrip("-")


def _make(target: Path) -> None:
    """Get broker, clients and what they need, and unpack them: nothing is installed, no service starts."""
    missing = "install the package mosquitto"
    apt = program("apt-get", package=f"it, or {missing}")
    dpkg = program("dpkg-deb", package=f"it, or {missing}")
    _report("getting the package mosquitto")
    with tempfile.TemporaryDirectory(prefix="mosquitto-get.", dir=cache_root()) as workshop:
        archives = Path(workshop) / "archives"
        (archives / "partial").mkdir(parents=True)
        options = ["-o", f"Dir::Cache::archives={archives}", "-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User="]
        install = ["-q", "-y", "--no-install-recommends", "--download-only", "install", *_PACKAGES]
        if subprocess.run([apt, *options, *install], capture_output=True, check=False).returncode != 0:
            _report("renewing the lists of packages")
            lists = Path(workshop) / "lists"
            (lists / "partial").mkdir(parents=True)
            options += ["-o", f"Dir::State::lists={lists}"]
            output([apt, *options, "-q", "update"])
            output([apt, *options, *install])
        packages = sorted(archives.glob("*.deb"))
        if not packages:
            raise EngineError(f"apt-get brought no package; {missing}")
        for package in packages:
            output([dpkg, "--extract", str(package), str(target)])
    _report("there")
