"""What a case can be taken away as: official letters about it, and the bundle of its evidence."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from alerts.repository import NotFound
from alerts.views import CaseView
from web.access.asking import Exporting
from web.api.acting import CONFLICT
from web.api.reports import HTML, PDF, Language, as_file
from web.api.serving import sources_of
from web.evidence.bundle import evidence_bundle
from web.evidence.frames import TooLarge
from web.letters.letter import NotNow, write_letter
from web.letters.rendering import letter_html, letter_pdf
from web.packets import PacketsUnavailable
from web.problems import RESPONSES, Problem, not_found
from web.sources import Sources
from web.wording import wording

router = APIRouter(tags=["cases"], responses=RESPONSES)

Given = Annotated[Sources, Depends(sources_of)]

ZIP = "application/zip"

_RENDERERS = {"pdf": (PDF, letter_pdf), "html": (HTML, letter_html)}


async def case_of(sources: Sources, case_id: str) -> CaseView:
    """A case that the asker may see; raises the 404 problem."""
    try:
        return await asyncio.to_thread(sources.alerts.case, case_id)
    except NotFound:
        raise not_found("case", case_id) from None


@router.get(
    "/cases/{case_id}/letter",
    summary="An official letter about a case",
    response_class=Response,
    responses=CONFLICT
    | {
        200: {
            "description": "The letter",
            "content": {PDF: {"schema": {"type": "string", "format": "binary"}}, HTML: {"schema": {"type": "string"}}},
        }
    },
)
async def letter(
    sources: Given,
    person: Exporting,  # noqa: ARG001 - only somebody who may take files away
    request: Request,
    case_id: str,
    kind: Annotated[str, Query(description="Name of a template of the rulebook", examples=["preliminary_notice"])],
    format: Literal["pdf", "html"] = "pdf",  # noqa: A002 - the interface's own word
    language: Language = "zh",
) -> Response:
    """The rulebook's wording with the case's figures, each with the way to its evidence. It is not sent to anybody."""
    case = await case_of(sources, case_id)
    if (template := sources.letters.get(kind)) is None:
        raise not_found("letter", kind)
    words = wording(language)
    try:
        written = write_letter(
            kind,
            template,
            case,
            words=words,
            parameters=sources.parameters,
            name_of=sources.name_of,
            now=sources.now(),
            version=sources.rules.version,
        )
    except NotNow as error:
        raise Problem(409, "Not allowed now", f"The case {error}.") from None
    media_type, render = _RENDERERS[format]
    content = await asyncio.to_thread(render, written, base=str(request.base_url).rstrip("/"))
    return as_file(content, media_type, f"{written.title}.{format}", f"{kind}-{case.id}.{format}")


@router.get(
    "/cases/{case_id}/evidence.zip",
    summary="All that a case rests on, to be verified elsewhere",
    response_class=Response,
    responses={
        200: {"description": "The bundle", "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}},
        413: {"description": "There are more frames than one bundle holds"},
    },
)
async def evidence(sources: Given, person: Exporting, case_id: str) -> Response:  # noqa: ARG001 - as above
    """Frames, hours, calculation, limits, marks, audit log, register and rulebook, with the SHA-256 of each file.

    ``README.txt`` in it says how to calculate the figures again. The same state of the case gives the same bytes.
    """
    case = await case_of(sources, case_id)
    try:
        content = await evidence_bundle(sources, case)
    except PacketsUnavailable as error:
        raise Problem(503, "Feed unavailable", f"The frames cannot be read now: {error}") from None
    except TooLarge as error:
        raise Problem(413, "Too large", f"The bundle cannot be made: {error}.") from None
    return as_file(content, ZIP, f"evidence-{case.id}.zip", f"evidence-{case.id}.zip")
