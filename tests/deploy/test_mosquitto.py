"""The broker's files of the manifests, on a real Mosquitto: who logs in may do what the platform needs, and no more."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from deploy.engines.mosquitto import client, server
from deploy.engines.process import free_port, is_root, listens, running
from tests.deploy.overlays import K8S, one

COMPONENTS = K8S / "components"
MN, OTHER = "010000A8900016F000169DC0", "010000A8900016F000169DC1"
LOGINS = {"gateway": "g-word", "relay": "r-word", "alerts": "a-word", MN: "m-word", OTHER: "o-word"}


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, as its clients are told."""

    where: tuple[str, ...]


@pytest.fixture(
    scope="module",
    params=[pytest.param("mosquitto", id="plain"), pytest.param("mosquitto-tls", id="TLS")],
)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Mosquitto with the manifests' files, and the passwords that the init container makes."""
    place = tmp_path_factory.mktemp("mosquitto")
    secret, logins, tls = (place / name for name in ("secret", "logins", "tls"))
    for folder in (secret, logins, tls, place / "data", place / "config" / "listeners"):
        folder.mkdir(parents=True)
    for login, password in LOGINS.items():
        (secret / login).write_text(password)
    at = free_port()

    def here(text: str) -> str:
        text = text.replace("/mosquitto/", f"{place}/")
        return re.sub(r"^listener \d+$", f"listener {at} 127.0.0.1", text, flags=re.MULTILINE)

    config = place / "config" / "mosquitto.conf"
    config.write_text(here((COMPONENTS / "mosquitto" / "mosquitto.conf").read_text()))
    (place / "config" / "acl").write_text((COMPONENTS / "mosquitto" / "acl").read_text())
    listener = here((COMPONENTS / request.param / "listener.conf").read_text())
    (place / "config" / "listeners" / "listener.conf").write_text(listener)
    shell, flags, script = one("demo", "StatefulSet", "mosquitto")["spec"]["template"]["spec"]["initContainers"][0][
        "command"
    ]
    hashing = shlex.join(client("mosquitto_passwd"))
    subprocess.run([shell, flags, here(script).replace("mosquitto_passwd", hashing)], check=True)
    assert not any(word in (logins / "passwords").read_text() for word in LOGINS.values())
    subject = ["-subj", "/CN=mosquitto", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(tls / "tls.key"), "-out", str(tls / "tls.crt")]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *files, *subject]
    subprocess.run(make, check=True, capture_output=True)
    if is_root():
        # Started by root it would become another user, who may not read the folder.
        config.write_text(f"user root\n{config.read_text()}")
    trust = ("--cafile", str(tls / "tls.crt")) if request.param == "mosquitto-tls" else ()
    with running("mosquitto", [*server(), "-c", str(config)], log=place / "log", ready=partial(listens, at)):
        yield Broker(("-h", "127.0.0.1", "-p", str(at), *trust))


def listen(broker: Broker, login: str, topic: str, *until: str) -> str:
    """What a subscriber hears, whose session the broker keeps between two calls."""
    options = [*broker.where, "-u", login, "-P", LOGINS[login], "-i", login, "-c", "-q", "1"]
    command = [*client("mosquitto_sub"), *options, "-t", topic, *until]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def send(broker: Broker, login: str, topic: str, *, password: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Publish one message with QoS 1 under MQTT 5, in which the broker says why it refuses."""
    options = [
        *broker.where,
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
def test_the_broker_takes(broker: Broker, login: str, topic: str) -> None:
    sent = send(broker, login, topic)
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
def test_the_broker_refuses(broker: Broker, login: str, topic: str) -> None:
    sent = send(broker, login, topic)
    assert "Not authorized" in sent.stdout + sent.stderr


@pytest.mark.parametrize(
    ("login", "password"),
    [
        pytest.param(MN, "wrong", id="a wrong password"),
        pytest.param("nobody", "m-word", id="an unknown login"),
    ],
)
def test_nobody_comes_in_with(broker: Broker, login: str, password: str) -> None:
    sent = send(broker, login, f"hj212/{MN}/up", password=password)
    assert sent.returncode != 0
    assert "not authori" in (sent.stdout + sent.stderr).lower()


def test_a_frame_reaches_the_gateway_and_not_another_logger(broker: Broker) -> None:
    for login, topic in (("gateway", "hj212/+/up"), (OTHER, f"hj212/{MN}/up"), (OTHER, "#")):
        listen(broker, login, topic, "-E")
    assert send(broker, MN, f"hj212/{MN}/up").returncode == 0
    assert listen(broker, "gateway", "hj212/+/up", "-C", "1", "-W", "10") == "frame\n"
    # What waited for it would come at once.
    assert listen(broker, OTHER, "#", "-C", "1", "-W", "2") == ""
