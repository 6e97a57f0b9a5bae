"""The broker's files of the manifests, on a real Mosquitto: who logs in may do what the platform needs, and no more."""

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from deploy.engines.mosquitto import client, server
from deploy.engines.process import free_port, listens, running
from tests.deploy.overlays import K8S, one

FILES = K8S / "components" / "mosquitto"
MN, OTHER = "010000A8900016F000169DC0", "010000A8900016F000169DC1"
LOGINS = {"gateway": "g-word", "relay": "r-word", "alerts": "a-word", MN: "m-word", OTHER: "o-word"}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Mosquitto with the manifests' files, and the passwords that the init container makes."""
    place = tmp_path_factory.mktemp("mosquitto")
    secret, logins, data = (place / name for name in ("secret", "logins", "data"))
    for folder in (secret, logins, data):
        folder.mkdir()
    for login, password in LOGINS.items():
        (secret / login).write_text(password)
    at = free_port()
    moved = {"/mosquitto/": f"{place}/", "listener 1883": f"listener {at} 127.0.0.1"}

    def written(text: str) -> str:
        for before, after in moved.items():
            text = text.replace(before, after)
        return text

    (place / "config" / "listeners").mkdir(parents=True)
    for name, target in (
        ("acl", "acl"),
        ("listener.conf", "listeners/listener.conf"),
        ("mosquitto.conf", "mosquitto.conf"),
    ):
        (place / "config" / target).write_text(written((FILES / name).read_text()))
    broker = one("demo", "StatefulSet", "mosquitto")["spec"]["template"]["spec"]
    shell, flags, script = broker["initContainers"][0]["command"]
    hashing = " ".join(client("mosquitto_passwd"))
    subprocess.run([shell, flags, written(script).replace("mosquitto_passwd", hashing)], check=True)
    assert not any(word in (logins / "passwords").read_text() for word in LOGINS.values())
    config = place / "config" / "mosquitto.conf"
    if Path("/proc/self").owner() == "root":
        config.write_text(f"user root\n{config.read_text()}")
    command = [*server(), "-c", str(config)]
    with running("mosquitto", command, log=place / "log", ready=partial(listens, at)):
        yield at


def listen(port: int, login: str, topic: str, *until: str) -> str:
    """What a subscriber hears, whose session the broker keeps between two calls."""
    options = ["-h", "127.0.0.1", "-p", str(port), "-u", login, "-P", LOGINS[login], "-i", login, "-c", "-q", "1"]
    command = [*client("mosquitto_sub"), *options, "-t", topic, *until]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def send(port: int, login: str, topic: str, *, password: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Publish one message with QoS 1 under MQTT 5, in which the broker says why it refuses."""
    options = [
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-u",
        login,
        "-P",
        password or LOGINS[login],
        "-q",
        "1",
        "-V",
        "5",
        "-d",
    ]
    command = [*client("mosquitto_pub"), *options, "-t", topic, "-m", "frame"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("login", "topic"),
    [
        pytest.param(MN, f"hj212/{MN}/up", id="a logger sends as itself"),
        pytest.param("relay", f"hj212/{MN}/up", id="the relay sends for a logger"),
        pytest.param("gateway", f"hj212/{MN}/down", id="the gateway answers a logger"),
        pytest.param("alerts", "alerts/371502", id="alerts tells a county"),
    ],
)
def test_the_broker_takes(port: int, login: str, topic: str) -> None:
    sent = send(port, login, topic)
    assert sent.returncode == 0
    assert "Not authorized" not in sent.stdout + sent.stderr


@pytest.mark.parametrize(
    ("login", "topic"),
    [
        pytest.param(MN, f"hj212/{OTHER}/up", id="a logger sends as another"),
        pytest.param(MN, f"hj212/{MN}/down", id="a logger answers itself"),
        pytest.param(MN, "alerts/371502", id="a logger raises an alert"),
        pytest.param("gateway", f"hj212/{MN}/up", id="the gateway sends as a logger"),
        pytest.param("alerts", f"hj212/{MN}/down", id="alerts commands a logger"),
    ],
)
def test_the_broker_refuses(port: int, login: str, topic: str) -> None:
    sent = send(port, login, topic)
    assert "Not authorized" in sent.stdout + sent.stderr


@pytest.mark.parametrize(
    ("login", "password"),
    [
        pytest.param(MN, "wrong", id="a wrong password"),
        pytest.param("nobody", "m-word", id="an unknown login"),
    ],
)
def test_nobody_comes_in_with(port: int, login: str, password: str) -> None:
    sent = send(port, login, f"hj212/{MN}/up", password=password)
    assert sent.returncode != 0
    assert "not authori" in (sent.stdout + sent.stderr).lower()


def test_a_frame_reaches_the_gateway_and_not_another_logger(port: int) -> None:
    for login, topic in (("gateway", "hj212/+/up"), (OTHER, f"hj212/{MN}/up"), (OTHER, "#")):
        listen(port, login, topic, "-E")
    assert send(port, MN, f"hj212/{MN}/up").returncode == 0
    assert listen(port, "gateway", "hj212/+/up", "-C", "1", "-W", "10") == "frame\n"
    # What waited for it would come at once.
    assert listen(port, OTHER, "#", "-C", "1", "-W", "2") == ""
