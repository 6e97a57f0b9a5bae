"""Where an MQTT broker is and how to speak to it, from one address."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_PROTOCOLS = {"3.1.1": 4, "4": 4, "5": 5}


class BadAddress(ValueError):
    """The address names no MQTT broker; says what was wrong, without a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttAddress:
    """One broker."""

    host: str
    port: int
    tls: bool
    protocol: int
    """4 for MQTT 3.1.1, which every broker speaks; 5 for MQTT 5."""
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    """Certificates to trust for TLS; None: the system's."""
    context: ssl.SSLContext | None = field(default=None, repr=False)
    """Whom to trust for TLS, and the certificate to show, where more is to be said than ``ca_file`` can."""

    @property
    def trust(self) -> ssl.SSLContext | None:
        """What a client needs to speak TLS to the broker; None: no TLS."""
        if not self.tls:
            return None
        return self.context or ssl.create_default_context(cafile=self.ca_file)

    @property
    def shown(self) -> str:
        """The address for people, without user and password."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def parse_address(url: str, *, username: str = "", password: str = "", ca_file: Path | None = None) -> MqttAddress:
    """Read ``mqtt://[user:password@]host[:port][?protocol=5]``, or ``mqtts://`` for TLS.

    Args:
        url: The address.
        username: Goes before the one in the address.
        password: Goes before the one in the address.
        ca_file: Certificates to trust for TLS.

    Raises:
        BadAddress: another scheme, no host, an impossible port, an unknown option or protocol.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadAddress(f"the MQTT address: {error}") from error
    shown = f"{parts.scheme}://{parts.hostname or ''}"
    if parts.scheme not in _PORTS:
        raise BadAddress(f"{shown}: an MQTT address starts with mqtt:// or mqtts://")
    if not parts.hostname or parts.path not in {"", "/"}:
        raise BadAddress(f"{shown}: expected {parts.scheme}://host:port")
    options = parse_qs(parts.query, keep_blank_values=True)
    protocol = options.pop("protocol", ["3.1.1"])[-1]
    if options:
        raise BadAddress(f"{shown}: unknown option {min(options)!r}; there is only protocol")
    if protocol not in _PROTOCOLS:
        raise BadAddress(f"{shown}: protocol {protocol!r} is neither 3.1.1 nor 5")
    return MqttAddress(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        protocol=_PROTOCOLS[protocol],
        username=username or unquote(parts.username or ""),
        password=password or unquote(parts.password or ""),
        ca_file=ca_file,
    )
