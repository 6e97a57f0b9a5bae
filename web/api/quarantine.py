"""The quarantine 隔离区: refused lines, kept whole, and what lets them go back into the feed."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from web.access.asking import Redriving, acting
from web.api import shapes
from web.api.answers import answer
from web.api.asked import span
from web.api.outlets import From, To
from web.api.serving import sources_of
from web.feed import FeedUnavailable
from web.problems import RESPONSES, Problem, not_found
from web.quarantine_book import RefusedLine, Selection
from web.quarantine_desk import QuarantineDesk, names_of
from web.redriving import Redrive
from web.sources import Sources

router = APIRouter(tags=["quarantine"], responses=RESPONSES)

Given = Annotated[Sources, Depends(sources_of)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
State = Literal["waiting", "driven", "all"]

LONGEST = timedelta(days=800)
MOST_IDS = 1000


class RedriveOrder(BaseModel):
    """Which lines are driven again, and who does it. What is left out does not matter; something must be said."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    by: Annotated[
        str | None,
        Field(min_length=1, max_length=200, description="Left out: whoever asks acts. Another's name is refused"),
    ] = None
    ids: Annotated[list[Id] | None, Field(max_length=MOST_IDS)] = None
    reason: Text | None = None
    mn: Annotated[Text | None, Field(description="The MN that was logged in, or the outlet of a JSON monitor")] = None
    county: Text | None = None
    from_: Annotated[AwareDatetime | None, Field(alias="from", description="Received at this moment or later")] = None
    to: Annotated[AwareDatetime | None, Field(description="Received before this moment")] = None
    dry_run: Annotated[bool, Field(description="Only say what would happen")] = False

    @model_validator(mode="after")
    def says_which(self) -> "RedriveOrder":
        """Nobody drives everything again by leaving everything out."""
        if all(value is None for value in (self.ids, self.reason, self.mn, self.county, self.from_, self.to)):
            raise ValueError("say which lines: ids, reason, mn, county, from or to")
        return self


@router.get("/quarantine", summary="Lines that were refused, kept whole", response_model=shapes.Quarantine)
async def quarantine(
    sources: Given,
    mn: str | None = None,
    reason: str | None = None,
    county: str | None = None,
    from_: From = None,
    to: To = None,
    state: State = "all",
    limit: Limit = 200,
    offset: Offset = 0,
) -> Response:
    """Refused lines, those refused last first: of one logger, reason or county, by receipt; how many, and why."""
    start = end = None
    if from_ is not None or to is not None:
        start, end = span(from_, to, now=sources.now(), default=timedelta(days=1), longest=LONGEST)
    selection = Selection(reason=reason, name=mn, start=start, end=end, within=_within(sources, county), state=state)
    desk = sources.quarantine
    page = await asyncio.to_thread(desk.page, selection, limit=limit, offset=offset)
    items = [_item(desk, line) for line in page.items]
    reasons = dict(sorted(page.reasons.items()))
    return answer({"items": items, "total": page.total, "reasons": reasons, "following": sources.live.following})


@router.get("/quarantine/{line_id}", summary="One refused line", response_model=shapes.OneRefused)
async def one(sources: Given, line_id: str) -> Response:
    """One refused line by its id."""
    line = await asyncio.to_thread(sources.quarantine.find, line_id)
    if line is None:
        raise not_found("refused line", line_id)
    return answer({"line": _item(sources.quarantine, line)})


@router.post("/quarantine/redrive", summary="Drive refused lines again", response_model=shapes.Redriven)
async def redrive(sources: Given, person: Redriving, order: RedriveOrder) -> Response:
    """Examine lines again with the register and the rules of now; those that are right go back into the feed.

    They keep when they were received. Driving the same lines twice has no effect twice. Lines of another county, and to
    who sees one county those of loggers that nobody knows, are not there.
    """
    by = acting(person, order.by)
    selection = Selection(
        ids=order.ids,
        reason=order.reason,
        name=order.mn,
        start=order.from_,
        end=order.to,
        within=_within(sources, order.county),
    )
    try:
        done = await sources.quarantine.drive(selection, by=by, dry_run=order.dry_run)
    except FeedUnavailable as error:
        detail = f"Not all lines are back in the feed: {error}. Ask again: driving a line twice does no harm."
        raise Problem(503, "Feed unavailable", detail) from error
    return answer(_told(done))


def _within(sources: Sources, county: str | None) -> frozenset[str] | None:
    if county is None:
        return None
    if county not in sources.register.divisions:
        raise not_found("county", county)
    return names_of([outlet for outlet in sources.register.outlets.values() if outlet.county == county])


def _item(desk: QuarantineDesk, line: RefusedLine) -> dict[str, Any]:
    outlet = desk.outlet_of(line)
    return {
        "kind": "rejected",
        "id": line.id,
        "reason": line.reason,
        "mn": line.name,
        "outlet": outlet.id if outlet is not None else None,
        "county": outlet.county if outlet is not None else None,
        "received_at": line.received_at,
        "refused_at": line.refused_at,
        "times": line.times,
        "line": line.line,
        "detail": line.detail,
        "driven_at": line.driven_at,
        "driven_by": line.driven_by,
    }


def _told(done: Redrive) -> dict[str, Any]:
    return {
        "id": None if done.dry_run else done.id,
        "dry_run": done.dry_run,
        "examined": done.examined,
        "accepted": done.accepted,
        "refused": dict(sorted(done.refused.items())),
        "derived": done.derived,
        "more": done.more,
        "items": done.outcomes,
    }
