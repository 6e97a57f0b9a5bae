"""What is done about alerts and cases beside moving them on: assign, comment; and what became of their notices."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Response

from alerts.repository import NotFound
from alerts.views import AlertView, CaseView
from web.access.asking import Answering, Handling, Leading, acting
from web.api import shapes
from web.api.acting import CONFLICT, Assignment, Given, Said, done
from web.api.answers import answer
from web.problems import RESPONSES, not_found

router = APIRouter(responses=RESPONSES)

Id = Annotated[str, Path(max_length=200)]


@router.get(
    "/alerts/{alert_id}/notices",
    tags=["alerts"],
    summary="What became of an alert's notices",
    response_model=shapes.Notices,
)
async def notices(sources: Given, alert_id: Id) -> Response:
    """Each notice with its attempts; what is silenced, inhibited or flapping says so. And the silences in force."""

    def read() -> dict[str, object]:
        found = sources.alerts.alert(alert_id)
        silences = sources.alerts.silences.over(found, now=sources.now())
        return {"items": sources.alerts.notices(alert_id), "silences": silences}

    try:
        return answer(await asyncio.to_thread(read))
    except NotFound:
        raise not_found("alert", alert_id) from None


@router.get("/causes", tags=["alerts"], summary="Causes that a verification may name", response_model=shapes.Causes)
async def causes(sources: Given) -> Response:
    """The rulebook's list."""
    policy = sources.alerts.policy
    named = [(cause, policy.causes.get(cause, (cause, cause))) for cause in policy.terms.causes]
    return answer({"items": [{"id": cause, "zh": zh, "en": en} for cause, (zh, en) in named]})


@router.post(
    "/alerts/{alert_id}/assign",
    tags=["alerts"],
    summary="Name who is to look into an alert",
    response_model=shapes.OneAlert,
    responses=CONFLICT,
)
async def assign(sources: Given, person: Leading, alert_id: Id, said: Assignment) -> Response:
    """Somebody is named; who was named before is relieved."""
    by = acting(person, said.by)

    def act() -> AlertView:
        return sources.alerts.assign(
            alert_id, assignee=said.assignee, by=by, note=said.note, version=said.version, now=sources.now()
        )

    return await done("alert", alert_id, act)


@router.post(
    "/alerts/{alert_id}/comment",
    tags=["alerts"],
    summary="Say something about an alert",
    response_model=shapes.OneAlert,
    responses=CONFLICT,
)
async def comment(sources: Given, person: Answering, alert_id: Id, said: Said) -> Response:
    """A comment is an action: it keeps an acknowledgement from expiring."""
    by = acting(person, said.by)

    def act() -> AlertView:
        return sources.alerts.comment(alert_id, by=by, text=said.note, now=sources.now())

    return await done("alert", alert_id, act)


@router.post(
    "/cases/{case_id}/comment",
    tags=["cases"],
    summary="Say something about a case",
    response_model=shapes.OneCase,
    responses=CONFLICT,
)
async def comment_case(sources: Given, person: Handling, case_id: Id, said: Said) -> Response:
    """A comment moves nothing."""
    by = acting(person, said.by)

    def act() -> CaseView:
        return sources.alerts.comment_case(case_id, by=by, text=said.note, now=sources.now())

    return await done("case", case_id, act)
