"""A real Mosquitto, an MQTT broker: the machine's own, or Debian's packages unpacked beside it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.engines.cache import installed, progress
from deploy.engines.debian import libraries, release, unpack
from deploy.engines.process import Child, is_root, listens, running
from deploy.engines.toolchain import program
from stackwatch.embedded.ports import free_port

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
    home = installed("mosquitto", version=f"{release()}-with-clients", source=release(), make=_make)
    return [program("env", package="coreutils"), f"LD_LIBRARY_PATH={libraries(home)}", str(home / folder / name)]


def _make(target: Path) -> None:
    """Get broker, clients and what they need, and unpack them."""
    unpack(_PACKAGES, target, report=_report)
