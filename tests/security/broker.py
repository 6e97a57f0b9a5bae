"""A real Mosquitto run by the manifests' own files, and loggers that do as they like."""

import re
import shlex
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from deploy.engines.mosquitto import client, server
from deploy.engines.process import Child, is_root, listens, running
from stackwatch.embedded.ports import free_port
from tests.deploy.overlays import K8S

COMPONENTS = K8S / "components"
WITHIN_S = 20


@dataclass(frozen=True, slots=True)
class Broker:
    """The broker: its ports by what the manifests call them, and its folder."""

    home: Path
    ports: Mapping[int, int]
    process: Child

    def log(self) -> str:
        return self.process.log.read_text(errors="replace")


PLAIN = ("mosquitto/listener.conf",)
TLS = ("mosquitto-tls/listener.conf", "mosquitto-certificates/certificates.conf")
"""Files of listeners that a choice of components comes to."""


@contextmanager
def mosquitto_of_the_manifests(
    home: Path,
    *,
    logins: Mapping[str, str],
    devices: Path,
    listeners: Sequence[str] = TLS,
    tls: tuple[Path, Path] | None = None,
) -> Iterator[Broker]:
    """Mosquitto as in a cluster; ``devices`` is what ``stackwatch device`` writes, ``tls`` certificate and key."""
    for folder in ("secret", "logins", "data", "config", "listeners", "tls", "bin"):
        (home / folder).mkdir(parents=True)
    (home / "devices").symlink_to(devices)
    for login, password in logins.items():
        (home / "secret" / login).write_text(password)
    for name, file in zip(("tls.crt", "tls.key"), tls or (), strict=bool(tls)):
        (home / "tls" / name).write_bytes(file.read_bytes())
    ports: dict[int, int] = {}

    def here(text: str) -> str:
        def port(match: re.Match[str]) -> str:
            ports[int(match[1])] = free_port()
            return f"listener {ports[int(match[1])]} 127.0.0.1"

        return re.sub(r"^listener (\d+)$", port, text.replace("/mosquitto/", f"{home}/"), flags=re.MULTILINE)

    config = here((COMPONENTS / "mosquitto" / "mosquitto.conf").read_text())
    # Started by root it would become another user, who may not read the folder.
    (home / "config" / "mosquitto.conf").write_text(f"user root\n{config}" if is_root() else config)
    (home / "config" / "acl").write_text((COMPONENTS / "mosquitto" / "acl").read_text())
    for file in listeners:
        (home / "listeners" / Path(file).name).write_text(here((COMPONENTS / file).read_text()))
    for name, command in (("mosquitto", server()), ("mosquitto_passwd", client("mosquitto_passwd"))):
        script = home / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        script.chmod(0o755)
    environment = [f"MOSQUITTO_HOME={home}", "LOOK_S=0.2"]
    command = ["sh", "-c", f'PATH={home}/bin:$PATH exec "$@"', "sh", "env", *environment]
    with running(
        "mosquitto",
        [*command, str(COMPONENTS / "mosquitto" / "serve")],
        log=home / "log",
        ready=partial(listens, max(ports.items())[1]),
    ) as child:
        yield Broker(home, ports, child)


class Logger:
    """A client on a plain MQTT library; MQTT 5, in which the broker says why it refuses."""

    def __init__(
        self,
        port: int,
        *,
        client_id: str,
        username: str = "",
        password: str = "",
        trust: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.answers: dict[int, str] = {}
        """Word of the broker on what was published, by number."""
        self.connack: str | None = None
        self.gone = threading.Event()
        self._granted: list[str] = []
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        if username:
            self._client.username_pw_set(username, password or None)
        if trust is not None:
            self._client.tls_set_context(trust)
        self._client.max_inflight_messages_set(1000)
        self._client.on_connect = self._connected
        self._client.on_message = lambda _c, _d, message: self.received.append((message.topic, message.payload))
        self._client.on_publish = lambda _c, _d, mid, reason, _p: self.answers.__setitem__(mid, str(reason))
        self._client.on_subscribe = lambda _c, _d, _m, reasons, _p: self._granted.extend(map(str, reasons))
        self._client.on_disconnect = lambda *_: self.gone.set()
        self._client.connect(host, port)
        self._client.loop_start()
        wait_for(lambda: self.connack is not None or self.gone.is_set(), "the broker's word")

    def _connected(self, _client: object, _data: object, _flags: object, reason: Any, _more: object) -> None:
        self.connack = str(reason)

    @property
    def inside(self) -> bool:
        return self.connack == "Success" and not self.gone.is_set()

    def subscribe(self, topic: str) -> str:
        """The broker's word on a subscription."""
        self._granted.clear()
        self._client.subscribe(topic, qos=1)
        return wait_for(lambda: self._granted, "the word on a subscription")[0]

    def publish(self, topic: str, payload: bytes) -> str:
        """The broker's word on a message; ``gone`` when it ended the connection instead."""
        mid = self.send(topic, payload)
        wait_for(lambda: mid in self.answers or self.gone.is_set(), "the word on a message")
        return self.answers.get(mid, "gone")

    def send(self, topic: str, payload: bytes) -> int:
        """Publish without waiting; the number under which the answer comes."""
        sent = self._client.publish(topic, payload, qos=1)
        assert sent.rc in {MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN}
        return sent.mid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def wait_for(condition, what="it", deadline_s=WITHIN_S):
    """The condition's value once it is true; fails when that takes too long."""
    deadline = time.monotonic() + deadline_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come within {deadline_s} s"
        time.sleep(0.02)
    return value
