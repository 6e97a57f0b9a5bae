"""Findings."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from web.api import shapes
from web.api.answers import listed
from web.api.serving import sources_of
from web.problems import RESPONSES
from web.sources import Sources

router = APIRouter(responses=RESPONSES)

Given = Annotated[Sources, Depends(sources_of)]
Limit = Annotated[int, Query(ge=1, le=10_000)]


@router.get("/findings", tags=["findings"], summary="What a person should know", response_model=shapes.Findings)
async def findings(
    sources: Given,
    county: str | None = None,
    rule: str | None = None,
    outlet: str | None = None,
    limit: Limit = 200,
) -> Response:
    """The last word on each finding, the newest first: as many as this process keeps in memory."""
    found = [
        finding
        for finding in sources.live.findings()
        if (county is None or finding.county == county)
        and (rule is None or finding.rule == rule)
        and (outlet is None or finding.subject.get("outlet") == outlet)
    ]
    return listed(found[:limit], total=len(found), following=sources.live.following)
