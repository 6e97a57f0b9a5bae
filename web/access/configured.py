"""How people get in here: what the process was told about log-in."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from web.access.desk import PeopleDesk
from web.access.limiting import Limits

SHORTEST_SECRET = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLogin:
    """A ready account of the demo, shown with its password on the log-in page. Never in production."""

    login: str
    password: str = field(repr=False)
    role: str
    county: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The bureau's identity provider (OpenID Connect)."""

    issuer: str
    """Its address; ``/.well-known/openid-configuration`` stands below it."""
    client_id: str
    client_secret: str = field(repr=False)
    login_claim: str = "preferred_username"
    """The claim that holds the name of the account here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Everything that log-in needs."""

    desk: PeopleDesk
    secret: str = field(repr=False)
    """Signs cookies; the same in every process that serves the same people."""
    https: bool = False
    """People come over TLS, here or at a proxy: cookies are sent that way only, and browsers are told to stay there."""
    address: str = ""
    """Where people find the pages, for the identity provider's way back; empty: as the request says."""
    limits: Limits = field(default_factory=Limits)
    provider: Provider | None = None
    shown_logins: Sequence[ShownLogin] = ()

    def __post_init__(self) -> None:
        if len(self.secret) < SHORTEST_SECRET:
            raise ValueError(f"the secret that signs sessions has at least {SHORTEST_SECRET} characters")
