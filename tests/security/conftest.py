"""Engines that are guarded as in production: TLS, logins, rights, and one authority that all of them trust."""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from contracts.rights import RIGHTS
from deploy.engines import KafkaEngine, KafkaGuard, kafka
from deploy.kafka.rights import grant
from ingest.devices.broker_rights import Login, devices_of
from ingest.devices.store import DeviceStore
from rulebook.loader import SHIPPED
from rulebook.register import load_register
from stackwatch.topics import create_topics
from tests.security.broker import Broker, Logger, mosquitto_of_the_manifests

PASSWORDS = {process: f"{process}-kn0wn-s3cret" for process in RIGHTS} | {"nobody": "nobody-kn0wn-s3cret"}
"""``nobody`` is let in and has no right at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The authority of the servers' certificates, and its files."""

    ca: trustme.CA
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "ca.pem"

    def server(self, name: str, *identities: str) -> tuple[Path, Path]:
        """Files of a certificate and its key."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        issued = self.ca.issue_cert(*identities)
        certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(key))
        return certificate, key


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(ca=trustme.CA(), folder=tmp_path_factory.mktemp("authority"))
    made.ca.cert_pem.write_to_path(str(made.file))
    return made


@pytest.fixture(scope="session")
def guarded_kafka(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaEngine]:
    """A broker with the declared topics, a login for each process, and the rights of the table."""
    certificate, key = authority.server("kafka", "127.0.0.1")
    guard = KafkaGuard(certificate=certificate, key=key, logins=PASSWORDS)
    with kafka(tmp_path_factory.mktemp("kafka"), guard=guard) as engine:
        asyncio.run(create_topics(engine.admin))
        asyncio.run(grant(engine.admin))
        yield engine


@pytest.fixture(scope="session")
def kafka_login(guarded_kafka: KafkaEngine, authority: Authority, tmp_path_factory: pytest.TempPathFactory):
    """What a process of a name is told to get in."""
    folder = tmp_path_factory.mktemp("passwords")

    def env(process: str) -> dict[str, str]:
        file = folder / process
        file.write_text(PASSWORDS[process])
        return {
            "STACKWATCH_KAFKA": guarded_kafka.bootstrap,
            "STACKWATCH_KAFKA_PROTOCOL": "SASL_SSL",
            "STACKWATCH_KAFKA_USERNAME": process,
            "STACKWATCH_KAFKA_PASSWORD_FILE": str(file),
            "STACKWATCH_KAFKA_CA_FILE": str(authority.file),
        }

    return env


MN, OTHER, REVOKED, WITH_CERTIFICATE = (
    "010000A8900016F000169DC0",
    "010000A8900016F000169DC1",
    "010000A8900016F000169DC2",
    "010000A8900016F000169DC3",
)
"""Loggers of the example register."""

LOGINS = {name: f"{name}-mqtt-kn0wn-s3cret" for name in ("gateway", "relay", "alerts")}
REGISTER = SHIPPED / "registers" / "example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The broker, and what was handed out to the loggers."""

    broker: Broker
    store: DeviceStore
    devices: Mapping[str, Login]
    passwords: dict[str, str]
    authority: Authority
    folder: Path

    def certificate(self, login: str, *, now: datetime | None = None, days: int = 30, keep: bool = False) -> Path:
        """A file with a new certificate of a device and its key; the broker does not know of it yet."""
        (given,) = self.store.give_certificates([login], now=now or datetime.now(UTC), days=days, keep=keep)
        file = self.folder / f"{login}-{given.issued.serial}.pem"
        file.write_bytes(given.issued.key + given.issued.certificate)
        return file

    def publish(self) -> None:
        """Bring everything to the broker."""
        self.store.publish(self.devices, now=datetime.now(UTC))

    def trust(self, certificate: Path | None = None) -> ssl.SSLContext:
        """What a logger trusts, and the certificate that it shows."""
        context = ssl.create_default_context(cafile=self.authority.file)
        if certificate is not None:
            context.load_cert_chain(certificate)
        return context

    def log_in(self, mn: str, *, password: str | None = None, client_id: str | None = None) -> Logger:
        """A logger with a password."""
        return Logger(
            self.broker.ports[8883],
            client_id=client_id or mn,
            username=mn,
            password=self.passwords.get(mn, "none") if password is None else password,
            trust=self.trust(),
        )

    def show(self, certificate: Path | None, *, client_id: str = "x") -> Logger:
        """A logger with a certificate."""
        return Logger(self.broker.ports[8884], client_id=client_id, trust=self.trust(certificate))

    def platform(self, login: str) -> dict[str, str]:
        """What a process of the platform is told to get in."""
        file = self.folder / f"{login}.password"
        file.write_text(LOGINS[login])
        return {
            "STACKWATCH_MQTT": f"mqtts://127.0.0.1:{self.broker.ports[8885]}",
            "STACKWATCH_MQTT_USERNAME": login,
            "STACKWATCH_MQTT_PASSWORD_FILE": str(file),
            "STACKWATCH_MQTT_CA_FILE": str(self.authority.file),
        }


@pytest.fixture(scope="session")
def field(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """Loggers with passwords, an authority for certificates, and a broker that knows of all."""
    folder = tmp_path_factory.mktemp("field")
    store = DeviceStore(folder / "devices")
    store.create_authority(name="test", now=datetime.now(UTC))
    devices = devices_of(load_register(REGISTER))
    given = store.give_passwords([MN, OTHER, REVOKED], now=datetime.now(UTC))
    store.publish(devices, now=datetime.now(UTC))
    with mosquitto_of_the_manifests(
        folder / "mosquitto",
        logins=LOGINS,
        tls=authority.server("mosquitto", "127.0.0.1"),
        devices=store.for_mosquitto,
    ) as broker:
        yield Field(
            broker=broker,
            store=store,
            devices=devices,
            passwords={one.login: one.password for one in given},
            authority=authority,
            folder=folder,
        )
