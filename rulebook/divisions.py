"""``divisions.csv``: counties, cities and separately assessed zones, and who belongs to whom."""

from pathlib import Path

from emissions.register import Division
from rulebook.cell import day, key, optional, text
from rulebook.errors import Problem
from rulebook.table import Row, read_table

COLUMNS = ("code", "name", "parent", "valid_from", "valid_to")


def read_divisions(file: Path, problems: list[Problem]) -> dict[str, Division]:
    """All divisions by code; what is wrong with a row goes to ``problems``.

    Raises:
        BadFile: the file cannot be read, or its first row is not what it has to be.
    """
    divisions: dict[str, Division] = {}
    rows: dict[str, Row] = {}
    for row in read_table(file, COLUMNS, problems):
        code = row.read("code", key)
        name = row.read("name", text)
        parent = row.read("parent", optional(key))
        valid_from = row.read("valid_from", optional(day))
        valid_to = row.read("valid_to", optional(day))
        if code in rows:
            row.refuse("code", f"each code once (the other stands in line {rows[code].line})")
        elif code is not None:
            rows[code] = row
            divisions[code] = Division(
                code=code, name=name or "", parent=parent or "", valid_from=valid_from, valid_to=valid_to
            )
        if valid_from is not None and valid_to is not None and valid_to < valid_from:
            row.refuse("valid_to", f"a day not before {valid_from}")
    for code, division in divisions.items():
        if division.parent and division.parent not in divisions:
            rows[code].refuse("parent", "the code of a division of this file, or nothing")
        elif _below_itself(code, divisions):
            rows[code].refuse("parent", "a division above this one")
    return divisions


def counties(divisions: dict[str, Division]) -> frozenset[str]:
    """Codes of the divisions that enterprises can belong to: below another, and above none."""
    parents = {division.parent for division in divisions.values()}
    return frozenset(code for code, division in divisions.items() if division.parent and code not in parents)


def _below_itself(code: str, divisions: dict[str, Division]) -> bool:
    seen: set[str] = set()
    at = code
    while at in divisions and at not in seen:
        seen.add(at)
        at = divisions[at].parent
    return at == code
