"""The application: the interface and the pages over one set of sources."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.middleware.sessions import SessionMiddleware
from starlette.routing import Match

from web import problems
from web.access.configured import Access
from web.access.doors import doors
from web.access.gate import OPEN, Gate
from web.access.headers import SecurityHeaders
from web.access.oidc import provider_doors
from web.api import (
    account,
    alert_desk,
    alerts,
    attachments,
    case_files,
    events,
    findings,
    marks,
    me,
    operations,
    outlets,
    proposals,
    quarantine,
    rates,
    reports,
    silences,
    work_orders,
)
from web.api_docs import add_docs
from web.problems import Problem
from web.sources import Sources

log = logging.getLogger(__name__)

Task = Callable[[], Coroutine[Any, Any, None]]
"""Something that runs beside the requests until the application ends."""

DESCRIPTION = "Supervision of smoke-stack emissions. Moments are ISO 8601 with an offset; concentrations are in mg/m³."


def _say_why(task: asyncio.Task[None]) -> None:
    """Something that runs beside the requests has ended by itself: pages go on, but somebody must know."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("stopped for good, start this process again: %s", error, exc_info=error)


def build_api(
    sources: Sources, access: Access, *, beside: Sequence[Task] = (), closing: Sequence[Task] = ()
) -> FastAPI:
    """The interface alone, behind its gate: only who is known comes in, and each sees what is theirs.

    Args:
        sources: What is read, of the whole city.
        access: How people are known.
        beside: Run from start to end, beside the requests.
        closing: Run one after the other at the end.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        running = [asyncio.create_task(task()) for task in beside]
        for one in running:
            one.add_done_callback(_say_why)
        try:
            yield
        finally:
            for one in running:
                one.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            for close in closing:
                await close()

    app = FastAPI(
        title="Stackwatch",
        description=DESCRIPTION,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
        strict_content_type=True,
    )
    app.state.sources = sources
    app.state.access = access
    problems.install(app)
    add_docs(app)
    _guard(app, access)
    _describe_log_in(app)
    app.include_router(doors(access, sources.name_of))
    if access.provider is not None:
        app.include_router(provider_doors(access, access.provider, sources.name_of))
    v1 = APIRouter(prefix="/api/v1")
    desk = (alerts, alert_desk, work_orders, proposals, silences, attachments)
    for part in (me, outlets, rates, findings, *desk, marks, quarantine, account, reports, case_files, events):
        v1.include_router(part.router)
    v1.include_router(operations.clock_router)
    app.include_router(v1)
    app.include_router(operations.router)

    @app.api_route("/api/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    async def nothing_here(request: Request, path: str) -> None:  # noqa: ARG001 - part of the route
        other = [route for route in app.routes if route.matches(request.scope)[0] is Match.PARTIAL]
        if other:
            raise Problem(405, "Method not allowed", f"{request.url.path} does not know {request.method}.")
        raise Problem(404, "Not found", f"There is nothing at {request.url.path}.")

    return app


def _guard(app: FastAPI, access: Access) -> None:
    """From the outside in: headers, the cookie of the session, the gate."""
    app.add_middleware(Gate, access=access)
    app.add_middleware(
        SessionMiddleware,
        secret_key=access.secret,
        session_cookie="__Host-stackwatch" if access.https else "stackwatch",
        max_age=int(access.desk.session_lasts.total_seconds()),
        same_site="lax",
        https_only=access.https,
    )
    app.add_middleware(SecurityHeaders, https=access.https)


def _describe_log_in(app: FastAPI) -> None:
    """Say in the interface's description how one asks: by a token, or by a browser's session."""
    described = app.openapi

    def with_log_in() -> dict[str, Any]:
        document = described()
        schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["token"] = {"type": "http", "scheme": "bearer", "description": "A token from /me or /people"}
        document["security"] = [{"token": []}]
        for path in OPEN & document["paths"].keys():
            for operation in document["paths"][path].values():
                operation["security"] = []
        return document

    app.openapi = with_log_in  # type: ignore[method-assign]  # FastAPI's documented way to extend the description
