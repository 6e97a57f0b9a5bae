"""The certificate that an engine shows."""

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTls:
    """Files in PEM; the certificate must be of 127.0.0.1."""

    certificate: Path
    key: Path
    authority: Path
    """Who signed it, for our own first calls."""

    @property
    def trust(self) -> ssl.SSLContext:
        """What a client of the engine trusts."""
        return ssl.create_default_context(cafile=self.authority)
