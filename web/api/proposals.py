"""The enterprise ladder: what the software proposes, and what a person decides (R18)."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response

from alerts.desk_views import ProposalView
from alerts.repository import NotFound
from web.access.asking import Leading, acting
from web.api import shapes
from web.api.acting import CONFLICT, Given, Limit, Offset, Reasoned, done
from web.api.answers import answer
from web.problems import RESPONSES, not_found

router = APIRouter(tags=["proposals"], responses=RESPONSES)

Id = Annotated[str, Path(max_length=200)]


@router.get("/proposals", summary="Proposed steps, newest first", response_model=shapes.Items[ProposalView])
async def proposals(
    sources: Given,
    county: str | None = None,
    enterprise: str | None = None,
    state: Literal["proposed", "confirmed", "declined"] | None = None,
    limit: Limit = 200,
    offset: Offset = 0,
) -> Response:
    """Steps of 即超即罚, 立行立改, 停产整治 or 按日计罚, 关闭, with the exceedances that are their grounds."""
    found = await asyncio.to_thread(
        sources.alerts.proposals.all, county=county, enterprise=enterprise, state=state, limit=limit, offset=offset
    )
    return answer({"items": found})


@router.get("/proposals/{proposal_id}", summary="One proposal", response_model=shapes.ProposalWithEvents)
async def proposal(sources: Given, proposal_id: Id) -> Response:
    """One proposal, and all that happened to it, oldest first."""
    desk = sources.alerts.proposals
    try:
        found = await asyncio.to_thread(desk.one, proposal_id)
        return answer({"proposal": found, "events": await asyncio.to_thread(desk.timeline, proposal_id)})
    except NotFound:
        raise not_found("proposal", proposal_id) from None


@router.post(
    "/proposals/{proposal_id}/confirm",
    summary="Take a proposed step",
    response_model=shapes.OneProposal,
    responses=CONFLICT,
)
async def confirm(sources: Given, person: Leading, proposal_id: Id, said: Reasoned) -> Response:
    """A person takes the step; the note is the reason."""
    by = acting(person, said.by)

    def act() -> ProposalView:
        return sources.alerts.proposals.confirm(
            proposal_id, by=by, reason=said.note, version=said.version, now=sources.now()
        )

    return await done("proposal", proposal_id, act)


@router.post(
    "/proposals/{proposal_id}/decline",
    summary="Decide against a proposed step",
    response_model=shapes.OneProposal,
    responses=CONFLICT,
)
async def decline(sources: Given, person: Leading, proposal_id: Id, said: Reasoned) -> Response:
    """A person decides against it; the note is the reason."""
    by = acting(person, said.by)

    def act() -> ProposalView:
        return sources.alerts.proposals.decline(
            proposal_id, by=by, reason=said.note, version=said.version, now=sources.now()
        )

    return await done("proposal", proposal_id, act)
