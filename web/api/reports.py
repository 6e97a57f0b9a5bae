"""The monthly report: as JSON, workbook, PDF or one HTML file, all of the same figures."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Response

from web.access.asking import Exporting
from web.api.answers import answer
from web.api.serving import sources_of
from web.periods import NotAPeriod, bounds
from web.problems import RESPONSES, not_found, refused
from web.reports.html import document_html
from web.reports.monthly import Monthly
from web.reports.monthly_document import monthly_document
from web.reports.pdf import document_pdf
from web.reports.reading import read_monthly
from web.reports.xlsx import document_xlsx
from web.sources import Sources
from web.wording import wording

router = APIRouter(tags=["reports"], responses=RESPONSES)

Given = Annotated[Sources, Depends(sources_of)]
Language = Annotated[Literal["zh", "en"], Query(alias="lang", description="Language of the report")]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
HTML = "text/html"

_RENDERERS = {"xlsx": (XLSX, document_xlsx), "pdf": (PDF, document_pdf), "html": (HTML, document_html)}

_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (XLSX, PDF)}
        | {HTML: {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/reports/monthly",
    summary="Rates, ranking, exceedances and cases of a month",
    response_model=Monthly,
    responses=_FILES,
)
async def monthly(
    sources: Given,
    person: Exporting,
    period: Annotated[
        str | None, Query(description="The month; the current one if left out", examples=["2026-11"])
    ] = None,
    format: Literal["json", "xlsx", "pdf", "html"] = "json",  # noqa: A002 - the interface's own word
    county: Annotated[str | None, Query(description="Only this county")] = None,
    language: Language = "zh",
) -> Response:
    """The report. Its ranking goes by the completed rate, once the month is settled by that of the settlement."""
    chosen = sources.month() if period is None else period
    try:
        bounds("month", chosen)
    except NotAPeriod as error:
        raise refused("query/period", str(error)) from None
    if county is not None and county not in sources.register.divisions:
        raise not_found("county", county)
    report = await asyncio.to_thread(read_monthly, sources, chosen, county=county, by=person.by)
    if format == "json":
        return answer(asdict(report))
    media_type, render = _RENDERERS[format]
    document = monthly_document(report, wording(language), sources.name_of)
    content = await asyncio.to_thread(render, document)
    return as_file(content, media_type, f"{document.title}.{format}", f"monthly-{chosen}.{format}")


def as_file(content: bytes, media_type: str, name: str, ascii_name: str) -> Response:
    """A file to keep, under a name in any language; HTML is shown where it is."""
    how = "inline" if media_type == HTML else "attachment"
    disposition = f"{how}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name)}"
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=headers)
