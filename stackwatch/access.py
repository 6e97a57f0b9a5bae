"""How people are known to the pages of this process: what the settings say about log-in, put together."""

import json
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from emissions.register import Register
from stackwatch.errors import UserError
from stackwatch.settings import Settings, read_secret, variable
from web.access.configured import SHORTEST_SECRET, Access, Provider, ShownLogin
from web.access.desk import SESSION_LASTS, PeopleDesk
from web.access.limiting import Limits


def access_of(given: Settings, engine: Engine, register: Register) -> Access:
    """What the pages need to let people in.

    Raises:
        UserError: the secret that signs sessions is missing or too short, or the identity provider is half described.
    """
    return Access(
        desk=desk_of(engine, register, session_lasts=timedelta(hours=given.session_hours)),
        secret=session_secret(given),
        https=given.web_certificate_file is not None or given.web_address.startswith("https://"),
        address=given.web_address.rstrip("/"),
        limits=Limits(questions=f"{given.web_questions_per_minute}/minute"),
        provider=_provider(given),
        shown_logins=_shown(given),
    )


def session_secret(given: Settings) -> str:
    """What signs sessions.

    Raises:
        UserError: it is missing or too short.
    """
    secret = read_secret("session_secret_file", given.session_secret_file)
    if secret is None or len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise UserError(
            f"{variable('session_secret_file')}: expected a file with at least {SHORTEST_SECRET} random characters, "
            "the same for every web process (openssl rand -hex 32 > FILE)"
        )
    return secret.get_secret_value()


def desk_of(engine: Engine, register: Register, *, session_lasts: timedelta = SESSION_LASTS) -> PeopleDesk:
    """The desk of accounts; roles are held for counties of this register."""
    counties = frozenset(code for code, division in register.divisions.items() if division.parent)
    return PeopleDesk(engine, counties=counties, session_lasts=session_lasts)


def _provider(given: Settings) -> Provider | None:
    secret = read_secret("oidc_client_secret_file", given.oidc_client_secret_file)
    said = (given.oidc_issuer, given.oidc_client_id, secret)
    if not any(said):
        return None
    if not given.oidc_issuer or not given.oidc_client_id or secret is None:
        needed = ", ".join(map(variable, ("oidc_issuer", "oidc_client_id", "oidc_client_secret_file")))
        raise UserError(f"log-in by the identity provider needs all of {needed}")
    return Provider(
        issuer=given.oidc_issuer.rstrip("/"),
        client_id=given.oidc_client_id,
        client_secret=secret.get_secret_value(),
        login_claim=given.oidc_login_claim,
    )


def _shown(given: Settings) -> tuple[ShownLogin, ...]:
    """The demo's ready accounts. They are shown with their passwords, so a real clock does not go with them."""
    path = given.shown_logins_file
    if path is None:
        return ()
    if not given.clock:
        raise UserError(f"{variable('shown_logins_file')}: only for a demo with its own STACKWATCH_CLOCK")
    return read_shown(path)


def read_shown(path: Path) -> tuple[ShownLogin, ...]:
    """The ready accounts in a file.

    Raises:
        UserError: the file cannot be read, or is none.
    """
    try:
        return tuple(ShownLogin(**one) for one in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{variable('shown_logins_file')}={str(path)!r}: {error}") from error
