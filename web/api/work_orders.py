"""Work orders 运维工单: maintenance and repair at outlets, and the two rates that follow from them."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.desk_views import WorkOrderView
from alerts.repository import NotFound
from web.access.asking import Answering, Leading, acting
from web.api import shapes
from web.api.acting import CONFLICT, Action, Assignment, Given, Limit, Moment, Name, Note, Offset, Reasoned, Said, done
from web.api.answers import answer
from web.periods import NotAPeriod, bounds
from web.problems import RESPONSES, not_found, refused

router = APIRouter(tags=["work orders"], responses=RESPONSES)

Id = Annotated[str, Path(max_length=200)]


class NewOrder(BaseModel):
    """What is to be done, where and until when."""

    model_config = ConfigDict(extra="forbid")

    by: Name = None
    outlet: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Literal["maintenance", "repair"]
    title: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    due_at: Moment | None = None
    planned: Annotated[bool, Field(description="Part of a plan, not an answer to something")] = False
    assignee: Annotated[str, Field(max_length=200)] = ""
    note: Note = ""
    alert_id: Annotated[str | None, Field(max_length=200, description="The alert that it answers")] = None


@router.get("/work-orders", summary="Work orders, first due first", response_model=shapes.Items[WorkOrderView])
async def orders(
    sources: Given,
    county: str | None = None,
    outlet: str | None = None,
    state: Literal["open", "done", "closed", "cancelled", "unsettled"] | None = None,
    limit: Limit = 200,
    offset: Offset = 0,
) -> Response:
    """Work orders of a county, an outlet or all; ``unsettled``: open, or done and not yet closed."""
    found = await asyncio.to_thread(
        sources.alerts.orders.all, county=county, outlet=outlet, state=state, limit=limit, offset=offset
    )
    return answer({"items": found})


@router.get("/work-orders/rates", summary="Closing and maintenance rate", response_model=shapes.OrderRatesShape)
async def order_rates(
    sources: Given,
    period: Annotated[
        str | None,
        Query(
            description="Month; the current one if left out",
            pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$",
            examples=["2026-11"],
        ),
    ] = None,
    county: str | None = None,
) -> Response:
    """工单办结率: closed of those due. 运维任务完成率: done of the planned maintenance due. Null where none was due."""
    month = period or sources.month()
    try:
        start, end = bounds("month", month)
    except NotAPeriod as error:
        raise refused("query/period", str(error)) from None
    found = await asyncio.to_thread(sources.alerts.orders.rates, start=start, end=end, now=sources.now(), county=county)
    closing, maintenance = (
        {"of": share.of, "done": share.done, "in_time": share.in_time, "pct": share.pct}
        for share in (found.closing, found.maintenance)
    )
    return answer({"period": month, "county": county, "closing": closing, "maintenance": maintenance})


@router.get("/work-orders/{order_id}", summary="One work order", response_model=shapes.WorkOrderWithEvents)
async def order(sources: Given, order_id: Id) -> Response:
    """One work order, and all that happened to it, oldest first."""
    desk = sources.alerts.orders
    try:
        found = await asyncio.to_thread(desk.one, order_id)
        return answer({"work_order": found, "events": await asyncio.to_thread(desk.timeline, order_id)})
    except NotFound:
        raise not_found("work order", order_id) from None


@router.post(
    "/work-orders", summary="Order work", status_code=201, response_model=shapes.OneWorkOrder, responses=CONFLICT
)
async def order_work(sources: Given, person: Leading, said: NewOrder) -> Response:
    """Somebody orders maintenance or repair at an outlet; without a due date a repair has the rulebook's time."""
    by, outlet = acting(person, said.by), sources.outlet(said.outlet)

    def act() -> WorkOrderView:
        return sources.alerts.orders.order(
            outlet=outlet.id,
            county=outlet.county,
            kind=said.kind,
            title=said.title,
            due_at=said.due_at,
            planned=said.planned,
            assignee=said.assignee,
            note=said.note,
            alert_id=said.alert_id,
            by=by,
            now=sources.now(),
        )

    return await done("work_order", said.alert_id or outlet.id, act, status=201)


@router.post(
    "/work-orders/{order_id}/assign",
    summary="Name who is to do it",
    response_model=shapes.OneWorkOrder,
    responses=CONFLICT,
)
async def assign(sources: Given, person: Leading, order_id: Id, said: Assignment) -> Response:
    """Somebody is named; who was named before is relieved."""
    by = acting(person, said.by)
    return await _moved(
        order_id,
        lambda: sources.alerts.orders.assign(
            order_id, assignee=said.assignee, by=by, note=said.note, version=said.version, now=sources.now()
        ),
    )


@router.post(
    "/work-orders/{order_id}/done",
    summary="Report it as done",
    response_model=shapes.OneWorkOrder,
    responses=CONFLICT,
)
async def report_done(sources: Given, person: Answering, order_id: Id, said: Reasoned) -> Response:
    """Somebody has done it; the note says what."""
    by = acting(person, said.by)
    return await _moved(
        order_id,
        lambda: sources.alerts.orders.done(order_id, by=by, note=said.note, version=said.version, now=sources.now()),
    )


@router.post(
    "/work-orders/{order_id}/return",
    summary="Send it back to be done again",
    response_model=shapes.OneWorkOrder,
    responses=CONFLICT,
)
async def send_back(sources: Given, person: Leading, order_id: Id, said: Reasoned) -> Response:
    """It was not done well; the note says what is missing."""
    by = acting(person, said.by)
    return await _moved(
        order_id,
        lambda: sources.alerts.orders.send_back(
            order_id, by=by, reason=said.note, version=said.version, now=sources.now()
        ),
    )


@router.post(
    "/work-orders/{order_id}/close",
    summary="Close it",
    response_model=shapes.OneWorkOrder,
    responses=CONFLICT,
)
async def close(sources: Given, person: Leading, order_id: Id, said: Action) -> Response:
    """Somebody has looked: it is done."""
    by = acting(person, said.by)
    return await _moved(
        order_id,
        lambda: sources.alerts.orders.close(order_id, by=by, note=said.note, version=said.version, now=sources.now()),
    )


@router.post(
    "/work-orders/{order_id}/cancel",
    summary="Cancel it",
    response_model=shapes.OneWorkOrder,
    responses=CONFLICT,
)
async def cancel(sources: Given, person: Leading, order_id: Id, said: Reasoned) -> Response:
    """It is not needed any more; the note says why."""
    by = acting(person, said.by)
    return await _moved(
        order_id,
        lambda: sources.alerts.orders.cancel(
            order_id, by=by, reason=said.note, version=said.version, now=sources.now()
        ),
    )


@router.post(
    "/work-orders/{order_id}/comment",
    summary="Say something about it",
    response_model=shapes.OneWorkOrder,
    responses=CONFLICT,
)
async def comment(sources: Given, person: Answering, order_id: Id, said: Said) -> Response:
    """A comment moves nothing."""
    by = acting(person, said.by)
    return await _moved(
        order_id, lambda: sources.alerts.orders.comment(order_id, by=by, text=said.note, now=sources.now())
    )


async def _moved(order_id: str, act: Callable[[], WorkOrderView]) -> Response:
    return await done("work_order", order_id, act)
