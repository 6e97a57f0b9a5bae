"""YAML files with the line of every field, so that an error can say where it stands."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from rulebook.errors import BadFile, Problem, shown

Place = tuple[str | int, ...]
"""Path of a field: ``("rows", 2, "limit_mg_m3")``."""

_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_INTEGER = 30
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "timestamp", "str", "seq", "map", "value")
)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file as plain values, and the line of each of its fields."""

    file: Path
    value: Any
    lines: Mapping[Place, int] = field(repr=False)

    def line(self, place: Place) -> int:
        """Line of a field, or of the nearest thing around it that stands in the file."""
        while place not in self.lines and place:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_document(file: Path) -> Document:
    """Read one YAML file.

    Plain scalars mean what they seem to: ``true``/``false``, ``null``, decimal numbers and ISO dates; all else is text
    (``NO`` is no boolean, ``22:00`` no number). Keys are texts and stand once; anchors and tags are not used.

    Raises:
        BadFile: no such file, not UTF-8, not YAML, or one of the surprises above.
    """
    text = read_text(file)
    lines: dict[Place, int] = {}
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            raise _bad(file, 1, "", "a mapping", "an empty file")
        value = _Builder(file, lines).build(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        found = f"an error ({(error.problem or 'of an unknown kind').removeprefix('but ')})"
        raise _bad(file, mark.line + 1 if mark else 1, "", "YAML", found) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position if isinstance(error.position, int) else 0) + 1
        raise _bad(file, line, "", "printable text", f"the character {shown(chr(error.character))}") from error
    except RecursionError as error:
        raise _bad(file, 1, "", "YAML", "lists or mappings nested too deep") from error
    return Document(file, value, lines)


def read_text(file: Path) -> str:
    """Text of a file in UTF-8, with or without a byte order mark; line ends stay as they are.

    Raises:
        BadFile: it is not there, cannot be read, or is not UTF-8.
    """
    try:
        raw = file.read_bytes()
    except FileNotFoundError as error:
        raise BadFile([Problem(file=file, line=None, field="", expected="a file", found="nothing")]) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadFile([Problem(file=file, line=None, field="", expected="a readable file", found=reason)]) from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{raw[error.start]:02X}"
        hint = " (a spreadsheet saves it as 'CSV UTF-8')" if file.suffix == ".csv" else ""
        raise _bad(file, line, "", f"UTF-8{hint}", found) from error


def spelled(place: Place) -> str:
    """A path as people write it: ``rows[2].limit_mg_m3``."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _bad(file: Path, line: int, field: str, expected: str, found: str) -> BadFile:
    return BadFile([Problem(file=file, line=line, field=field, expected=expected, found=found)])


@dataclass(slots=True)
class _Builder:
    """Turns the nodes of a file into plain values and notes their lines."""

    file: Path
    lines: dict[Place, int]
    seen: set[int] = field(default_factory=set)

    def build(self, node: yaml.Node, place: Place) -> Any:
        line = self.lines.setdefault(place, node.start_mark.line + 1)
        if id(node) in self.seen:
            raise _bad(self.file, line, spelled(place), "a value of its own", "an alias of another")
        self.seen.add(id(node))
        if node.tag not in _PLAIN_TAGS:
            raise _bad(self.file, line, spelled(place), "a plain value", f"the tag {shown(node.tag)}")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*place, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, place)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise _bad(self.file, line, spelled(place), "a text as key", "a list or mapping")
            key = key_node.value
            if key in values:
                raise _bad(self.file, line, spelled((*place, key)), "each key once", "the same key again")
            self.lines[*place, key] = line
            values[key] = self.build(value_node, (*place, key))
        return values

    def _scalar(self, node: yaml.Node, place: Place) -> str | bool | int | float | date | None:
        text = str(node.value)
        if isinstance(node, yaml.ScalarNode) and node.style is not None:  # quoted or a block: meant as text
            return text
        try:
            return _plain(text)
        except ValueError as error:
            raise _bad(self.file, self.lines[place], spelled(place), str(error), shown(text)) from error


def _plain(text: str) -> str | bool | int | float | date | None:
    if text in {"", "~", "null"}:
        return None
    if text in {"true", "false"}:
        return text == "true"
    if _INTEGER.fullmatch(text):
        if len(text) > _LONGEST_INTEGER:
            raise ValueError("a number of usual size")
        return int(text)
    if _DECIMAL.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError("a number of usual size")
        return number
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise ValueError("a day of the calendar") from error
    return text
