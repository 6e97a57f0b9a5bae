"""The gate in front of everything: nothing but what is listed here is answered to somebody who is not known.

Closed by default, so that a route that somebody adds is closed too. Who asks is found once and put into the request's
state as ``person``; long answers (event streams, the pages' live connection) ask ``standing`` again while they last.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import quote, urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.database import DatabaseUnavailable
from alerts.transition import NotAllowed
from people.person import Person
from web import problems
from web.access import csrf
from web.access.asking import unknown
from web.access.configured import Access
from web.problems import Problem

log = logging.getLogger(__name__)

OPEN = frozenset(
    {
        "/healthz",
        "/readyz",
        "/metrics",
        "/login",
        "/login/provider",
        "/login/provider/back",
        "/favicon.ico",
        "/api/docs",
        "/api/openapi.json",
    }
)
"""Paths that are answered to anybody: none of them shows anything of an outlet, an enterprise or a county."""
OPEN_UNDER = ("/assets/", "/language/")

LIVE_PAGES = "/_nicegui"
"""What the pages' framework serves and connects to. A browser's scripts write there without our token."""
OWN_NOTES = ("/login", "/logout", "/me/", "/people/", LIVE_PAGES)
"""Writes below these stand in the audit log by what they did, not by their address."""
BEFORE_CHANGE = frozenset({"/me", "/me/password", "/logout", "/api/v1/me"})
"""All that somebody reaches, beside what is open, whose password must be replaced first."""

STANDING_SECONDS = 2.0
"""How long after a log-out, a disabling or a revocation an open stream may go on at most."""

Standing = Callable[[], Awaitable[bool]]


class Gate:
    """Middleware, inside the one that reads the session's cookie."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        host = urlsplit(access.address).netloc.lower()
        self._own = frozenset({host} if host else ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who asks, and let through, send to the log-in page, or refuse."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            person, by_token = await self._who(request)
            receive = await self._let_in(request, person, receive, by_token=by_token)
        except Problem as why:
            await self._refuse(request, why)(scope, receive, send)
            return
        except DatabaseUnavailable as error:
            problem = Problem(503, "Database unavailable", f"Nobody can be let in now: {error}")
            await problems.answer(request, problem, {"Retry-After": "5"})(scope, receive, send)
            return
        scope.setdefault("state", {}).update(person=person, standing=self._standing(request, person))
        if person is None or scope["method"] in csrf.SAFE or scope["path"].startswith(OWN_NOTES):
            await self._app(scope, receive, send)
            return
        status = 0

        async def noticing(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, noticing)
        write = partial(self._access.desk.note_write, person, method=scope["method"], path=scope["path"], status=status)
        try:
            await asyncio.to_thread(write, address=address_of(request))
        except (DatabaseUnavailable, NotAllowed) as error:
            log.error("a write of %s to %s is not in the log of people: %s", person.by, scope["path"], error)

    async def _who(self, connection: HTTPConnection) -> tuple[Person | None, bool]:
        """Who asks, and whether by a token. A token that does not count is refused, never passed over for a cookie."""
        desk, limits = self._access.desk, self._access.limits
        shown = connection.headers.get("authorization")
        if shown is None:
            key = connection.session.get("key")
            return (await asyncio.to_thread(desk.person_of_session, key), False) if key else (None, False)
        scheme, _, text = shown.partition(" ")
        address = address_of(connection)
        if wait := limits.full(limits.bad_tokens, "token", address):
            raise TooOften(wait)
        person = await asyncio.to_thread(desk.person_of_token, text.strip()) if scheme.lower() == "bearer" else None
        if person is None:
            limits.hit(limits.bad_tokens, "token", address)
            raise unknown()
        return person, True

    async def _let_in(self, request: Request, person: Person | None, receive: Receive, *, by_token: bool) -> Receive:
        """Return what the request's body is read from; raises the problem that keeps it out."""
        path = request.url.path
        is_open = path in OPEN or path.startswith(OPEN_UNDER)
        if person is None and not is_open:
            raise unknown()
        if person is not None and path.startswith("/api/") and not is_open:
            limits = self._access.limits
            if wait := limits.hit(limits.questions, "api", person.login, person.token):
                raise TooOften(wait)
        if (
            person is not None
            and person.must_change
            and not (is_open or path in BEFORE_CHANGE or path.startswith(LIVE_PAGES))
        ):
            raise MustChange
        if by_token or request.method in csrf.SAFE:
            return receive
        if csrf.from_elsewhere(request.headers, own=self._own):
            raise Problem(403, "Refused", "This comes from another site.")
        if path.startswith(LIVE_PAGES) or csrf.same(request.headers.get(csrf.HEADER), request.session):
            return receive
        fields = None
        if request.headers.get("content-type", "").partition(";")[0].strip() == "application/x-www-form-urlencoded":
            fields, receive = await csrf.form_fields(receive)
        given = (fields or {}).get(csrf.FIELD, [None])[0]
        if not csrf.same(given, request.session):
            detail = f"The form's token is missing or of an earlier log-in: load the page again, or send {csrf.HEADER}."
            raise Problem(403, "Refused", detail)
        return receive

    def _refuse(self, request: Request, problem: Problem) -> Response:
        path = request.url.path
        for_people = not path.startswith(("/api/", LIVE_PAGES)) and request.method in {"GET", "HEAD"}
        if isinstance(problem, MustChange) and for_people:
            return RedirectResponse("/me", status_code=303)
        if problem.status == 401 and for_people and "authorization" not in request.headers:
            back = path + (f"?{request.url.query}" if request.url.query else "")
            where = "/login" if back == "/" else f"/login?back={quote(back, safe='')}"
            return RedirectResponse(where, status_code=303)
        headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
        if isinstance(problem, TooOften):
            headers["Retry-After"] = str(problem.wait)
        return problems.answer(request, problem, headers)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The pages' live connection: of somebody known, from our own pages, and only while they stay known."""
        connection = HTTPConnection(scope)
        person = None
        try:
            if not csrf.from_elsewhere(connection.headers, own=self._own):
                person, _ = await self._who(connection)
        except (Problem, DatabaseUnavailable) as error:
            log.info("a live connection was refused: %s", error)
        if person is None:
            await send({"type": "websocket.close", "code": 1008, "reason": "not logged in"})
            return
        standing = self._standing(connection, person)
        scope.setdefault("state", {}).update(person=person, standing=standing)
        closed = False

        async def sending(message: Message) -> None:
            nonlocal closed
            if closed:
                return
            if message["type"] == "websocket.send" and not await standing():
                closed = True
                message = {"type": "websocket.close", "code": 1008, "reason": "logged out"}
            await send(message)

        async def receiving() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and not await standing():
                return {"type": "websocket.disconnect", "code": 1008}
            return message

        await self._app(scope, receiving, sending)

    def _standing(self, connection: HTTPConnection, person: Person | None) -> Standing:
        """Whether who asked may still see what they saw; looked up at most every other second."""
        asked_at = time.monotonic()
        stands = person is not None

        async def standing() -> bool:
            nonlocal asked_at, stands
            if stands and time.monotonic() - asked_at >= STANDING_SECONDS:
                asked_at = time.monotonic()
                try:
                    now, _ = await self._who(connection)
                except (Problem, DatabaseUnavailable):
                    now = None
                stands = now == person
            return stands

        return standing


class TooOften(Problem):
    """One asks too often; ``wait`` says how long to wait. [s]"""

    def __init__(self, wait: int) -> None:
        super().__init__(429, "Too many requests", f"Too many requests; again in {wait} s.")
        self.wait = wait


class MustChange(Problem):
    """The password was set by somebody else."""

    def __init__(self) -> None:
        super().__init__(403, "Password to be changed", "Replace the password that you were given first, at /me.")


def address_of(connection: HTTPConnection) -> str:
    """Where a request comes from; behind a trusted proxy what that says."""
    return connection.client.host if connection.client is not None else "unknown"
