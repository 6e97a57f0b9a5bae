"""Schema of ``standards/<id>.yaml``: one standard, its categories, and its limit rows with their dates."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

from pydantic import Field, StrictStr

from emissions.rules import LimitRow
from hj212.tables import FACTORS
from rulebook.document import Document, Place, spelled
from rulebook.errors import BadFile, Problem, shown
from rulebook.schema import Strict, Text, validate

POLLUTANTS: tuple[str, ...] = tuple(code for code, factor in FACTORS.items() if factor.unit == "mg/m³")
"""What can be assessed and limited, by HJ 212-2017 code: all concentrations in mg/m³."""

Slug = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]


class Category(Strict):
    """One row heading of the standard: which sources its limits are for."""

    zh: Text
    en: Text
    coal_boiler: bool
    """Whether these are boilers fired with coal, which must have a monitor (R23)."""


class Row(Strict):
    """One limit, as a person writes it."""

    category: Slug
    pollutant: Text
    limit_mg_m3: Annotated[float, Field(gt=0, le=100_000)]
    reference_o2_pct: Annotated[float, Field(ge=0, lt=21)] | None
    """null: the standard gives none, so nothing is converted. [% v/v]"""
    from_: Annotated[date, Field(alias="from")]
    """First day in force."""
    to: date | None = None
    """Last day in force; null: still in force."""
    clause: Text
    verified: bool = False
    """Whether somebody compared number and dates with the printed text."""


class StandardFile(Strict):
    """The whole file. Only ``rows`` has to be there; the rest says what they are, for people and for R23."""

    id: Slug | None = None
    """If given, the name of the file without its ending, which is the standard's id."""
    title: Text | None = None
    title_en: Text | None = None
    applies_in: Text | None = None
    note: StrictStr = ""
    categories: dict[Slug, Category] | None = None
    """The words that rows may use; if left out, any, and those that begin with ``coal`` are coal boilers."""
    rows: Annotated[tuple[Row, ...], Field(strict=False, min_length=1)]

    def limits(self, standard: str) -> Iterator[LimitRow]:
        """The rows for the core under the standard's id, in the order of the file."""
        for row in self.rows:
            yield LimitRow(
                standard=standard,
                category=row.category,
                pollutant=row.pollutant,
                limit_mg_m3=row.limit_mg_m3,
                reference_o2_pct=row.reference_o2_pct,
                valid_from=row.from_,
                valid_to=row.to,
                clause=row.clause,
                verified=row.verified,
            )

    @property
    def category_names(self) -> tuple[str, ...]:
        """Categories that an outlet may have under this standard."""
        return tuple(self.categories) if self.categories is not None else tuple({row.category: 0 for row in self.rows})

    @property
    def coal_categories(self) -> frozenset[str]:
        """Categories that stand for coal boilers."""
        if self.categories is None:
            return frozenset(name for name in self.category_names if name.partition("-")[0] == "coal")
        return frozenset(name for name, category in self.categories.items() if category.coal_boiler)


def standard_of(document: Document) -> StandardFile:
    """The standard that a document holds.

    Raises:
        BadFile: a field does not fit; the id is not the file's name; a row names a category that the file does not
            describe or a pollutant that cannot be limited; a row ends before it begins; two rows for one thing begin
            on the same day. (Otherwise the later row goes before an earlier one that has no end.)
    """
    standard = validate(document, StandardFile)
    problems = [
        Problem(file=document.file, line=document.line(place), field=spelled(place), expected=expected, found=found)
        for place, expected, found in _surprises(standard, document)
    ]
    if problems:
        raise BadFile(problems)
    return standard


def _surprises(standard: StandardFile, document: Document) -> Iterator[tuple[Place, str, str]]:
    if standard.id not in {None, document.file.stem}:
        yield ("id",), f"the name of the file, {document.file.stem!r}", shown(standard.id)
    for index, row in enumerate(standard.rows):
        if row.category not in standard.category_names:
            known = ", ".join(standard.category_names)
            yield ("rows", index, "category"), f"one of the file's categories {known}", shown(row.category)
        if row.pollutant not in POLLUTANTS:
            yield ("rows", index, "pollutant"), f"one of {', '.join(POLLUTANTS)}", shown(row.pollutant)
        if row.to is not None and row.to < row.from_:
            yield ("rows", index, "to"), f"a day not before {row.from_}", str(row.to)
        if (earlier := _twin(standard.rows, index)) is not None:
            line = document.line(("rows", earlier))
            yield ("rows", index, "from"), f"another first day than the row for the same in line {line}", str(row.from_)


def _twin(rows: Sequence[Row], index: int) -> int | None:
    """An earlier row for the same category and pollutant from the same day on, so that neither is the later one."""
    row = rows[index]
    for earlier, other in enumerate(rows[:index]):
        if (other.category, other.pollutant, other.from_) == (row.category, row.pollutant, row.from_):
            return earlier
    return None
