"""Asking InfluxDB: Flux literals, and the rows of an answer."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from stores.influx_lines import tag_value
from stores.port import StoreUnavailable

_SIGN = re.compile(r"[\\.+*?()|\[\]{}^$/]")
"""Signs with a meaning in a regular expression or its literal; before any other one a backslash is an error."""
_BACKSLASHED = r"\\\g<0>"


def text(value: str) -> str:
    """A string literal of Flux. ``value`` must not hold control characters."""
    return quoted(value).replace("${", "\\${")


def quoted(value: str) -> str:
    """A value of a delete predicate, which knows no interpolation. ``value`` must not hold control characters."""
    return json.dumps(value, ensure_ascii=False)


def moment(value: datetime) -> str:
    """A time literal of Flux."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def starts_with(prefix: str) -> str:
    """A regular expression literal of Flux for names that start so."""
    return f"/^{_SIGN.sub(_BACKSLASHED, prefix)}/"


def equal(tags: dict[str, str | None]) -> str:
    """Condition that tags have these values; None asks for nothing, the empty string for a tag that is not there."""
    conditions = []
    for name, value in tags.items():
        if value == "":
            conditions.append(f" and not exists r.{name}")
        elif value is not None:
            conditions.append(f" and r.{name} == {text(tag_value(value))}")
    return "".join(conditions)


def any_of(column: str, values: Sequence[str]) -> str:
    """Condition that a column has one of these values, as they stand in the engine, of which there must be one.

    The alternatives form a balanced tree: in a row, each would be nested in the one before, and the engine refuses a
    program that is nested too deep.
    """
    if len(values) == 1:
        return f"r.{column} == {text(values[0])}"
    middle = len(values) // 2
    return f"({any_of(column, values[:middle])} or {any_of(column, values[middle:])})"


def rows(answer: Iterable[str]) -> Iterator[dict[str, str]]:
    """Rows of an answer in CSV, by column name; tables with other columns follow after a blank line.

    Raises:
        StoreUnavailable: the engine broke off, and says why in the last table.
    """
    header: list[str] = []
    for cells in csv.reader(answer):
        if not cells:
            header = []
        elif not header:
            header = cells
        elif "error" in header and "reference" in header:
            raise StoreUnavailable(f"InfluxDB broke off its answer: {cells[header.index('error')]}")
        else:
            yield dict(zip(header, cells, strict=False))
