"""Alerts and supervision cases: what is open, and what a person does about it."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from alerts.escalation import CAUSES
from alerts.repository import NotFound
from alerts.views import AlertView, CaseView
from web.access.asking import Answering, Clearing, Handling, acting, require, right_to_move
from web.api import shapes
from web.api.acting import CONFLICT, Action, Given, Limit, Offset, Reasoned, done
from web.api.answers import answer
from web.problems import RESPONSES, not_found

router = APIRouter(responses=RESPONSES)


class Verification(Action):
    """Whether an alert was a violation, and what caused it."""

    violation: bool
    cause: Annotated[str, Field(max_length=200, examples=list(CAUSES), description="One of /causes")]


@router.get("/alerts", tags=["alerts"], summary="Alerts, newest first", response_model=shapes.Items[AlertView])
async def alerts(
    sources: Given,
    county: str | None = None,
    state: Literal["raised", "acknowledged", "verified", "rectified", "closed", "open"] | None = None,
    limit: Limit = 200,
    offset: Offset = 0,
) -> Response:
    """Alerts of one county or all, in one state, or ``open``: all that are not closed."""
    found = await asyncio.to_thread(sources.alerts.alerts, county=county, state=state, limit=limit, offset=offset)
    return answer({"items": found})


@router.get("/alerts/{alert_id}", tags=["alerts"], summary="One alert", response_model=shapes.AlertWithEvents)
async def alert(sources: Given, alert_id: str) -> Response:
    """One alert, its evidence, and all that happened to it, oldest first."""
    try:
        found = await asyncio.to_thread(sources.alerts.alert, alert_id)
        return answer({"alert": found, "events": await asyncio.to_thread(sources.alerts.timeline, alert_id)})
    except NotFound:
        raise not_found("alert", alert_id) from None


@router.post(
    "/alerts/{alert_id}/acknowledge",
    tags=["alerts"],
    summary="Take an alert",
    response_model=shapes.OneAlert,
    responses=CONFLICT,
)
async def acknowledge(sources: Given, person: Answering, alert_id: str, said: Action) -> Response:
    """Somebody looks into it, from now on."""
    by = acting(person, said.by)

    def act() -> AlertView:
        return sources.alerts.acknowledge(alert_id, by=by, note=said.note, version=said.version, now=sources.now())

    return await done("alert", alert_id, act)


@router.post(
    "/alerts/{alert_id}/verify",
    tags=["alerts"],
    summary="Say whether it is a violation",
    response_model=shapes.OneAlert,
    responses=CONFLICT,
)
async def verify(sources: Given, person: Answering, alert_id: str, said: Verification) -> Response:
    """A person says whether it is a violation, with a cause from the list."""
    by = acting(person, said.by)

    def act() -> AlertView:
        return sources.alerts.verify(
            alert_id,
            by=by,
            violation=said.violation,
            cause=said.cause,
            note=said.note,
            version=said.version,
            now=sources.now(),
        )

    return await done("alert", alert_id, act)


@router.post(
    "/alerts/{alert_id}/rectify",
    tags=["alerts"],
    summary="Say how it was put right",
    response_model=shapes.OneAlert,
    responses=CONFLICT,
)
async def rectify(sources: Given, person: Answering, alert_id: str, said: Reasoned) -> Response:
    """The violation has been put right; the note says how."""
    by = acting(person, said.by)

    def act() -> AlertView:
        return sources.alerts.rectify(alert_id, by=by, note=said.note, version=said.version, now=sources.now())

    return await done("alert", alert_id, act)


@router.post(
    "/alerts/{alert_id}/close",
    tags=["alerts"],
    summary="Close an alert",
    response_model=shapes.OneAlert,
    responses=CONFLICT,
)
async def close(sources: Given, person: Answering, alert_id: str, said: Reasoned) -> Response:
    """A person closes it; the note is the reason."""
    by = acting(person, said.by)

    def act() -> AlertView:
        return sources.alerts.close(alert_id, by=by, reason=said.note, version=said.version, now=sources.now())

    return await done("alert", alert_id, act)


@router.get("/cases", tags=["cases"], summary="Cases, newest first", response_model=shapes.Items[CaseView])
async def cases(
    sources: Given,
    county: str | None = None,
    state: Literal["opened", "rectifying", "clearance_requested", "verifying", "cleared", "open"] | None = None,
    limit: Limit = 200,
    offset: Offset = 0,
) -> Response:
    """Supervision cases with their evidence by month; ``open``: all that are not cleared."""
    found = await asyncio.to_thread(sources.alerts.cases, county=county, state=state, limit=limit, offset=offset)
    return answer({"items": found})


@router.get("/cases/{case_id}", tags=["cases"], summary="One case", response_model=shapes.CaseWithEvents)
async def case(sources: Given, case_id: str) -> Response:
    """One case, and all that happened to it, oldest first."""
    try:
        found = await asyncio.to_thread(sources.alerts.case, case_id)
        return answer({"case": found, "events": await asyncio.to_thread(sources.alerts.case_timeline, case_id)})
    except NotFound:
        raise not_found("case", case_id) from None


@router.post(
    "/cases/{case_id}/advance",
    tags=["cases"],
    summary="One state on",
    response_model=shapes.OneCase,
    responses=CONFLICT,
)
async def advance(sources: Given, person: Handling, case_id: str, said: Action) -> Response:
    """Begin to rectify, ask for clearance (the note says what was done), or begin to verify."""
    by = acting(person, said.by)

    def act() -> CaseView:
        require(person, right_to_move(sources.alerts.case(case_id).state), sources.alerts.case(case_id).county)
        return sources.alerts.advance_case(case_id, by=by, note=said.note, version=said.version, now=sources.now())

    return await done("case", case_id, act)


@router.post(
    "/cases/{case_id}/return",
    tags=["cases"],
    summary="Send a case back to be rectified",
    response_model=shapes.OneCase,
    responses=CONFLICT,
)
async def send_back(sources: Given, person: Clearing, case_id: str, said: Reasoned) -> Response:
    """The verification found it not done; the note says what is missing."""
    by = acting(person, said.by)

    def act() -> CaseView:
        return sources.alerts.return_case(case_id, by=by, reason=said.note, version=said.version, now=sources.now())

    return await done("case", case_id, act)


@router.post(
    "/cases/{case_id}/clear",
    tags=["cases"],
    summary="Clear a case",
    response_model=shapes.OneCase,
    responses=CONFLICT,
)
async def clear(sources: Given, person: Clearing, case_id: str, said: Reasoned) -> Response:
    """Only a person clears a case; the note is the signed reason."""
    by = acting(person, said.by)

    def act() -> CaseView:
        return sources.alerts.clear_case(case_id, by=by, reason=said.note, version=said.version, now=sources.now())

    return await done("case", case_id, act)
