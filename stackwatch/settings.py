"""Where things are: the environment, read once by the process that starts. Rules are data and never come from here."""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.kafka_address import MECHANISMS
from ingest.pacing import Pace
from rulebook.loader import SHIPPED
from stackwatch.clock import ClockTextError, parse_clock
from stackwatch.errors import UserError

PREFIX = "STACKWATCH_"

MQTT_SCHEMES = ("mqtt://", "mqtts://")
SERIES_SCHEMES = ("influxdb://", "influxdbs://", "sqlite:///")


def _bootstrap(text: str) -> str:
    for server in text.split(","):
        host, colon, port = server.strip().rpartition(":")
        if not (host and colon and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError(f"{shown(server.strip())!r} is not host:port")
        if "@" in host:
            raise ValueError("a login goes into STACKWATCH_KAFKA_USERNAME and STACKWATCH_KAFKA_PASSWORD_FILE")
    return text


def _networks(text: str) -> str:
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            ip_network(part)
        except ValueError as error:
            raise ValueError(f"{part!r} is no address and no network such as 10.0.0.0/8") from error
    return text


def _mqtt(text: str) -> str:
    if not text.startswith(MQTT_SCHEMES):
        raise ValueError(f"an address starts with {' or '.join(MQTT_SCHEMES)}")
    return text


def _series(text: str) -> str:
    if not text.startswith(SERIES_SCHEMES):
        raise ValueError(f"an address starts with {', '.join(SERIES_SCHEMES)}")
    return text


def _database(text: str) -> str:
    if "://" not in text:
        raise ValueError("a database is an SQLAlchemy URL such as sqlite:///data/alerts.sqlite")
    return text


def _clock(text: str) -> str:
    try:
        parse_clock(text)
    except ClockTextError as error:
        raise ValueError(str(error)) from error
    return text


def _web_address(text: str) -> str:
    if text and not text.startswith(("https://", "http://")):
        raise ValueError("an address starts with https:// or http://")
    return text


class Settings(BaseSettings):
    """The environment of every process; each field is the variable ``STACKWATCH_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, populate_by_name=True)

    kafka: Annotated[str, AfterValidator(_bootstrap)] = Field(
        "127.0.0.1:9092", description="Kafka bootstrap servers, host:port separated by commas"
    )
    kafka_protocol: str = Field(
        "PLAINTEXT",
        pattern="^(PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL)$",
        description="PLAINTEXT, SSL (TLS), SASL_PLAINTEXT (login) or SASL_SSL (login and TLS)",
    )
    kafka_mechanism: str = Field(
        MECHANISMS[0], pattern=f"^({'|'.join(MECHANISMS)})$", description=f"Login to Kafka by {', '.join(MECHANISMS)}"
    )
    kafka_username: str = Field("", description="Kafka user, for SASL_PLAINTEXT and SASL_SSL")
    kafka_password_file: Path | None = Field(None, description="File that holds the Kafka password")
    kafka_ca_file: Path | None = Field(None, description="Certificates that Kafka is trusted by; empty = the system's")
    kafka_certificate_file: Path | None = Field(None, description="Certificate (PEM) that we show to Kafka")
    kafka_key_file: Path | None = Field(None, description="Its key (PEM)")
    kafka_replication: int = Field(1, ge=1, le=7, description="Replication factor of topics that are created")
    kafka_idempotence: bool = Field(
        True,
        description="false for a broker that gives out no producer ids (the embedded one)",
    )
    kafka_session_s: float = Field(
        30.0, ge=6, le=300, description="A worker not heard of for so long has lost its partitions, in seconds"
    )
    mqtt: Annotated[str, AfterValidator(_mqtt)] = Field(
        "mqtt://127.0.0.1:1883", description="MQTT broker; mqtts:// for TLS, ?protocol=5 for MQTT 5 (else 3.1.1)"
    )
    mqtt_username: str = Field("", description="MQTT user; empty = anonymous")
    mqtt_password_file: Path | None = Field(None, description="File that holds the MQTT password")
    mqtt_ca_file: Path | None = Field(None, description="Certificates that mqtts:// trusts; empty = the system's")
    mqtt_certificate_file: Path | None = Field(None, description="Certificate (PEM) that we show to the MQTT broker")
    mqtt_key_file: Path | None = Field(None, description="Its key (PEM)")
    series: Annotated[str, AfterValidator(_series)] = Field(
        "sqlite:///data/series.sqlite",
        description="Series store: influxdb://host:port/org/bucket (influxdbs:// for TLS) or sqlite:///path",
    )
    series_ca_file: Path | None = Field(None, description="Certificates that influxdbs:// trusts; empty = the system's")
    series_token_file: Path | None = Field(None, description="File that holds the InfluxDB token")
    database: Annotated[str, AfterValidator(_database)] = Field(
        "sqlite:///data/alerts.sqlite",
        description="Database of alerts and cases, an SQLAlchemy URL; TLS: ?sslmode=verify-full&sslrootcert=FILE",
    )
    database_password_file: Path | None = Field(None, description="File that holds the database password")
    register_dir: Path | None = Field(
        None, validation_alias=f"{PREFIX}REGISTER", description="Folder of the register's CSV files; empty = shipped"
    )
    rulebook_dir: Path | None = Field(
        None, validation_alias=f"{PREFIX}RULEBOOK", description="Folder of the rulebook's YAML files; empty = shipped"
    )
    clock: Annotated[str, AfterValidator(_clock)] = Field(
        "", description="Empty = the real clock; 2026-11-01T00:00:00+08:00@600 = accelerated; held:///path = moved"
    )
    devices: Path = Field(Path("data/devices"), description="Folder of the loggers' credentials (stackwatch device)")
    devices_key_password_file: Path | None = Field(
        None, description="File that holds the password of the device authority's key"
    )
    gateway: str = Field("gw1", min_length=1, max_length=64, description="Name of this gateway; its MQTT client id")
    gateway_rate: float = Field(
        Pace().per_s, ge=0, description="Messages a second that one logger may send on and on; 0 = no limit"
    )
    gateway_burst: float = Field(
        Pace().burst, ge=1, description="Messages that a logger may send at once, for instance when it comes back"
    )
    health_host: str = Field("127.0.0.1", description="Address that /healthz, /readyz and /metrics listen on")
    health_port: int = Field(0, ge=0, le=65535, description="Port of /healthz, /readyz and /metrics; 0 = none")
    web_host: str = Field("127.0.0.1", description="Address that the pages and the API listen on")
    web_port: int = Field(8080, ge=0, le=65535, description="Port of the pages and the API; 0 = any free one")
    web_certificate_file: Path | None = Field(None, description="Certificate (PEM) of the pages; empty = plain HTTP")
    web_key_file: Path | None = Field(None, description="Its key (PEM)")
    web_trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        "", description="Addresses or networks of reverse proxies whose X-Forwarded-For and -Proto are believed"
    )
    web_address: Annotated[str, AfterValidator(_web_address)] = Field(
        "", description="Address that people open, such as https://stackwatch.example.cn; https:// = only over TLS"
    )
    web_questions_per_minute: int = Field(
        1200, ge=1, le=1_000_000, description="Requests to the API that one person or token may make in a minute"
    )
    web_token_file: Path | None = Field(None, description="File with the API token that simulate enters marks with")
    session_secret_file: Path | None = Field(
        None, description="File with the secret that signs sessions, the same for all web processes; web needs it"
    )
    session_hours: float = Field(12, gt=0, le=24 * 30, description="How long a log-in lasts, in hours")
    oidc_issuer: str = Field("", description="Address of the identity provider (OpenID Connect); empty = none")
    oidc_client_id: str = Field("", description="Our name at the identity provider")
    oidc_client_secret_file: Path | None = Field(None, description="File with our secret at the identity provider")
    oidc_login_claim: str = Field(
        "preferred_username", min_length=1, description="Claim of the identity provider that names the account here"
    )
    shown_logins_file: Path | None = Field(
        None, description="Demo only: file of ready accounts, shown with their passwords on the log-in page"
    )
    relay_host: str = Field("127.0.0.1", description="Address that HJ 212 over TCP listens on")
    relay_port: int = Field(9212, ge=0, le=65535, description="Port of HJ 212 over TCP; 0 = any free one")
    webhook_url_file: Path | None = Field(None, description="File with the webhook's address (Apprise); empty = none")
    webhook_secret_file: Path | None = Field(None, description="File with the secret that signs what the webhook gets")
    webhook_networks: str = Field(
        "", description="Networks not public that webhooks may lead to, 10.20.0.0/16 and so on, separated by commas"
    )
    attachments: Path | None = Field(None, description="Folder for attached files; empty = the database keeps them")
    patience_s: float = Field(
        10.0, ge=0, le=3600, description="How long a process waits for its brokers before it begins, in seconds"
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error")
    log_format: str = Field(
        "text", pattern="^(text|json)$", description="text for people, json for a collector of logs"
    )

    @property
    def register_folder(self) -> Path:
        """The register's folder; without one the shipped city."""
        return self.register_dir or SHIPPED / "registers" / "liaocheng"

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Fields for people: no password is ever among them."""
        return ((name, shown(value)) for name, value in super().__repr_args__())

    @property
    def kafka_password(self) -> SecretStr | None:
        """The Kafka password, None without a file."""
        return read_secret("kafka_password_file", self.kafka_password_file)

    @property
    def mqtt_password(self) -> SecretStr | None:
        """The MQTT password, None without a file."""
        return read_secret("mqtt_password_file", self.mqtt_password_file)

    @property
    def series_token(self) -> SecretStr | None:
        """The series store's token, None without a file."""
        return read_secret("series_token_file", self.series_token_file)

    @property
    def database_password(self) -> SecretStr | None:
        """The database's password, None without a file."""
        return read_secret("database_password_file", self.database_password_file)

    @property
    def webhook_url(self) -> SecretStr | None:
        """The webhook's address (it often holds a token), None without a file."""
        return read_secret("webhook_url_file", self.webhook_url_file)

    @property
    def webhook_secret(self) -> SecretStr | None:
        """What signs the webhook's notices, None without a file."""
        return read_secret("webhook_secret_file", self.webhook_secret_file)


def read_settings(**overrides: Any) -> Settings:
    """The settings of this process; ``overrides`` are fields that the command line gave.

    Empty variables count as not set.

    Raises:
        UserError: a value that cannot be, with the variable's name.
    """
    try:
        return Settings(_env_ignore_empty=True, **overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = variable(str(first["loc"][0]))
        reason = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{name}={shown(first['input'])!r}: {reason}") from None


def read_secret(field: str, path: Path | None) -> SecretStr | None:
    """The content of a secret's file without the line's end; None without a file.

    Raises:
        UserError: the file cannot be read, or is empty.
    """
    if path is None:
        return None
    try:
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UserError(f"{variable(field)}={str(path)!r}: {reason}") from error
    if not secret:
        raise UserError(f"{variable(field)}={str(path)!r}: the file is empty")
    return SecretStr(secret)


def variable(field: str) -> str:
    """Name of the environment variable of a field."""
    alias = Settings.model_fields[field].validation_alias if field in Settings.model_fields else field
    if isinstance(alias, str) and alias.startswith(PREFIX):
        return alias
    return PREFIX + field.upper()


def list_settings(settings: Settings) -> Iterator[tuple[str, str, str, str]]:
    """(variable, value now, default, meaning) of all settings. No secret is ever in it."""
    for field, info in Settings.model_fields.items():
        value = getattr(settings, field)
        yield variable(field), shown(value), shown(info.default), info.description or ""


def shown(value: object) -> str:
    """A value for people: an address loses its password, also one that is none."""
    text = "" if value is None else str(value)
    text = _SECRET_OPTION.sub(r"\1***", text)
    start, mark, rest = text.partition("://")
    scheme, rest = (f"{start}://", rest) if mark else ("", text)
    userinfo, at, place = rest.rpartition("@")
    # The clock has an @ as well, but a moment before it.
    if not at or ":" not in userinfo or _MOMENT.match(text):
        return text
    return f"{scheme}{userinfo.split(':', 1)[0]}:***@{place}"


_SECRET_OPTION = re.compile(r"([?&;](?:password|passwd|pwd|token|secret|sslpassword)=)[^&;]*", re.IGNORECASE)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T")
