"""The platform's clock, and what an operator's tools ask a process."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from emissions.beijing import to_beijing
from stores.port import StoreUnavailable
from web.api import shapes
from web.api.answers import answer
from web.api.serving import whole_sources_of
from web.problems import RESPONSES
from web.sources import Sources

clock_router = APIRouter(tags=["clock"], responses=RESPONSES)
router = APIRouter(tags=["operations"], responses={status: RESPONSES[status] for status in (401, 429, 503)})
"""Nobody has to be known to ask these, but a token that does not count is refused here as well."""

Given = Annotated[Sources, Depends(whole_sources_of)]
READY_SECONDS = 5.0


@clock_router.get("/clock", summary="What the platform takes for now", response_model=shapes.Clock)
async def clock(sources: Given) -> Response:
    """The platform's clock; ``simulated`` where it is not the real one."""
    return answer({"now": to_beijing(sources.now()), "simulated": sources.simulated})


@router.get("/healthz", summary="Alive")
async def healthz() -> Response:
    """The process answers."""
    return answer({"status": "alive"})


@router.get("/readyz", summary="Able to serve")
async def readyz(sources: Given) -> Response:
    """Able when the series store and the alert database answer.

    A Kafka that is away stops live pushes and marks but no page, so it is told and does not count.
    """
    parts = {"kafka": "following" if sources.live.following else "away"}
    for name, ping in (("series", sources.store.ping), ("database", lambda: _ask(sources))):
        try:
            async with asyncio.timeout(READY_SECONDS):
                parts[name] = await asyncio.to_thread(ping)
        except (StoreUnavailable, SQLAlchemyError, TimeoutError) as error:
            parts[name] = f"away: {type(error).__name__}"
    able = not any(parts[name].startswith("away") for name in ("series", "database"))
    return answer({"status": "ready" if able else "not ready", **parts}, status=200 if able else 503)


def _ask(sources: Sources) -> str:
    with sources.alerts.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return sources.alerts.engine.dialect.name


@router.get("/metrics", summary="Prometheus metrics", response_class=PlainTextResponse)
async def metrics() -> Response:
    """Counters of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
