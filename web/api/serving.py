"""How a request finds the sources of the application that serves it."""

from typing import cast

from fastapi import Request

from web.access.asking import person_of
from web.sources import Sources


async def sources_of(request: Request) -> Sources:
    """What the one who asks may see: of another county nothing is found in it, by id, in lists, counts or streams."""
    whole = cast(Sources, request.app.state.sources)
    return whole.seen_by(person_of(request).county)


async def whole_sources_of(request: Request) -> Sources:
    """All sources, for answers that show nothing of any county: the clock, and whether the process is able."""
    return cast(Sources, request.app.state.sources)
