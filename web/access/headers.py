"""Headers that tell browsers what our answers may do."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_YEAR_SECONDS = 365 * 86_400

_COMMON = "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
PAGES = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    f"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; {_COMMON}"
)
"""The pages' framework writes its scripts into the page and compiles templates in the browser: both must be allowed."""
PLAIN = f"default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; {_COMMON}"
"""Everything else, the log-in page above all: no script at all."""
DOCS = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page of the interface: a viewer from our own files, which sets styles and asks this server only."""

_PLAIN_UNDER = ("/api/", "/login", "/assets/", "/metrics", "/healthz", "/readyz")
_CACHED_UNDER = ("/assets/", "/_nicegui/", "/favicon.ico")


class SecurityHeaders:
    """Middleware, around everything."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to an answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                policy = DOCS if path == "/api/docs" else PLAIN if path.startswith(_PLAIN_UNDER) else PAGES
                headers.setdefault("Content-Security-Policy", policy)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("X-Frame-Options", "DENY")
                headers.setdefault("Referrer-Policy", "same-origin")
                headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
                headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
                if not path.startswith(_CACHED_UNDER):
                    headers.setdefault("Cache-Control", "no-store")
                if self._https:
                    headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_SECONDS}; includeSubDomains")
            await send(message)

        await self._app(scope, receive, sending)
