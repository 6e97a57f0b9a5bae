"""The conservation account."""

import asyncio
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from web.api import shapes
from web.api.answers import answer
from web.api.asked import span
from web.api.outlets import From, To
from web.api.serving import sources_of
from web.problems import RESPONSES
from web.sources import Sources
from web.views.account import account

router = APIRouter(tags=["account"], responses=RESPONSES)


@router.get("/account", summary="What became of the hours of each outlet", response_model=shapes.Account)
async def conservation(
    sources: Annotated[Sources, Depends(sources_of)],
    from_: From = None,
    to: To = None,
    county: str | None = None,
    outlet: Annotated[str | None, Query(description="Only this outlet")] = None,
) -> Response:
    """By outlet and hour. ``published`` and ``relayed`` are null: no counter by hour is kept of them."""
    if outlet is not None:
        sources.outlet(outlet)
    longest = timedelta(days=31) if outlet is not None else timedelta(days=8)
    start, end = span(from_, to, now=sources.now(), default=timedelta(hours=24), longest=longest)
    hours = await asyncio.to_thread(sources.store.hours, start=start, end=end, outlet=outlet, county=county)
    mns = {known.id: known.mn for known in sources.register.outlets.values()}
    lines = account(hours, sources.live.quarantine(), mns)
    total = {
        name: sum(getattr(line, name) for line in lines)
        for name in ("judged", "received", "missing", "excluded", "revised", "quarantined")
    }
    return answer({"from": start, "to": end, "total": total, "items": lines})
