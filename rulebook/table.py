"""CSV files as people and spreadsheets write them: rows with their line, cells by the name of their column."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rulebook.cell import BadCell, Parse
from rulebook.document import read_text
from rulebook.errors import BadFile, Problem, shown

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Row:
    """One row that holds something."""

    file: Path
    line: int
    cells: dict[str, str]
    """By column, without blanks around them."""
    problems: list[Problem]
    """Shared by all rows of a file or register."""

    def read(self, column: str, parse: Parse[Value]) -> Value | None:
        """The cell as a value; None, and one more problem, if it is not what the column holds."""
        try:
            return parse(self.cells[column])
        except BadCell as error:
            self.refuse(column, str(error))
            return None

    def refuse(self, column: str, expected: str) -> None:
        """Note that the cell is wrong, though it could be read."""
        found = shown(self.cells[column])
        self.problems.append(Problem(file=self.file, line=self.line, field=column, expected=expected, found=found))


def read_table(file: Path, columns: Sequence[str], problems: list[Problem]) -> list[Row]:
    """All rows of a CSV file that hold something.

    UTF-8 with or without a byte order mark, commas, either line end, quoted cells; columns in any order. Empty columns
    and rows at the end are what spreadsheets leave behind and are passed over; so are cells left out at a row's end.

    Args:
        file: The file.
        columns: Names that its first row has to have, all of them and no others.
        problems: Where rows put what is wrong with them.

    Raises:
        BadFile: the file cannot be read, or its first row is not what it has to be.
    """
    records = _records(file)
    line, header = next(records, (1, []))
    names = [cell.strip() for cell in header]
    while names and not names[-1]:
        names.pop()
    if wrong := list(_header_problems(file, line, names, columns)):
        raise BadFile(wrong)
    rows = []
    for line, record in records:
        cells = [cell.strip() for cell in record]
        if not any(cells):
            continue
        row = Row(file, line, dict.fromkeys(names, "") | dict(zip(names, cells, strict=False)), problems)
        for number, cell in enumerate(cells[len(names) :], start=len(names) + 1):
            if cell:
                problem = Problem(
                    file=file, line=line, field=f"column {number}", expected="no more cells", found=shown(cell)
                )
                problems.append(problem)
        rows.append(row)
    return rows


def _records(file: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(read_text(file), newline=""), strict=True)
    line = 1
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = Problem(file=file, line=line, field="", expected="comma-separated values", found=str(error))
            raise BadFile([problem]) from error
        yield line, record
        line = reader.line_num + 1


def _header_problems(file: Path, line: int, names: list[str], columns: Sequence[str]) -> Iterator[Problem]:
    def problem(field: str, expected: str, found: str) -> Problem:
        return Problem(file=file, line=line, field=field, expected=expected, found=found)

    if not names:
        yield problem("", f"the columns {', '.join(columns)}", "nothing")
        return
    if len(names) == 1 and len(columns) > 1:
        yield problem("", f"the columns {', '.join(columns)}, separated by commas", shown(names[0]))
        return
    for number, name in enumerate(names, start=1):
        if name not in columns:
            yield problem(name or f"column {number}", f"one of the columns {', '.join(columns)}", shown(name))
        elif name in names[: number - 1]:
            yield problem(name, "each column once", "the same column again")
    for name in columns:
        if name not in names:
            yield problem(name, "a column of this name", "no such column")
