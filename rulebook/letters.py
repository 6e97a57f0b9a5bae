"""Schema of ``letters/<kind>.yaml``: the wording of official letters about a case, with places for its figures.

A place is a plain name in braces; nothing in a template is ever evaluated.
"""

import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StrictStr

from rulebook.document import Document, Place, read_document, spelled
from rulebook.errors import BadFile, Problem
from rulebook.schema import Strict, validate

PLACES: Mapping[str, str] = {
    "county": "name of the county",
    "case": "id of the case",
    "state": "where the case stands",
    "opened_at": "when it was opened",
    "deadline": "when its present state is due",
    "periods": "months whose evidence is in it",
    "first_period": "month that opened it",
    "effective": "effective rate of that month at its settlement",
    "valid": "valid hours of that month",
    "expected": "expected hours of that month",
    "threshold": "rate below which a county is supervised",
    "settled_at": "when that month was settled",
    "enterprise_count": "enterprises that exceeded in that month",
    "today": "date of the letter",
    "cleared_at": "when a person cleared it",
    "cleared_reason": "the reason that person gave",
}
"""What a template may name, and what stands there."""

State = Literal["opened", "rectifying", "clearance_requested", "verifying", "cleared"]


class Both(Strict):
    """A text in Chinese and in English."""

    zh: StrictStr
    en: StrictStr

    def of(self, language: str) -> str:
        """The text in a language; Chinese for any other."""
        return self.en if language == "en" else self.zh


class Paragraph(Both):
    """One paragraph, for all cases or only for some."""

    trigger: Literal["rate", "exceeding"] | None = None
    """Only for cases that were opened by this; null: for all."""
    deadline: bool = False
    """Only while the case has a deadline."""


class LetterFile(Strict):
    """The whole file; its name without the ending is the kind of letter."""

    states: Annotated[tuple[State, ...], Field(strict=False, min_length=1)]
    """States of a case in which the letter can be written."""
    title: Both
    addressee: Both
    paragraphs: Annotated[tuple[Paragraph, ...], Field(strict=False, min_length=1)]
    closing: Both
    signature: Both


def letter_of(document: Document) -> LetterFile:
    """The letter that a document holds.

    Raises:
        BadFile: a field does not fit, or a text has a place that no figure belongs to.
    """
    letter = validate(document, LetterFile)
    problems = [
        Problem(file=document.file, line=document.line(place), field=spelled(place), expected=expected, found=found)
        for place, expected, found in _surprises(letter)
    ]
    if problems:
        raise BadFile(problems)
    return letter


def load_letters(folder: Path) -> dict[str, LetterFile]:
    """All letters of a folder by kind.

    Raises:
        BadFile: with all that is wrong in any of them.
    """
    letters: dict[str, LetterFile] = {}
    problems: list[Problem] = []
    for file in sorted(folder.glob("*.yaml")):
        try:
            letters[file.stem] = letter_of(read_document(file))
        except BadFile as error:
            problems += error.problems
    if problems:
        raise BadFile(problems)
    return letters


def _surprises(letter: LetterFile) -> Iterator[tuple[Place, str, str]]:
    texts: list[tuple[Place, Both]] = [
        *(((name,), getattr(letter, name)) for name in ("title", "addressee", "closing", "signature")),
        *((("paragraphs", at), paragraph) for at, paragraph in enumerate(letter.paragraphs)),
    ]
    for place, both in texts:
        for language in ("zh", "en"):
            if (found := _misplaced(both.of(language))) is not None:
                yield (*place, language), f"only places out of {', '.join(PLACES)}", found


def _misplaced(text: str) -> str | None:
    """The first thing in braces that is no plain known name."""
    try:
        for _, name, spec, conversion in string.Formatter().parse(text):
            if name is not None and (name not in PLACES or spec or conversion):
                return "{" + name + "}"
    except ValueError as error:
        return f"{text[:40]!r}: {error}"
    return None
