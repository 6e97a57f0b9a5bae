"""A document as one HTML file that needs nothing else: no script, charts inside, fit for print."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from web.reports.document import Document, Section, is_number, written
from web.reports.svg import draw

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals |= {"written": written, "is_number": is_number}


def document_html(document: Document, *, base: str = "") -> bytes:
    """The file. ``base`` goes before links into the pages, for instance ``http://127.0.0.1:8080``."""
    charts = {section.key: Markup(chart_of(section)) for section in document.sections}  # noqa: S704 - our own drawing, its texts escaped
    return _TEMPLATES.get_template("document.html").render(document=document, charts=charts, base=base).encode()


def chart_of(section: Section) -> str:
    """The section's drawing; empty where it has none."""
    return draw(section.chart, section.table) if section.chart is not None and section.table is not None else ""
