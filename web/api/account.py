"""The conservation account."""

import asyncio
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from emissions.account import add_up
from web.api import shapes
from web.api.answers import answer
from web.api.asked import span
from web.api.outlets import From, To
from web.api.serving import sources_of
from web.problems import RESPONSES
from web.sources import Sources
from web.views.account import account

router = APIRouter(tags=["account"], responses=RESPONSES)


@router.get("/account", summary="What became of everything that came from each outlet", response_model=shapes.Account)
async def conservation(
    sources: Annotated[Sources, Depends(sources_of)],
    from_: From = None,
    to: To = None,
    county: str | None = None,
    outlet: Annotated[str | None, Query(description="Only this outlet")] = None,
) -> Response:
    """By outlet and hour: published = relayed + quarantined, and every relayed line is judged and then stored, or holds
    nothing to store, or was refused by a later stage. ``missing`` counts what is neither; ``gaps`` names it.

    Frames count in the hour of their receipt. Under ``hours`` stands what became of the hour's own values.
    """
    if outlet is not None:
        sources.outlet(outlet)
    longest = timedelta(days=31) if outlet is not None else timedelta(days=8)
    start, end = span(from_, to, now=sources.now(), default=timedelta(hours=24), longest=longest)
    store = sources.store
    lines = await asyncio.to_thread(store.accounts, start=start, end=end, outlet=outlet, county=county)
    hours = await asyncio.to_thread(store.hours, start=start, end=end, outlet=outlet, county=county)
    items = account(lines, hours, {known.id: known.mn for known in sources.register.outlets.values()})
    judged = {name: sum(getattr(item.hours, name) for item in items) for name in _HOURS}
    return answer({"from": start, "to": end, "total": {**add_up(lines), "hours": judged}, "items": items})


_HOURS = ("judged", "received", "missing", "excluded", "revised")
