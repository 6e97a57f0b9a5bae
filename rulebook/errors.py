"""What is wrong with a file that people write: where it stands, what was expected, what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 60
"""More characters of what was found than this help nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, or in a list of warnings one that should be looked at. Its text is one line."""

    file: Path
    line: int | None
    """Counted from 1; None where the file or folder as a whole is meant."""
    field: str
    """Column of a CSV file or path of a YAML field, such as ``rows[2].limit_mg_m3``; empty for the file as a whole."""
    expected: str
    found: str
    """Already put into words: see ``shown``."""

    def __str__(self) -> str:
        place = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        field = f" {self.field}:" if self.field else ""
        return _one_line(f"{place}:{field} expected {self.expected}, found {self.found}")


class BadFile(ValueError):
    """A file or folder cannot be used. The text is one line; ``problems`` has all that was found wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first, *more = problems
        super().__init__(f"{first}{f' (and {len(more)} more)' if more else ''}")
        self.problems = tuple(problems)


def shown(value: object) -> str:
    """What was found, short enough for one line: texts in quotes, nothing as ``nothing``."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
