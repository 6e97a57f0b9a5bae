"""Marks 标记: what a person declares about a span of time at an outlet (R8)."""

import asyncio
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from emissions.beijing import to_beijing
from emissions.event import Mark
from web.access.asking import Marking, acting
from web.api import shapes
from web.api.answers import answer, raw
from web.api.serving import sources_of
from web.feed import FeedUnavailable
from web.markbook import Entry, IdTaken
from web.problems import RESPONSES, Problem, not_found, refused
from web.sources import Sources

router = APIRouter(tags=["marks"], responses=RESPONSES)

Given = Annotated[Sources, Depends(sources_of)]
Kind = Literal["calibration", "maintenance", "fault", "out_of_control", "stopped", "starting", "stopping", "accident"]
Name = Annotated[
    str,
    Field(min_length=1, max_length=200, description="Left out: whoever asks acts. Another's name is refused"),
]

FARTHEST = timedelta(days=366)
"""A mark lies within this of the moment it is entered; nothing older is ever judged (R3)."""


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
    mark = _mark(sources, entry, by=acting(person, entry.by))
    try:
        standing = await asyncio.to_thread(sources.marks.enter, mark)
    except IdTaken:
        raise Problem(409, "Id taken", f"There is another mark {mark.id!r}.") from None
    if replace(standing.mark, entered_at=mark.entered_at) != mark:
        raise Problem(409, "Id taken", f"There is another mark {mark.id!r}, entered by {standing.mark.by}.")
    fresh = not standing.in_feed
    if fresh:
        await _send(sources, standing.mark)
    return answer(
        {"mark": raw(standing.mark), "revoked": standing.revocation is not None}, status=201 if fresh else 200
    )


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
    if entry.revocation is None:
        line = replace(entry.mark, revoked=True, entered_at=to_beijing(sources.now()), by=by, note=said.note)
        entry = await asyncio.to_thread(sources.marks.revoke, line)
    if not entry.in_feed and entry.revocation is not None:
        await _send(sources, entry.revocation)
    return answer({"mark": raw(entry.revocation or entry.mark), "revoked": True})


def _mark(sources: Sources, entry: MarkEntry, *, by: str) -> Mark:
    """The mark as it goes into the feed, if it is one."""
    if (outlet := sources.register.outlets.get(entry.outlet)) is None:
        raise refused("body/outlet", f"there is no outlet {entry.outlet!r} in the register")
    start, end = _moment(entry.from_, "body/from"), _moment(entry.to, "body/to")
    now = to_beijing(sources.now())
    if start >= end:
        raise refused("body/to", f"to ({end.isoformat()}) is not after from ({start.isoformat()})")
    if start < now - FARTHEST or end > now + FARTHEST:
        raise refused("body/from", f"a mark lies within {FARTHEST.days} days of now ({now.isoformat()})")
    return Mark(
        id=entry.id or uuid.uuid4().hex,
        outlet=outlet.id,
        mn=outlet.mn,
        mark=entry.mark,
        from_=start,
        to=end,
        entered_at=now,
        by=by,
        note=entry.note,
    )


def _moment(moment: datetime, pointer: str) -> datetime:
    try:
        return to_beijing(moment)
    except OverflowError:
        raise refused(pointer, f"{moment.isoformat()} is outside the calendar") from None


async def _found(sources: Sources, mark_id: str) -> Entry:
    if (entry := await asyncio.to_thread(sources.marks.find, mark_id)) is None:
        raise not_found("mark", mark_id)
    return entry


async def _send(sources: Sources, line: Mark) -> None:
    try:
        await sources.feed.send(line)
    except FeedUnavailable as error:
        detail = f"The mark {line.id!r} is not yet in the feed: {error}. Send it again under the same id."
        raise Problem(503, "Feed unavailable", detail) from error
    await asyncio.to_thread(sources.marks.sent, line.id)
