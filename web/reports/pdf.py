"""A document as a PDF: A4, numbered pages, table heads repeated, Chinese set in a font that travels inside the file.

Set by Typst. What is shown comes in as data; a template is the project's own, and it cannot reach the network or any
file. The same document gives the same bytes.
"""

import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pylopdf_fonts_zh_cn
import typst

from emissions.beijing import to_beijing
from web.reports.document import Document, Section, Table, is_number, written
from web.reports.html import chart_of

_TEMPLATES = Path(__file__).parent / "templates"
_FONTS = typst.Fonts(
    include_system_fonts=False,
    include_embedded_fonts=False,
    font_paths=[str(Path(pylopdf_fonts_zh_cn.__file__).parent)],
)
_ONE_AT_A_TIME = threading.Lock()
"""Setting keeps a core busy: several at once would only slow the pages down."""


def document_pdf(document: Document) -> bytes:
    """The PDF of a report."""
    content = {
        "language": document.language,
        "title": document.title,
        "subtitle": document.subtitle,
        "status": document.status,
        "figures": [
            {"title": figure.title, "value": written(figure.value, figure.kind), "note": figure.note}
            for figure in document.figures
        ],
        "sections": [_section(section) for section in document.sections],
        "notes": document.notes,
        "provenance": document.provenance,
        "page_of": document.page_of.split("|"),
    }
    return typeset(_TEMPLATES / "document.typ", content, at=document.made_at)


def typeset(template: Path, content: Mapping[str, Any], *, at: datetime) -> bytes:
    """Set one of our templates with content that is only ever data."""
    sys_inputs = {"content": msgspec.json.encode(content).decode()}
    with _ONE_AT_A_TIME:
        return typst.compile(
            template,
            root=template.parent,
            font_paths=_FONTS,
            ignore_system_fonts=True,
            sys_inputs=sys_inputs,
            format="pdf",
            timestamp=to_beijing(at),
        )


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "lead": section.lead,
        "chart": chart_of(section),
        "chart_title": section.chart.title if section.chart is not None else "",
        "table": None if section.table is None else _table(section.table),
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "columns": [
            {"title": column.title, "number": is_number(column.kind), "wide": column.wide} for column in table.columns
        ],
        "rows": [[written(row.get(column.key), column.kind) for column in table.columns] for row in table.rows],
        "flagged": sorted(table.flagged),
        "empty": table.empty,
    }
