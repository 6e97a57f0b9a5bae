"""What one cell of a CSV file may hold. Each parser takes the text and gives the value, or says what it expected."""

import math
import re
import unicodedata
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypeVar

from emissions.beijing import BEIJING, to_beijing

Value = TypeVar("Value")
Parse = Callable[[str], Value]

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?", re.ASCII)
_INTEGER = re.compile(r"\d{1,9}", re.ASCII)
_DAY = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})", re.ASCII)
_MOMENT = re.compile(
    r"(?P<day>[-/\d]+)(?:[T ](?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:\.0+)?)?(?P<zone>Z|[-+]\d{2}:\d{2})?)?",
    re.ASCII,
)
_AS_NUMBER = re.compile(r"\d+(\.\d+)?E\+\d+", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1950, 2199
_LONGEST_KEY = 64
_KEPT_OUT = frozenset("/+#*<>?&;=,\"'\\%")
"""Characters that mean something in a topic, an address or a frame."""


_FORMULA = frozenset("=+-@")


class BadCell(ValueError):
    """The cell is not what its column holds; the text says what was expected."""


def text(cell: str) -> str:
    """Anything that says something, on one line."""
    if not cell:
        raise BadCell("a text")
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in cell):
        raise BadCell("a text on one line")
    if cell[0] in _FORMULA:
        # The register is opened in spreadsheets, and so is what is made of it.
        raise BadCell("a text that no spreadsheet takes for a formula: it must not begin with any of = + - @")
    return cell


def key(cell: str) -> str:
    """An id or code: taken as it is, but fit to stand in a topic, an address and a log."""
    if not cell:
        raise BadCell("an id")
    if len(cell) > _LONGEST_KEY:
        raise BadCell(f"an id of at most {_LONGEST_KEY} characters")
    if any(char in _KEPT_OUT or not char.isprintable() or char.isspace() for char in cell):
        raise BadCell("an id without blanks and without any of / + # * < > ? & ; = , \" ' \\ %")
    if set(cell) == {"."}:
        raise BadCell("an id that is more than dots")
    if cell[0] in _FORMULA:
        raise BadCell("an id that no spreadsheet takes for a formula: it must not begin with - or @")
    return cell


def device(cell: str) -> str:
    """An MN, compared as text, whatever it looks like."""
    if _AS_NUMBER.fullmatch(cell):
        raise BadCell("an MN as text (a spreadsheet has turned it into a number: format the column as text)")
    return key(cell)


def number(*, above: float | None = None, least: float | None = None, below: float | None = None) -> Parse[float]:
    """A finite number > ``above``, ≥ ``least`` and < ``below``, where given."""
    bounds = [
        f"{word} {bound:g}"
        for word, bound in (("greater than", above), ("at least", least), ("less than", below))
        if bound is not None
    ]
    expected = " ".join(["a number", " and ".join(bounds)]).strip()

    def parse(cell: str) -> float:
        value = float(cell) if _NUMBER.fullmatch(cell) else math.nan
        fits = (
            math.isfinite(value)
            and (above is None or value > above)
            and (least is None or value >= least)
            and (below is None or value < below)
        )
        if not fits:
            raise BadCell(expected)
        return value

    return parse


def one_of_numbers(allowed: Collection[int]) -> Parse[int]:
    """One of some whole numbers."""

    def parse(cell: str) -> int:
        if not _INTEGER.fullmatch(cell) or int(cell) not in allowed:
            raise BadCell(f"one of {', '.join(map(str, sorted(allowed)))}")
        return int(cell)

    return parse


def flag(cell: str) -> bool:
    """``true`` or ``false``, in any case: spreadsheets write them large."""
    if cell.lower() not in {"true", "false"}:
        raise BadCell("true or false")
    return cell.lower() == "true"


def day(cell: str) -> date:
    """A day as ``2026-11-24``, or as spreadsheets write it in China: ``2026/11/24``."""
    match = _DAY.fullmatch(cell)
    try:
        value = date(int(match[1]), int(match[3]), int(match[4])) if match else None
    except ValueError:
        value = None
    if value is None or not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise BadCell("a day such as 2026-11-24")
    return value


def moment(cell: str) -> datetime:
    """A day (its midnight) or a time of a day; in Beijing time unless it has an offset."""
    expected = "a day or time such as 2026-11-24 or 2026-11-24T08:00:00+08:00"
    match = _MOMENT.fullmatch(cell)
    if match is None:
        raise BadCell(expected)
    try:
        midnight = day(match["day"])
        time = (int(match["h"] or 0), int(match["m"] or 0), int(match["s"] or 0))
        naive = datetime(midnight.year, midnight.month, midnight.day, *time, tzinfo=UTC)
        return to_beijing(naive.replace(tzinfo=_zone(match["zone"])))
    except ValueError as error:
        raise BadCell(expected) from error


def _zone(text: str | None) -> timezone:
    if text is None:
        return BEIJING
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:]))
    return timezone(-offset if text[0] == "-" else offset)


def words(allowed: Collection[str]) -> Parse[tuple[str, ...]]:
    """Some of the allowed words, separated by blanks, none of them twice."""

    def parse(cell: str) -> tuple[str, ...]:
        found = tuple(cell.split())
        for word in found:
            if word not in allowed:
                raise BadCell(f"some of {' '.join(allowed)}")
            if found.count(word) > 1:
                raise BadCell("each of them once")
        return found

    return parse


def optional(parse: Parse[Value]) -> Parse[Value | None]:
    """The same, or nothing."""
    return lambda cell: parse(cell) if cell else None
