"""Every error of the HTTP interface as one RFC 9457 problem document, that says what was wrong and where."""

import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from alerts.repository import DatabaseUnavailable
from stores.port import StoreUnavailable

MEDIA_TYPE = "application/problem+json"

log = logging.getLogger(__name__)


class Wrong(BaseModel):
    """One thing that was wrong with a request."""

    pointer: str = Field(examples=["body/from", "query/period"])
    detail: str


class ProblemDocument(BaseModel):
    """A problem document as RFC 9457 describes it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Wrong] = []


class Problem(Exception):
    """The request cannot be answered; carries what the caller should read."""

    def __init__(self, status: int, title: str, detail: str, *, errors: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)


def not_found(what: str, key: str) -> Problem:
    """Nothing of that name, or nothing that the caller may see."""
    return Problem(404, "Not found", f"There is no {what} {key!r}.")


def refused(pointer: str, detail: str) -> Problem:
    """One field of the request says something that cannot be."""
    return Problem(422, "Not understood", detail, errors=[(pointer, detail)])


def answer(request: Request, problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """The document for one problem."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.url.path,
    }
    if problem.errors:
        content["errors"] = [{"pointer": pointer, "detail": detail} for pointer, detail in problem.errors]
    return Response(msgspec.json.encode(content), problem.status, headers=headers, media_type=MEDIA_TYPE)


_TITLES = {404: "Not found", 405: "Method not allowed"}


def install(app: FastAPI) -> None:
    """Make every error of the application a problem document."""

    @app.exception_handler(Problem)
    async def known(request: Request, error: Problem) -> Response:
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def not_understood(request: Request, error: RequestValidationError) -> Response:
        errors = [("/".join(map(str, item["loc"])), str(item["msg"])) for item in error.errors()]
        detail = "; ".join(f"{pointer}: {message}" for pointer, message in errors)
        return answer(request, Problem(422, "Not understood", detail, errors=errors))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        title = _TITLES.get(error.status_code, str(error.detail))
        detail = f"There is nothing at {request.url.path}." if error.status_code == 404 else str(error.detail)
        headers = dict(error.headers) if error.headers else None
        return answer(request, Problem(error.status_code, title, detail), headers)

    @app.exception_handler(StoreUnavailable)
    async def unavailable(request: Request, error: StoreUnavailable) -> Response:
        problem = Problem(503, "Store unavailable", f"The series store cannot be read now: {error}")
        return answer(request, problem, {"Retry-After": "5"})

    @app.exception_handler(DatabaseUnavailable)
    async def database_away(request: Request, error: DatabaseUnavailable) -> Response:
        problem = Problem(503, "Database unavailable", f"The alert database cannot be used now: {error}")
        return answer(request, problem, {"Retry-After": "5"})

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        log.error("unexpected error at %s %s", request.method, request.url.path, exc_info=error)
        return answer(request, Problem(500, "Internal error", "Something went wrong here; the log says what."))


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": ProblemDocument.model_json_schema()}}}
    for status, text in (
        (401, "Nobody is logged in, and no token that counts was sent"),
        (403, "The role does not have the right"),
        (404, "No such object, or none that the asker may see"),
        (422, "The request is not understood"),
        (429, "Too many requests; Retry-After says when again"),
        (503, "A store is away"),
    )
}
"""Problem documents for the OpenAPI document."""
