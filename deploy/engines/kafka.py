"""A real Apache Kafka: one KRaft node on the machine's Java."""

import base64
import socket
import struct
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from deploy.engines.cache import installed, progress, sha256
from deploy.engines.maven import get_jars
from deploy.engines.process import Child, running
from deploy.engines.toolchain import output, program
from stackwatch.embedded.ports import free_port

VERSION = "4.1.2"
POM = Path(__file__).with_name("kafka-pom.xml")
JARS = Path(__file__).with_name("kafka-jars.sha256")
"""Every file of the class path and its SHA-256, as ``sha256sum`` writes them."""

HEAP = "768m"

_report = partial(progress, "kafka")

_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
log.dirs={logs}
# One node cannot keep two copies.
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# A lone consumer need not wait for others to join.
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=4
auto.create.topics.enable=false
"""

_OPEN = """\
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{advertised_port}
"""

_GUARDED = """\
# Clients log in through TLS; whoever administers comes through a listener of its own, which only this machine reaches.
listener.security.protocol.map=CLIENTS:SASL_SSL,ADMIN:PLAINTEXT,CONTROLLER:PLAINTEXT
listeners=CLIENTS://127.0.0.1:{port},ADMIN://127.0.0.1:{admin_port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=CLIENTS://127.0.0.1:{advertised_port},ADMIN://127.0.0.1:{admin_port}
inter.broker.listener.name=ADMIN
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:ANONYMOUS
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaGuard:
    """How a broker is guarded: TLS, logins by SCRAM-SHA-512, and no right that was not given."""

    certificate: Path
    """The broker's certificate, of 127.0.0.1, and those between it and the authority, in PEM."""
    key: Path
    """Its key, in PEM."""
    logins: Mapping[str, str] = field(repr=False)
    """User to password, without commas and brackets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaEngine:
    """A running Kafka broker. Topics must be made; it creates none by itself."""

    bootstrap: str
    """``host:port``, as clients want it."""
    process: Child
    admin: str
    """Where one may do everything without a login; of a broker that is not guarded, where all clients come."""

    @property
    def env(self) -> dict[str, str]:
        """What a process of the platform is told to use this engine."""
        return {"STACKWATCH_KAFKA": self.bootstrap}


def kafka_jars() -> Path:
    """Folder of the class path; the first call gets it with Maven.

    Raises:
        EngineError: Maven is missing or fails, or a file is not the one it should be.
    """
    return installed("kafka", version=VERSION, source=sha256(JARS), make=_make)


@contextmanager
def kafka(
    data_dir: Path, *, port: int | None = None, advertised_port: int | None = None, guard: KafkaGuard | None = None
) -> Iterator[KafkaEngine]:
    """Kafka on a loopback port, ready; the same folder again gives the same topics and messages.

    Args:
        data_dir: Settings, log and data.
        port: Where it listens; None: any free one.
        advertised_port: Where clients are told to come, when something stands between; None: where it listens.
        guard: Who may come in; None: everybody, to do everything. A guarded broker logs each decision about a right.

    Raises:
        EngineError: it cannot be had or does not start.
    """
    java = program("java", package="Java 17 or newer (Debian: default-jre-headless)")
    class_path = f"{kafka_jars()}/*"
    data_dir.mkdir(parents=True, exist_ok=True)
    at = port or free_port()
    settings = data_dir / "server.properties"
    advertised = advertised_port or at
    admin = at if guard is None else free_port()
    ports = {"port": at, "advertised_port": advertised, "admin_port": admin, "controller_port": free_port()}
    text = _SETTINGS.format(**ports, logs=data_dir / "logs")
    if guard is None:
        text += _OPEN.format(**ports)
    else:
        text += _GUARDED.format(**ports, keystore=_keystore(guard, data_dir / "broker.pem"))
    settings.write_text(text)
    if not (data_dir / "logs" / "meta.properties").exists():
        _format(java, class_path, settings, logins={} if guard is None else guard.logins)
    loud = [] if guard is None else ["-Dorg.slf4j.simpleLogger.log.kafka.authorizer.logger=debug"]
    options = [f"-Xmx{HEAP}", "-XX:+ExitOnOutOfMemoryError", *loud]
    command = [java, *options, "-cp", class_path, "kafka.Kafka", str(settings)]
    with running("kafka", command, log=data_dir / "kafka.log", ready=partial(_serves, admin)) as child:
        bootstrap = f"127.0.0.1:{advertised}"
        yield KafkaEngine(
            bootstrap=bootstrap, process=child, admin=bootstrap if guard is None else f"127.0.0.1:{admin}"
        )


def _keystore(guard: KafkaGuard, path: Path) -> Path:
    """Key and certificates in one file; Kafka reads keys only as PKCS #8."""
    key = serialization.load_pem_private_key(guard.key.read_bytes(), password=None)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.touch(mode=0o600)
    path.write_bytes(text + guard.certificate.read_bytes())
    return path


def _format(java: str, class_path: str, settings: Path, *, logins: Mapping[str, str]) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # The tool's own parser takes a leading dash for an option.
    cluster = "0" + cluster[1:] if cluster.startswith("-") else cluster
    storage = [java, "-Xmx256m", "-cp", class_path, "kafka.tools.StorageTool", "format"]
    users = [f"--add-scram=SCRAM-SHA-512=[name={name},password={password}]" for name, password in logins.items()]
    output([*storage, "--standalone", "-t", cluster, "-c", str(settings), *users])


def _serves(port: int) -> bool:
    """Whether the broker answers and counts itself among the cluster's: a Metadata request, version 0."""
    request = struct.pack(">hhihi", 3, 0, 1, -1, 0)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as answer:
                head = answer.read(12)
    except OSError:
        return False
    # Length, correlation id, number of brokers.
    return len(head) == 12 and struct.unpack(">iii", head)[2] > 0


def _make(target: Path) -> None:
    _report(f"getting Apache Kafka {VERSION} (54 MB)")
    get_jars(POM, JARS, target, report=_report)
    _report("there")
