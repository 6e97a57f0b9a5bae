"""The broker's files of the manifests, on a real Mosquitto: the platform's processes may do what they need, no more.

What loggers may do stands in ``tests/security``.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from deploy.engines.mosquitto import client
from ingest.devices.broker_rights import PLATFORM, devices_of, mosquitto_acl
from ingest.devices.store import DeviceStore
from rulebook.loader import SHIPPED
from rulebook.register import load_register
from tests.deploy.overlays import K8S, one, ours
from tests.security.broker import PLAIN, TLS, mosquitto_of_the_manifests

MN = "010000A8900016F000169DC0"
LOGINS = {"gateway": "g-word", "relay": "r-word", "alerts": "a-word"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the broker is, as its clients are told, and the passwords of all logins."""

    where: tuple[str, ...]
    passwords: dict[str, str]


@pytest.fixture(scope="module", params=[pytest.param(PLAIN, id="plain"), pytest.param(TLS, id="TLS")])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Mosquitto with the manifests' files; clients come in by the platform's listener."""
    place = tmp_path_factory.mktemp("mosquitto")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(place / "ca.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(place / "tls.crt")
    issued.private_key_pem.write_to_path(place / "tls.key")
    store = DeviceStore(place / "devices")
    now = datetime.now(UTC)
    store.create_authority(name="test", now=now)
    (given,) = store.give_passwords([MN], now=now)
    store.publish(devices_of(load_register(SHIPPED / "registers" / "example")), now=now)
    tls = None if request.param == PLAIN else (place / "tls.crt", place / "tls.key")
    with mosquitto_of_the_manifests(
        place / "broker", logins=LOGINS, devices=store.for_mosquitto, listeners=request.param, tls=tls
    ) as running:
        port = running.ports[1884 if tls is None else 8885]
        trust = () if tls is None else ("--cafile", str(place / "ca.pem"))
        yield Place(("-h", "127.0.0.1", "-p", str(port), *trust), LOGINS | {MN: given.password})


def listen(broker: Place, login: str, topic: str, *until: str) -> str:
    """What a subscriber hears, whose session the broker keeps between two calls."""
    options = [*broker.where, "-u", login, "-P", broker.passwords[login], "-i", login, "-c", "-q", "1"]
    command = [*client("mosquitto_sub"), *options, "-t", topic, *until]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def send(broker: Place, login: str, topic: str) -> str:
    """What the broker says to one message with QoS 1 under MQTT 5, in which it says why it refuses."""
    options = [*broker.where, "-u", login, "-P", broker.passwords[login], "-q", "1", "-V", "5", "-d"]
    command = [*client("mosquitto_pub"), *options, "-t", topic, "-m", "frame"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("login", "topic"),
    [
        pytest.param("relay", f"hj212/{MN}/up", id="the relay sends for a logger"),
        pytest.param("gateway", f"hj212/{MN}/down", id="the gateway answers a logger"),
        pytest.param("alerts", "alerts/371502", id="alerts tells a county"),
    ],
)
def test_the_broker_takes(broker: Place, login: str, topic: str) -> None:
    assert "Not authorized" not in send(broker, login, topic)


@pytest.mark.parametrize(
    ("login", "topic"),
    [
        pytest.param("gateway", f"hj212/{MN}/up", id="the gateway sends as a logger"),
        pytest.param("relay", f"hj212/{MN}/down", id="the relay answers a logger"),
        pytest.param("alerts", f"hj212/{MN}/down", id="alerts commands a logger"),
        pytest.param("relay", "alerts/371502", id="the relay raises an alert"),
    ],
)
def test_the_broker_refuses(broker: Place, login: str, topic: str) -> None:
    assert "Not authorized" in send(broker, login, topic)


def test_a_frame_reaches_the_gateway_and_an_answer_the_relay(broker: Place) -> None:
    for login, topic in (("gateway", "hj212/+/up"), ("relay", f"hj212/{MN}/down"), ("alerts", "#")):
        listen(broker, login, topic, "-E")
    send(broker, MN, f"hj212/{MN}/up")
    send(broker, "gateway", f"hj212/{MN}/down")
    assert listen(broker, "gateway", "hj212/+/up", "-C", "1", "-W", "10") == "frame\n"
    assert listen(broker, "relay", f"hj212/{MN}/down", "-C", "1", "-W", "10") == "frame\n"
    # What waited for it would come at once.
    assert listen(broker, "alerts", "#", "-C", "1", "-W", "1") == ""


def test_the_platforms_rights_are_those_of_the_table() -> None:
    text = (K8S / "components" / "mosquitto" / "acl").read_text()
    assert text.partition("\n")[2] == mosquitto_acl(PLATFORM)
    assert {login.name for login in PLATFORM} == {
        name
        for name, template, _ in ours("city")
        if template["metadata"]["labels"].get("stackwatch.io/mqtt") == "client"
    }


@pytest.mark.parametrize(
    ("overlay", "files"), [pytest.param("demo", PLAIN, id="demo"), pytest.param("city", TLS, id="city")]
)
def test_the_manifests_mount_the_files_that_were_tried(overlay: str, files: tuple[str, ...]) -> None:
    pod = one(overlay, "StatefulSet", "mosquitto")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    places = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    maps = {
        places[volume["name"]]: one(overlay, "ConfigMap", volume["configMap"]["name"])["data"]
        for volume in pod["volumes"]
        if "configMap" in volume
    }
    components = K8S / "components"
    assert maps["/mosquitto/listeners"] == {Path(file).name: (components / file).read_text() for file in files}
    assert maps["/mosquitto/config"] == {
        name: (components / "mosquitto" / name).read_text() for name in ("mosquitto.conf", "acl", "serve")
    }
    assert places.keys() >= {"secret", "devices", "logins", "data"}
    assert container["command"] == ["sh", "/mosquitto/config/serve"]
    inside = {int(line.split()[1]) for file in files for line in (components / file).read_text().splitlines()
              if line.startswith("listener ")}  # fmt: skip
    assert inside == {port["containerPort"] for port in container["ports"]}
