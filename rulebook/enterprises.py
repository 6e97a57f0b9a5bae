"""``enterprises.csv``: polluting units, and which county answers for them."""

from collections.abc import Collection
from pathlib import Path

from emissions.register import Division, Enterprise
from rulebook.cell import flag, key, optional, text
from rulebook.divisions import counties
from rulebook.errors import Problem, shown
from rulebook.table import Row, read_table

COLUMNS = ("id", "name", "county", "industry", "livelihood")


def read_enterprises(
    file: Path,
    divisions: dict[str, Division],
    known_industries: Collection[str],
    problems: list[Problem],
    warnings: list[Problem],
) -> dict[str, Enterprise]:
    """All enterprises by id; what is wrong with a row goes to ``problems``, what looks wrong to ``warnings``.

    Raises:
        BadFile: the file cannot be read, or its first row is not what it has to be.
    """
    enterprises: dict[str, Enterprise] = {}
    rows: dict[str, Row] = {}
    allowed = counties(divisions)
    for row in read_table(file, COLUMNS, problems):
        id_ = row.read("id", key)
        name = row.read("name", text)
        county = row.read("county", key)
        industry = row.read("industry", text)
        livelihood = row.read("livelihood", optional(flag))
        if county is not None and county not in allowed:
            row.refuse("county", _county_expected(county, divisions))
        if industry is not None and industry not in known_industries:
            known = ", ".join(sorted(known_industries))
            warnings.append(
                Problem(
                    file=file,
                    line=row.line,
                    field="industry",
                    expected=f"one of the industries {known}",
                    found=shown(industry),
                )
            )
        if id_ in rows:
            row.refuse("id", f"each id once (the other stands in line {rows[id_].line})")
        elif id_ is not None:
            rows[id_] = row
            enterprises[id_] = Enterprise(
                id=id_,
                name=name or "",
                county=county or "",
                industry=industry or "",
                livelihood=bool(livelihood),
            )
    return enterprises


def _county_expected(county: str, divisions: dict[str, Division]) -> str:
    if county not in divisions:
        return "the code of a county in divisions.csv"
    if not divisions[county].parent:
        return "a county, and not a division without a parent"
    return "a county, and not a division that has others below it"
