"""How a request finds the sources of the application that serves it."""

from typing import cast

from fastapi import Request

from web.sources import Sources


async def sources_of(request: Request) -> Sources:
    """The sources that the application was built with."""
    return cast(Sources, request.app.state.sources)
