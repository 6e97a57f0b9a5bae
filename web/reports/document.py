"""A report in one language, before it is a page, a workbook or a PDF: text, figures, tables, charts.

Values keep their types up to the renderer: a workbook gets numbers, everything else gets them written as on the pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from web import figures

Value = str | int | float | datetime | date | None

KINDS = ("text", "count", "percent", "mg", "multiple", "time", "day")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    key: str
    title: str
    kind: str = "text"
    """One of ``KINDS``: how its values are written."""
    wide: bool = False
    """Holds names, so it gets the room that the others leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns."""

    name: str
    """Name of its sheet; for people, in the reader's language."""
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Value]]
    flagged: frozenset[int] = frozenset()
    """Rows that stand out, by position."""
    links: Mapping[int, str] = field(default_factory=dict)
    """Address on this site that a row's first cell leads to, by position."""
    empty: str = ""
    """What is said where there are no rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart of a section, made of columns of its table."""

    title: str
    kind: str
    """``bars`` (one for each row, lying) or ``pareto`` (standing bars with a running share)."""
    label: str
    """Column of the names."""
    value: str
    """Column of the bars."""
    second: str = ""
    """Column of dots beside the bars, or of the running share; empty: none."""
    threshold: float | None = None
    """Where a line is drawn. [as the bars]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a document."""

    key: str
    """Language-free name, for links and tests."""
    title: str
    lead: Sequence[str] = ()
    """Paragraphs before the table."""
    table: Table | None = None
    chart: Chart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One key figure."""

    key: str
    title: str
    value: Value
    kind: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole report in one language."""

    language: str
    """Tag for ``lang``, for instance ``zh-CN``."""
    title: str
    subtitle: str
    status: str
    """Settled or not, in words."""
    figures: Sequence[Figure]
    sections: Sequence[Section]
    notes: Sequence[str]
    provenance: Sequence[tuple[str, str]]
    """What it was made from, by name."""
    page_of: str
    """``{page}`` and ``{pages}`` filled in at the foot of each printed page."""
    made_at: datetime


def written(value: Value, kind: str) -> str:
    """A value as people read it: as everywhere on the pages."""
    if value is None:
        return figures.NONE
    if isinstance(value, datetime):
        return figures.minute(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    match kind:
        case "percent":
            return figures.percent(float(value))
        case "count":
            return figures.count(int(value))
        case "mg":
            return figures.mg(float(value))
        case "multiple":
            return f"{value:.2f}"
    return str(value)


def column_of(table: Table, key: str) -> Column:
    """A column by its key. Raises KeyError."""
    return {column.key: column for column in table.columns}[key]


def is_number(kind: str) -> bool:
    """Whether a column's values are numbers, set to the right."""
    return kind in {"count", "percent", "mg", "multiple"}
