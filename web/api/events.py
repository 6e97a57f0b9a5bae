"""What happens, as it happens: server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from web.access.gate import Standing
from web.api.serving import sources_of
from web.live import KINDS, Listened
from web.problems import RESPONSES, refused
from web.sources import Sources

router = APIRouter(tags=["events"], responses=RESPONSES)

HEARTBEAT_SECONDS = 15.0
"""A line of comment this often, so that no proxy takes the silence for an end."""


@router.get(
    "/events",
    summary="Hours, rates, findings, alerts and cases as they come",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "One event a line of the topics"}},
)
async def events(
    request: Request,
    sources: Annotated[Sources, Depends(sources_of)],
    kinds: Annotated[str | None, Query(description="Comma-separated: hour, rate, finding, case, alert")] = None,
    county: str | None = None,
) -> Any:
    """A stream that ends with the log-in. Event ``lost`` says how many lines a slow reader has missed."""
    wanted = frozenset(kinds.split(",")) if kinds is not None else KINDS
    if unknown := wanted - KINDS:
        raise refused("query/kinds", f"{', '.join(sorted(unknown))}: not one of {', '.join(sorted(KINDS))}")
    stream = _stream(sources.live, wanted, county, request.state.standing)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _always() -> bool:
    return True


async def _stream(
    live: Listened, kinds: frozenset[str], county: str | None, standing: Standing = _always
) -> AsyncIterator[str]:
    """Ends when whoever listens is no longer let in."""
    with live.subscribe(kinds=kinds, county=county) as subscriber:
        yield "retry: 3000\n\n"
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    batch = await subscriber.next_batch()
            except TimeoutError:
                batch = []
            if not await standing():
                return
            if not batch:
                yield ": still here\n\n"
                continue
            if subscriber.lost:
                yield f'event: lost\ndata: {{"lines": {subscriber.lost}}}\n\n'
                subscriber.lost = 0
            yield "".join(f"event: {heard.kind}\ndata: {heard.line}\n\n" for heard in batch)
