"""Findings, and the lines that were refused."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from web.api import shapes
from web.api.answers import listed
from web.api.asked import span
from web.api.outlets import From, To
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


@router.get(
    "/quarantine", tags=["quarantine"], summary="Lines that were refused, kept whole", response_model=shapes.Quarantine
)
async def quarantine(
    sources: Given,
    mn: str | None = None,
    reason: str | None = None,
    from_: From = None,
    to: To = None,
    limit: Limit = 200,
) -> Response:
    """The newest refused lines of the topic, each with its reason: as many as this process keeps in memory."""
    found = [
        line
        for line in sources.live.quarantine()
        if (mn is None or line.mn == mn) and (reason is None or line.reason == reason)
    ]
    if from_ is not None or to is not None:
        longest = timedelta(days=800)
        start, end = span(from_, to, now=sources.now(), default=timedelta(days=1), longest=longest)
        found = [line for line in found if line.received_at is not None and start <= line.received_at < end]
    return listed(found[:limit], total=len(found), following=sources.live.following)
