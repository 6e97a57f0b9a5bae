"""The image's processes as a cluster runs them: no root, a read-only root file system, probes, an orderly end."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from deploy.engines import kafka, mosquitto
from deploy.engines.process import is_root
from deploy.engines.toolchain import program
from stackwatch.embedded.ports import free_port
from tests.deploy.overlays import K8S, environment, ours
from tests.deploy.recipe import instructions

WITHIN_S = 60
GRACE_S = 30
"""Kubernetes' own, between SIGTERM and SIGKILL."""

USER = "10001"

pytestmark = pytest.mark.timeout(1800)

CONFINED = """
mount -o remount,ro,bind /
mount -t tmpfs tmpfs /mnt
mkdir -m 1777 /mnt/tmp
mkdir /mnt/image
mount --bind "$1" /mnt/image
mount -o remount,ro,bind /mnt/image
cd /mnt/tmp
shift
exec "$@"
"""
"""Everything is read-only but one folder, which stands for the container's /tmp. Below /mnt all may look."""


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    place = tmp_path_factory.mktemp("engines")
    with kafka(place / "kafka") as log, mosquitto(place / "mosquitto") as broker:
        yield {**log.env, **broker.env}


def told(name: str) -> dict[str, str]:
    """What the manifests tell a process, but for addresses and secrets of the cluster's engines."""
    container = next(container for found, _, container in ours("city") if found == name)
    cluster = ("_FILE", "_KAFKA", "_PROTOCOL", "_MQTT", "_SERIES", "_DATABASE", "_USERNAME", "_REPLICATION")
    given = {key: value for key, value in environment("city", container).items() if not key.endswith(cluster)}
    return given | {
        "STACKWATCH_REGISTER": str(K8S / "overlays" / "city" / "register"),
        "STACKWATCH_SERIES": "sqlite:////mnt/tmp/series.sqlite",
        "STACKWATCH_DATABASE": "sqlite:////mnt/tmp/alerts.sqlite",
        "STACKWATCH_GATEWAY": "trial",
    }


@contextmanager
def confined(image: Path, arguments: list[str], env: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The image's Python in a mount namespace of its own."""
    unshare = [program("unshare", package="util-linux"), "--mount", *([] if is_root() else ["--map-root-user"])]
    # The Python that the environment was made with may lie in a folder of ours: it may be read, and nothing be written.
    reading = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    identity = ["--reuid", USER, "--regid", USER, "--clear-groups", *reading] if is_root() else []
    drop = [program("setpriv", package="util-linux"), "--pdeathsig", "KILL", "--no-new-privs", *identity, "--"]
    process = ["/mnt/image/bin/python", *arguments]
    with log.open("wb") as sink:
        child = subprocess.Popen(
            [*unshare, "sh", "-euc", CONFINED, "sh", str(image), *drop, *process], env=env, stdout=sink, stderr=sink
        )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("name", ["gateway", "relay", "rollcall", "worker", "alerts", "web"])
def test_a_process_becomes_ready_and_ends_when_asked(
    image: Path, engines: dict[str, str], name: str, tmp_path: Path
) -> None:
    port, log = free_port(), tmp_path / "log"
    env = {
        **{key: value for key, value in settings_of_the_image().items() if key != "PATH"},
        "PATH": os.environ["PATH"],
        **told(name),
        **engines,
        "HOME": "/mnt/tmp",
        "TMPDIR": "/mnt/tmp",
        "NICEGUI_STORAGE_PATH": "/mnt/tmp/nicegui",
        "STACKWATCH_HEALTH_PORT": "0" if name == "web" else str(port),
        "STACKWATCH_WEB_PORT": str(port),
        "STACKWATCH_RELAY_PORT": "0",
    }
    if name == "web":
        secret = tmp_path / "session-secret"
        secret.write_text("s" * 64)
        env["STACKWATCH_SESSION_SECRET_FILE"] = str(secret)
    with confined(image, ["-m", "stackwatch", name], env, log) as child:
        await_answer(child, f"http://127.0.0.1:{port}/readyz", log)
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
        assert "process_resident_memory_bytes" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
        child.terminate()
        assert child.wait(GRACE_S) == 0, log.read_text()


@pytest.mark.parametrize("place", ["/var/tmp/trial", "/mnt/image/trial", "/root/trial"])
def test_the_confinement_is_one(image: Path, place: str, tmp_path: Path) -> None:
    write = f"import os; assert os.getuid() or not os.access('/', os.W_OK); open({place!r}, 'w')"
    with confined(image, ["-c", write], {"PATH": os.environ["PATH"]}, tmp_path / "log") as child:
        assert child.wait(GRACE_S) == 1
    assert "OSError: [Errno 30]" in (tmp_path / "log").read_text()


def settings_of_the_image() -> dict[str, str]:
    """What the final stage's ENV sets."""
    pairs = next(argument for keyword, argument in instructions("final") if keyword == "ENV").split()
    return dict(pair.split("=", 1) for pair in pairs)


def await_answer(child: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    """Wait until a question is answered with yes."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        try:
            reply = httpx.get(url, timeout=5)
            if reply.status_code == 200:
                return
            answer = reply.text
        except httpx.TransportError as error:
            answer = repr(error)
        assert child.poll() is None, log.read_text()
        assert time.monotonic() < deadline, f"{answer}: {log.read_text()}"
        time.sleep(0.1)
