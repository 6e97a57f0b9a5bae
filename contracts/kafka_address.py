"""Where Kafka is and what it takes to be let in: one value for every client that is made."""

import ssl
from dataclasses import dataclass, field
from typing import Any

MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
"""How a password is proved. SCRAM never sends it; PLAIN does, and is for TLS only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaAddress:
    """Kafka's servers, and the login where they want one. Its text is the servers alone."""

    servers: str
    """``host:port``, separated by commas."""
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    """What is trusted, and the client's own certificate if it has one; None: no TLS."""
    username: str = ""
    """Empty: no login by name."""
    password: str = field(default="", repr=False)
    mechanism: str = MECHANISMS[0]

    def __str__(self) -> str:
        return self.servers

    @property
    def protocol(self) -> str:
        """Kafka's own name for the way in: with or without login and TLS."""
        return ("SASL_" if self.username else "") + ("PLAINTEXT" if self.tls is None else "SSL")


def client_options(kafka: str | KafkaAddress) -> dict[str, Any]:
    """What an aiokafka client is given to get in.

    Args:
        kafka: The address; servers alone are taken for a broker that asks for nothing.
    """
    if isinstance(kafka, str):
        return {"bootstrap_servers": kafka}
    options: dict[str, Any] = {
        "bootstrap_servers": kafka.servers,
        "security_protocol": kafka.protocol,
        "ssl_context": kafka.tls,
    }
    if kafka.username:
        options |= {
            "sasl_mechanism": kafka.mechanism,
            "sasl_plain_username": kafka.username,
            "sasl_plain_password": kafka.password,
        }
    return options
