"""A live connection reaches only pages that were made for whoever is connected.

The pages' framework takes the page's random id for proof enough. That id stands in the page, so whoever has been shown
another's page, or a copy of it, could go on listening to it; here the connection must also be of the same person.
"""

import inspect
import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qs

from nicegui import core
from nicegui.client import Client
from socketio.exceptions import ConnectionRefusedError as Refused

log = logging.getLogger(__name__)

Handler = Callable[..., Any]

_ABOUT_A_PAGE = ("handshake", "event", "javascript_response", "ack", "log")


def guard_live_pages() -> None:
    """Put a check before every event of the live connection that names a page. Doing so twice changes nothing."""
    handlers = core.sio.handlers["/"]
    for name in _ABOUT_A_PAGE:
        handlers[name] = _checked(handlers[name])
    handlers["connect"] = _checked_connect(handlers["connect"])


def is_own(page: str | None, environ: dict[str, Any] | None) -> bool:
    """Whether a page, if there is one of this id, was made for the person of a connection."""
    client = Client.instances.get(page or "")
    if client is None:
        return True
    connected = ((environ or {}).get("asgi.scope") or {}).get("state", {}).get("person")
    return connected is not None and getattr(client.request.state, "person", None) == connected


def _checked(handler: Handler) -> Handler:
    if hasattr(handler, "guarded"):
        return handler

    @wraps(handler)
    async def guarded(sid: str, data: Any) -> Any:
        page = data.get("client_id") if isinstance(data, dict) else None
        if not is_own(page if isinstance(page, str) else None, core.sio.get_environ(sid)):
            log.warning("a live connection asked for a page of somebody else")
            return False
        done = handler(sid, data)
        return await done if inspect.isawaitable(done) else done

    guarded.guarded = True  # type: ignore[attr-defined]  # marks that it stands before the handler already
    return guarded


def _checked_connect(handler: Callable[..., Awaitable[None]]) -> Handler:
    if hasattr(handler, "guarded"):
        return handler

    @wraps(handler)
    async def guarded(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        page = parse_qs(environ.get("QUERY_STRING", "")).get("client_id", [None])[0]
        if not is_own(page, environ):
            log.warning("a live connection asked for a page of somebody else")
            raise Refused("Implicit handshake failed")
        await handler(sid, environ, auth)

    guarded.guarded = True  # type: ignore[attr-defined]  # marks that it stands before the handler already
    return guarded
