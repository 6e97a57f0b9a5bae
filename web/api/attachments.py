"""Files attached to alerts, cases and work orders: put in with limits, handed out so that no browser runs them."""

import asyncio
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response

from alerts.attachments import TooLarge
from alerts.filing import Content, Gone, Kind
from alerts.repository import Incomplete, NotAllowed, NotFound
from alerts.transaction import NeverTaken
from web.access.asking import Answering, acting
from web.api import shapes
from web.api.acting import CONFLICT, Given
from web.api.answers import answer
from web.problems import RESPONSES, Problem, not_found, refused

router = APIRouter(tags=["attachments"], responses=RESPONSES)

Where = Annotated[Literal["alerts", "cases", "work-orders"], Path()]
Id = Annotated[str, Path(max_length=200)]
KINDS: dict[str, Kind] = {"alerts": "alert", "cases": "case", "work-orders": "work_order"}

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, its type in Content-Type",
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_REFUSALS: dict[int | str, dict[str, Any]] = CONFLICT | {413: {"description": "The file is too large"}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    410: {"description": "The file's content is lost"},
}


@router.get("/{where}/{id_}/attachments", summary="Attached files", response_model=shapes.Attachments)
async def files(sources: Given, where: Where, id_: Id) -> Response:
    """Files of one thing, oldest first."""
    try:
        return answer({"items": await asyncio.to_thread(sources.alerts.files.all, KINDS[where], id_)})
    except NotFound:
        raise not_found(KINDS[where], id_) from None


@router.post(
    "/{where}/{id_}/attachments",
    summary="Attach a file",
    status_code=201,
    response_model=shapes.OneAttachment,
    responses=_REFUSALS,
    openapi_extra=_BODY,
)
async def attach(
    request: Request,
    sources: Given,
    person: Answering,
    where: Where,
    id_: Id,
    name: Annotated[str, Query(min_length=1, max_length=200, description="Name of the file", examples=["photo.jpg"])],
    note: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """The body is the file. Its size, its type and how it begins are looked at; what else is in it is not."""
    by, kind = acting(person, None), KINDS[where]
    limit = sources.alerts.policy.attachments.largest
    content = await _read(request, limit)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    desk = sources.alerts.files

    def act() -> object:
        return desk.add(
            kind, id_, name=name, media_type=media_type, content=content, by=by, note=note, now=sources.now()
        )

    try:
        return answer({"attachment": await asyncio.to_thread(act)}, status=201)
    except NotFound:
        raise not_found(kind, id_) from None
    except NotAllowed as error:
        raise Problem(409, "Not allowed now", f"It {error}.") from None
    except TooLarge as error:
        raise _too_large(str(error)) from None
    except (Incomplete, NeverTaken) as error:
        raise refused("body", str(error)) from None
    except OSError as error:
        raise Problem(503, "Store unavailable", f"The file cannot be kept now: {error.strerror}.") from None


@router.get(
    "/{where}/{id_}/attachments/{file_id}",
    summary="One attached file",
    response_class=Response,
    responses=_FILE,
)
async def one(sources: Given, where: Where, id_: Id, file_id: Id) -> Response:
    """The file, always as a download: never shown or run in the page's own origin."""
    try:
        found = await asyncio.to_thread(sources.alerts.files.one, KINDS[where], id_, file_id)
    except NotFound:
        raise not_found("file", file_id) from None
    except Gone as error:
        raise Problem(410, "Gone", f"The file {error}.") from None
    return download(found)


def download(found: Content) -> Response:
    """A file as an answer that a browser saves and does not run."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.about.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
        "ETag": f'"{found.about.sha256}"',
    }
    return Response(found.content, headers=headers, media_type=found.about.media_type)


async def _read(request: Request, limit: int) -> bytes:
    """The body, given up as soon as it is longer than it may be."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise _too_large(f"the file has more than {limit} bytes")
    return bytes(body)


def _too_large(why: str) -> Problem:
    return Problem(413, "Too large", f"{why[:1].upper()}{why[1:]}.")
