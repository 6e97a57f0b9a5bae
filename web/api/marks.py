"""Marks 标记: what a person declares about a span of time at an outlet (R8)."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from web import marking
from web.access.asking import Marking, acting
from web.api import shapes
from web.api.answers import answer, raw
from web.api.serving import sources_of
from web.markbook import Entry
from web.marking import MarkRefused, NotYetInFeed, mark_of
from web.problems import RESPONSES, Problem, not_found, refused
from web.sources import Sources

router = APIRouter(tags=["marks"], responses=RESPONSES)

Given = Annotated[Sources, Depends(sources_of)]
Kind = Literal["calibration", "maintenance", "fault", "out_of_control", "stopped", "starting", "stopping", "accident"]
Name = Annotated[
    str,
    Field(min_length=1, max_length=200, description="Left out: whoever asks acts. Another's name is refused"),
]


class MarkEntry(BaseModel):
    """A mark as a person enters it. Both moments carry their offset."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$", description="Chosen here if left out")] = None
    outlet: Annotated[str, Field(min_length=1, max_length=200)]
    mark: Kind
    from_: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime
    by: Name | None = None
    note: Annotated[str, Field(max_length=4000)] = ""


class Revocation(BaseModel):
    """Who takes a mark back, and why."""

    model_config = ConfigDict(extra="forbid")

    by: Name | None = None
    note: Annotated[str, Field(max_length=4000)] = ""


@router.post(
    "/marks",
    status_code=201,
    summary="Enter a mark",
    response_model=shapes.OneMark,
    responses={409: {"description": "Id taken"}},
)
async def enter(sources: Given, person: Marking, entry: MarkEntry) -> Response:
    """Put a mark into the feed. The answer comes after Kafka's acknowledgement, so what is answered is kept.

    The same mark under the same id again changes nothing and is answered with 200; another under it is refused.
    """
    try:
        mark = mark_of(
            sources,
            outlet=entry.outlet,
            kind=entry.mark,
            start=entry.from_,
            end=entry.to,
            by=acting(person, entry.by),
            note=entry.note,
            mark_id=entry.id,
        )
        standing, fresh = await marking.enter(sources, mark)
    except MarkRefused as error:
        if error.why == "id_taken":
            raise Problem(409, "Id taken", str(error)) from None
        raise refused(f"body/{error.field}", str(error)) from None
    except NotYetInFeed as error:
        raise Problem(503, "Feed unavailable", str(error)) from error
    return answer(
        {"mark": raw(standing.mark), "revoked": standing.revocation is not None}, status=201 if fresh else 200
    )


@router.get("/marks", summary="Marks that were entered here", response_model=shapes.Marks)
async def marks(
    sources: Given, outlet: Annotated[str | None, Query(max_length=200, description="Only this outlet's")] = None
) -> Response:
    """All marks, the one entered last first; the line that took it back where it is revoked."""
    entries = await asyncio.to_thread(sources.marks.listed, outlet=outlet)
    items = [{"mark": raw(one.revocation or one.mark), "revoked": one.revocation is not None} for one in entries]
    return answer({"items": items})


@router.get("/marks/{mark_id}", summary="One mark", response_model=shapes.OneMark)
async def mark(sources: Given, mark_id: str) -> Response:
    """One mark that was entered here."""
    entry = await _found(sources, mark_id)
    return answer({"mark": raw(entry.mark), "revoked": entry.revocation is not None})


@router.post("/marks/{mark_id}/revoke", summary="Take a mark back", response_model=shapes.OneMark)
async def revoke(sources: Given, person: Marking, mark_id: str, said: Revocation) -> Response:
    """The hours of the mark are judged again without it. Revoking twice changes nothing."""
    by = acting(person, said.by)
    entry = await _found(sources, mark_id)
    try:
        entry = await marking.revoke(sources, entry, by=by, note=said.note)
    except NotYetInFeed as error:
        raise Problem(503, "Feed unavailable", str(error)) from error
    return answer({"mark": raw(entry.revocation or entry.mark), "revoked": True})


async def _found(sources: Sources, mark_id: str) -> Entry:
    if (entry := await asyncio.to_thread(sources.marks.find, mark_id)) is None:
        raise not_found("mark", mark_id)
    return entry
