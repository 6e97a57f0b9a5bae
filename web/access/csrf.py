"""Writes by a browser are taken only from our own pages: same origin, and the token that the page was given."""

import secrets
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.types import Message, Receive

FIELD = "csrf_token"
HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_FORM = 64 * 1024

Session = MutableMapping[str, Any]


def token_of(session: Session) -> str:
    """The token of this session, made at the first question."""
    if FIELD not in session:
        session[FIELD] = secrets.token_urlsafe(24)
    return str(session[FIELD])


def from_elsewhere(headers: Headers, *, own: frozenset[str]) -> bool:
    """Whether a browser says that another site sends this; ``own``: hosts under which people know us."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() not in own | {headers.get("host", "").lower()}


async def form_fields(receive: Receive) -> tuple[dict[str, list[str]] | None, Receive]:
    """The fields of a plain form, and a ``receive`` that gives the same body again; None: it is too long."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None, receive
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LONGEST_FORM:
            return None, receive
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        return parse_qs(body.decode(), keep_blank_values=True), again
    except (UnicodeDecodeError, ValueError):
        return None, again


def same(given: str | None, session: Session) -> bool:
    """Whether a token is the session's."""
    kept = session.get(FIELD)
    return bool(given) and isinstance(kept, str) and secrets.compare_digest(str(given).encode(), kept.encode())
