"""``outlets.csv``: stacks, their monitors, and what they are held to."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from emissions.coverage import CoverageRule, must_monitor
from emissions.register import Division, Enterprise, Outlet
from rulebook.cell import Parse, device, flag, key, moment, number, one_of_numbers, optional, text, words
from rulebook.errors import Problem, shown
from rulebook.loader import Rulebook
from rulebook.standards import POLLUTANTS
from rulebook.table import Row, read_table

COLUMNS = (
    "id",
    "enterprise",
    "name",
    "mn",
    "category",
    "height_m",
    "standard",
    "reference_o2_pct",
    "pollutants",
    "permit_pm",
    "permit_so2",
    "permit_nox",
    "span_pm",
    "span_so2",
    "span_nox",
    "minute_interval",
    "connected_from",
    "must_monitor",
)

GASES = {"pm": "a34013", "so2": "a21026", "nox": "a21002"}
"""Endings of the columns ``permit_`` and ``span_`` and the pollutants they are for."""

MINUTE_INTERVALS = frozenset({1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30})
"""Intervals of minute data that HJ 212-2017 lets a logger have (MinInterval). [min]"""

USUAL_MINUTE_INTERVAL = 10

Value = TypeVar("Value")


def read_outlets(
    file: Path,
    divisions: Mapping[str, Division],
    enterprises: Mapping[str, Enterprise],
    book: Rulebook,
    problems: list[Problem],
    warnings: list[Problem],
) -> dict[str, Outlet]:
    """All outlets by id; what is wrong with a row goes to ``problems``, what looks wrong to ``warnings``.

    Raises:
        BadFile: the file cannot be read, or its first row is not what it has to be.
    """
    outlets: dict[str, Outlet] = {}
    lines: dict[tuple[str, str], int] = {}
    coverage = book.coverage()
    for row in read_table(file, COLUMNS, problems):
        outlet = _outlet(row, divisions, enterprises, coverage)
        for column, value in (("id", outlet.id), ("mn", outlet.mn)):
            if value and (column, value) in lines:
                row.refuse(column, f"each {column} once (the other stands in line {lines[column, value]})")
            lines.setdefault((column, value), row.line)
        if outlet.enterprise and outlet.enterprise not in enterprises:
            row.refuse("enterprise", "the id of an enterprise in enterprises.csv")
        if outlet.must_monitor and not row.cells["pollutants"]:
            row.refuse("pollutants", "at least one pollutant, as the outlet must be monitored")
        _check_standard(row, outlet, book)
        warnings += _warnings(row, outlet, book)
        outlets.setdefault(outlet.id, outlet)
    return outlets


def _outlet(
    row: Row, divisions: Mapping[str, Division], enterprises: Mapping[str, Enterprise], coverage: CoverageRule
) -> Outlet:
    """The row as an outlet. A cell that is wrong is noted in the row's problems and taken as empty."""

    def given(column: str, parse: Parse[Value]) -> Value | None:
        return row.read(column, optional(parse))

    enterprise = row.read("enterprise", key) or ""
    owner = enterprises.get(enterprise)
    division = divisions.get(owner.county) if owner else None
    height = given("height_m", number(above=0, below=1000))
    category = given("category", key) or ""
    required = given("must_monitor", flag)
    if required is None:
        required = must_monitor(
            height_m=height, category=category, industry=owner.industry if owner else "", rule=coverage
        )
    return Outlet(
        id=row.read("id", key) or "",
        enterprise=enterprise,
        county=owner.county if owner else "",
        city=division.parent if division else "",
        name=row.read("name", text) or "",
        mn=given("mn", device) or "",
        category=category,
        standard=given("standard", key) or "",
        height_m=height,
        reference_o2_pct=given("reference_o2_pct", number(least=0, below=21)),
        pollutants=given("pollutants", words(POLLUTANTS)) or (),
        permits_mg_m3=_by_pollutant(row, "permit"),
        spans=_by_pollutant(row, "span"),
        minute_interval=given("minute_interval", one_of_numbers(MINUTE_INTERVALS)) or USUAL_MINUTE_INTERVAL,
        connected_from=given("connected_from", moment),
        must_monitor=required,
    )


def _by_pollutant(row: Row, prefix: str) -> dict[str, float]:
    values = {code: row.read(f"{prefix}_{gas}", optional(number(above=0))) for gas, code in GASES.items()}
    return {code: value for code, value in values.items() if value is not None}


def _check_standard(row: Row, outlet: Outlet, book: Rulebook) -> None:
    if not outlet.standard:
        return
    standard = book.standards.get(outlet.standard)
    if standard is None:
        row.refuse("standard", f"one of the rulebook's standards {', '.join(book.standards)}, or nothing")
    elif outlet.category not in standard.category_names:
        row.refuse("category", f"one of {', '.join(standard.category_names)} of {outlet.standard}")


def _warnings(row: Row, outlet: Outlet, book: Rulebook) -> list[Problem]:
    """What can be worked with, but is hardly meant."""
    found = []
    standard = book.standards.get(outlet.standard)
    limited = {r.pollutant for r in standard.rows if r.category == outlet.category} if standard else set()
    for pollutant in outlet.pollutants:
        if pollutant not in limited and pollutant not in outlet.permits_mg_m3:
            where = f"{outlet.standard} {outlet.category}" if outlet.standard else "the permit, as no standard is named"
            found.append(("pollutants", f"a limit of {pollutant} in {where}", "none, so that it cannot be judged"))
    if outlet.must_monitor and outlet.connected_from is None:
        expected = "the day from which the hours of an outlet that must be monitored count"
        found.append(("connected_from", expected, shown(row.cells["connected_from"])))
    return [
        Problem(file=row.file, line=row.line, field=column, expected=expected, found=what)
        for column, expected, what in found
    ]
