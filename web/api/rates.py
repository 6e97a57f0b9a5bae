"""Effective transmission rates, and the hours behind each."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from emissions.transmission import TRACKS
from web.api import shapes
from web.api.answers import answer, listed, raw
from web.api.serving import sources_of
from web.periods import NotAPeriod, bounds, period_at
from web.problems import RESPONSES, refused
from web.sources import Sources
from web.views.explain import Question, TooMany, explain, subject_known

router = APIRouter(tags=["rates"], responses=RESPONSES)

Given = Annotated[Sources, Depends(sources_of)]
Level = Literal["outlet", "enterprise", "county", "city"]
Window = Literal["day", "month", "quarter", "year"]
Track = Literal["in_time", "completed"]
State = Literal["valid", "invalid", "missing", "excluded"]
Period = Annotated[str | None, Query(description="2026-11-24, 2026-11, 2026-Q4 or 2026", examples=["2026-11"])]


@router.get("/rates", summary="Effective transmission rates", response_model=shapes.Rates)
async def rates(
    sources: Given,
    level: Level = "county",
    window: Window = "month",
    period: Period = None,
    track: Track | None = None,
    id: Annotated[str | None, Query(description="Only this subject")] = None,  # noqa: A002 - the rate's own field
) -> Response:
    """The newest rate of every subject of a level; both tracks and the current period where none is named."""
    chosen = _period(sources, window, period)
    found = await asyncio.to_thread(sources.store.rates, level=level, window=window, period=chosen, track=track, id=id)
    found.sort(key=lambda rate: (rate.id, TRACKS.index(rate.track)))
    return listed(found, period=chosen)


@router.get("/rates/explain", summary="The hours behind a percentage", response_model=shapes.Explained)
async def explained(
    sources: Given,
    level: Level,
    id: str,  # noqa: A002 - the rate's own field
    window: Window = "month",
    period: Period = None,
    track: Track = "in_time",
    state: Annotated[State | None, Query(description="List only hours of this state")] = None,
    reason: Annotated[str | None, Query(description="List only hours with this reason")] = None,
    limit: Annotated[int, Query(ge=0, le=10_000)] = 1000,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """One rate, counted again hour by hour.

    ``counts`` are those of all hours; ``adds_up`` says whether they are the published rate's. ``hours`` is a page of
    them, with the state and reason that this track counts.
    """
    chosen = _period(sources, window, period)
    subject_known(sources.register, level, id)
    question = Question(
        level=level,
        id=id,
        window=window,
        period=chosen,
        track=track,
        state=state,
        reason=reason,
        offset=offset,
        limit=limit,
    )
    try:
        return await asyncio.to_thread(_explain, sources, question)
    except TooMany as error:
        raise refused("query/window", str(error)) from None


def _period(sources: Sources, window: str, period: str | None) -> str:
    chosen = period if period is not None else period_at(sources.now(), window)
    try:
        bounds(window, chosen)
    except NotAPeriod as error:
        raise refused("query/period", str(error)) from None
    return chosen


def _explain(sources: Sources, question: Question) -> Response:
    explanation = explain(sources.store, sources.register, sources.parameters, question, now=sources.now())
    tally = explanation.tally
    return answer(
        {
            "level": question.level,
            "id": question.id,
            "window": question.window,
            "period": question.period,
            "track": question.track,
            "rate": None if explanation.rate is None else raw(explanation.rate),
            "adds_up": explanation.adds_up,
            "changed_since": explanation.changed_since,
            "counts": {
                "due": tally.due,
                "excluded": tally.excluded,
                "expected": tally.expected,
                "missing": tally.expected - tally.received,
                "received": tally.received,
                "invalid": tally.received - tally.valid,
                "valid": tally.valid,
            },
            "reasons": explanation.shares,
            "parts": [
                {
                    "level": part.level,
                    "id": part.id,
                    **part.tally._asdict(),
                    "expected": part.tally.expected,
                    "effective_pct": part.effective_pct,
                }
                for part in explanation.parts
            ],
            "total": explanation.total,
            "offset": question.offset,
            "hours": [
                {
                    "counted_as": one.state,
                    "counted_reason": one.reason,
                    "rule": one.hour.evidence.get("rule"),
                    "hour": raw(one.hour),
                }
                for one in explanation.hours
            ],
        }
    )
