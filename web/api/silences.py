"""Silences: for a while nobody is told of some alerts, which are raised and shown all the same."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.desk_views import SilenceView
from alerts.repository import NotFound
from web.access.asking import Leading, acting
from web.api import shapes
from web.api.acting import CONFLICT, Given, Limit, Moment, Name, Offset, Reasoned, done
from web.api.answers import answer
from web.problems import RESPONSES, not_found, refused

router = APIRouter(tags=["silences"], responses=RESPONSES)

Id = Annotated[str, Path(max_length=200)]
Key = Annotated[str, Field(max_length=200)]


class NewSilence(BaseModel):
    """What is not told, until when and why. At least one of county, outlet and rule; each left out matches any."""

    model_config = ConfigDict(extra="forbid")

    by: Name = None
    reason: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]
    county: Key = ""
    outlet: Key = ""
    rule: Annotated[str, Field(max_length=200, examples=["silence"])] = ""
    starts_at: Moment | None = None
    ends_at: Moment


@router.get("/silences", summary="Silences, newest first", response_model=shapes.Items[SilenceView])
async def silences(
    sources: Given,
    county: str | None = None,
    state: Literal["active", "pending", "ended"] | None = None,
    limit: Limit = 200,
    offset: Offset = 0,
) -> Response:
    """Silences of a county or all, with those that hold for all counties."""
    found = await asyncio.to_thread(
        sources.alerts.silences.all, now=sources.now(), county=county, state=state, limit=limit, offset=offset
    )
    return answer({"items": found})


@router.get("/silences/{silence_id}", summary="One silence", response_model=shapes.OneSilence)
async def silence(sources: Given, silence_id: Id) -> Response:
    """One silence."""
    try:
        return answer({"silence": await asyncio.to_thread(sources.alerts.silences.one, silence_id)})
    except NotFound:
        raise not_found("silence", silence_id) from None


@router.post("/silences", summary="Silence", status_code=201, response_model=shapes.OneSilence, responses=CONFLICT)
async def begin(sources: Given, person: Leading, said: NewSilence) -> Response:
    """Nobody is told until it ends. Whoever leads one county silences in it only."""
    by, county = acting(person, said.by), said.county
    if said.outlet:
        of = sources.outlet(said.outlet).county
        if county not in ("", of):
            raise refused("body/outlet", f"outlet {said.outlet!r} is of county {of!r}, not {county!r}")
        county = of

    def act() -> SilenceView:
        return sources.alerts.silences.begin(
            by=by,
            reason=said.reason,
            county=county,
            outlet=said.outlet,
            rule=said.rule,
            starts_at=said.starts_at,
            ends_at=said.ends_at,
            now=sources.now(),
        )

    return await done("silence", county, act, status=201)


@router.post(
    "/silences/{silence_id}/end", summary="End a silence", response_model=shapes.OneSilence, responses=CONFLICT
)
async def end(sources: Given, person: Leading, silence_id: Id, said: Reasoned) -> Response:
    """End it before its time; what it held back and still waits is told."""
    by = acting(person, said.by)

    def act() -> SilenceView:
        return sources.alerts.silences.end(silence_id, by=by, reason=said.note, now=sources.now())

    return await done("silence", silence_id, act)
