"""Outlets, their readings and their judged hours."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from emissions.reading import Reading
from emissions.register import Outlet
from web.api import shapes
from web.api.answers import answer, listed
from web.api.asked import every as step_of
from web.api.asked import moment, span
from web.api.serving import sources_of
from web.packets import PacketsUnavailable
from web.periods import EARLIEST_YEAR, LATEST_YEAR
from web.problems import RESPONSES, Problem, refused
from web.sources import Sources
from web.views.names import enterprise_name
from web.views.packets import Frame, frames_of
from web.views.readings import COMMANDS, thin

router = APIRouter(tags=["outlets"], responses=RESPONSES)

LONGEST = timedelta(days=366)
MOST = 100_000
"""Readings that one answer may hold."""

Given = Annotated[Sources, Depends(sources_of)]
From = Annotated[str | None, Query(alias="from", description="ISO 8601; Beijing time where it has no offset")]
To = Annotated[str | None, Query(description="First moment that is not included; now if left out")]


@router.get("/outlets", summary="All outlets of the register", response_model=shapes.Items[shapes.OutletShape])
async def outlets(
    sources: Given,
    county: Annotated[str | None, Query(description="Only those of this county")] = None,
) -> Response:
    """All outlets, or those of one county, by id."""
    chosen = [o for o in sources.register.outlets.values() if county is None or o.county == county]
    return answer({"items": [_described(sources, outlet) for outlet in sorted(chosen, key=lambda o: o.id)]})


@router.get("/outlets/{outlet_id}", summary="One outlet", response_model=shapes.OutletWithRates)
async def outlet(sources: Given, outlet_id: str) -> Response:
    """One outlet with its register entry, its rates of the current month, and when it was last heard of."""
    found = sources.outlet(outlet_id)
    rates = await asyncio.to_thread(
        sources.store.rates, level="outlet", window="month", period=sources.month(), id=outlet_id
    )
    return answer(_described(sources, found) | {"rates": rates})


def _described(sources: Sources, outlet: Outlet) -> dict[str, Any]:
    enterprise = sources.register.enterprises.get(outlet.enterprise)
    return {
        "id": outlet.id,
        "name": outlet.name,
        "mn": outlet.mn,
        "enterprise": {
            "id": outlet.enterprise,
            "name": enterprise_name(sources.register, outlet),
            "industry": enterprise.industry if enterprise is not None else None,
        },
        "county": outlet.county,
        "city": outlet.city,
        "category": outlet.category,
        "standard": outlet.standard,
        "height_m": outlet.height_m,
        "reference_o2_pct": outlet.reference_o2_pct,
        "pollutants": outlet.pollutants,
        "permits_mg_m3": dict(outlet.permits_mg_m3),
        "spans": dict(outlet.spans),
        "minute_interval": outlet.minute_interval,
        "connected_from": outlet.connected_from,
        "must_monitor": outlet.must_monitor,
        "last_received_at": sources.live.last_received(outlet.id),
    }


@router.get("/outlets/{outlet_id}/readings", summary="What an outlet's logger has sent", response_model=shapes.Readings)
async def readings(
    sources: Given,
    outlet_id: str,
    from_: From = None,
    to: To = None,
    cn: Annotated[str, Query(description="Command: 2011 real-time, 2051 minute, 2061 hour, 2031 day data")] = "2011",
    factor: Annotated[str | None, Query(description="Only this factor, for instance a21026")] = None,
    every: Annotated[str | None, Query(description="Mean over steps such as 10m or 1h", examples=["10m"])] = None,
) -> Response:
    """Readings by data time, oldest first; the last hour where no span is asked for."""
    sources.outlet(outlet_id)
    if cn not in (*COMMANDS, "2031"):
        raise refused("query/cn", f"{cn!r} is not one of 2011, 2051, 2061, 2031")
    start, end = span(from_, to, now=sources.now(), default=timedelta(hours=1), longest=LONGEST)
    step = step_of(every)
    found = await asyncio.to_thread(_read, sources, outlet_id, cn, start, end, factor, step)
    if step is None:
        return listed(found[0])
    return answer({"items": found[1], "every": every})


def _read(
    sources: Sources,
    outlet: str,
    cn: str,
    start: datetime,
    end: datetime,
    factor: str | None,
    step: timedelta | None,
) -> tuple[list[Reading], list[Any]]:
    """Day by day, so that a long span is refused before it fills the memory."""
    plain: list[Reading] = []
    thinned: list[Any] = []
    for first, after in _days(start, end, step):
        part = sources.store.readings(outlet, cn=cn, start=first, end=after, factor=factor)
        if step is None:
            plain += part
        else:
            thinned += thin(part, step)
        if len(plain) + len(thinned) > MOST:
            raise refused("query/from", f"more than {MOST} readings; ask for a shorter span, or for means with every=")
    return plain, thinned


def _days(start: datetime, end: datetime, step: timedelta | None) -> Iterator[tuple[datetime, datetime]]:
    """Pieces of at most a day, cut at midnight, so that no step up to a day is cut in two."""
    if step is not None and timedelta(days=1) % step:
        yield start, end
        return
    while start < end:
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        yield start, min(midnight, end)
        start = midnight


@router.get("/outlets/{outlet_id}/hours", summary="Judged hours of an outlet", response_model=shapes.Hours)
async def hours(sources: Given, outlet_id: str, from_: From = None, to: To = None) -> Response:
    """The newest revision of each judged hour; the last 24 hours where no span is asked for."""
    sources.outlet(outlet_id)
    start, end = span(from_, to, now=sources.now(), default=timedelta(hours=24), longest=LONGEST)
    return listed(await asyncio.to_thread(sources.store.hours, start=start, end=end, outlet=outlet_id))


@router.get(
    "/outlets/{outlet_id}/packets", summary="The frames behind one reading, as they came", response_model=shapes.Frames
)
async def packets(
    sources: Given,
    outlet_id: str,
    cn: Annotated[str, Query(description="Command: 2011, 2051, 2061 or 2031")],
    at: Annotated[str, Query(description="Data time: ISO 8601; Beijing time where it has no offset")],
) -> Response:
    """Frames of this command and data time, in order of receipt. The logger's password is left out of them."""
    outlet = sources.outlet(outlet_id)
    if cn not in (*COMMANDS, "2031"):
        raise refused("query/cn", f"{cn!r} is not one of 2011, 2051, 2061, 2031")
    start = moment(at, "query/at")
    if not EARLIEST_YEAR <= start.year <= LATEST_YEAR:
        raise refused("query/at", f"{at!r} is not between {EARLIEST_YEAR} and {LATEST_YEAR}")
    found = await asyncio.to_thread(
        sources.store.readings, outlet_id, cn=cn, start=start, end=start + timedelta(seconds=1)
    )
    if not found:
        return answer({"items": []})
    try:
        frames = await frames_of(sources.packets, sources.acceptance, outlet, found[0])
    except PacketsUnavailable as error:
        raise Problem(503, "Feed unavailable", f"The feed cannot be read now: {error}") from error
    return answer({"items": [_frame(frame) for frame in frames]})


def _frame(frame: Frame) -> dict[str, Any]:
    packet = frame.packet
    return {
        "received_at": frame.received_at,
        "gateway": frame.gateway,
        "raw": frame.raw,
        "password_hidden": frame.hidden,
        "cn": packet.cn,
        "data_time": packet.data_time,
        "qn": packet.qn,
        "values": packet.values,
    }
