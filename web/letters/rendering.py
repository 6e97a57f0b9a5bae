"""A letter as HTML and as PDF."""

from dataclasses import asdict
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web.letters.letter import Letter
from web.reports.pdf import typeset

_TEMPLATES = Path(__file__).parent / "templates"
_HTML = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def letter_html(letter: Letter, *, base: str) -> bytes:
    """One HTML file that needs nothing else. ``base`` goes before the links, so that they work from a mail."""
    return _HTML.get_template("letter.html").render(letter=letter, base=base).encode()


def letter_pdf(letter: Letter, *, base: str) -> bytes:
    """The PDF, set like an official letter."""
    content = asdict(letter) | {"base": base, "made_at": letter.made_at.isoformat()}
    return typeset(_TEMPLATES / "letter.typ", content, at=letter.made_at)
