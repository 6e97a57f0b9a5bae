"""From a folder of YAML files to the values that the other rooms work with."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from emissions.coverage import CoverageRule
from emissions.rules import LimitRow, Rules
from rulebook.calendar import Calendar
from rulebook.channels import SECRET_FIELDS, Channels
from rulebook.deadlines import Escalation
from rulebook.document import read_document
from rulebook.errors import BadFile, Problem
from rulebook.letters import LetterFile, load_letters
from rulebook.parameters import ParametersFile
from rulebook.schema import validate
from rulebook.standards import StandardFile, standard_of

SHIPPED = Path(__file__).parent
"""The rulebook that comes with the software."""

_FINGERPRINT_DIGITS = 16

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All that decisions depend on: ``parameters.yaml`` and ``standards/``."""

    parameters: ParametersFile
    standards: dict[str, StandardFile]
    """By id."""
    version: str
    """Fingerprint of these files; the same on every machine."""

    def rules(self) -> Rules:
        """The same for the core."""
        limits: dict[tuple[str, str, str], list[LimitRow]] = {}
        for name, standard in self.standards.items():
            for row in standard.limits(name):
                limits.setdefault((row.standard, row.category, row.pollutant), []).append(row)
        return Rules(
            parameters=self.parameters.core(),
            limits={key: tuple(rows) for key, rows in limits.items()},
            version=self.version,
        )

    def coverage(self) -> CoverageRule:
        """Who must have a monitor (R23)."""
        coal = (standard.coal_categories for standard in self.standards.values())
        return self.parameters.coverage.rule(frozenset().union(*coal))


def load_rulebook(folder: Path | None = None) -> Rulebook:
    """Read parameters and standards.

    Args:
        folder: The rulebook; None for the one that comes with the software.

    Raises:
        BadFile: with all that is wrong in any of the files.
    """
    folder = folder or SHIPPED
    _require_folder(folder)
    parameters_file = folder / "parameters.yaml"
    files = sorted((folder / "standards").glob("*.yaml"))
    problems: list[Problem] = []
    parameters = _kept(lambda: validate(read_document(parameters_file), ParametersFile), problems)
    standards = [_kept(partial(_standard, file), problems) for file in files]
    if not files:
        place = folder / "standards"
        problems.append(Problem(file=place, line=None, field="", expected="a folder of YAML files", found="none"))
    if problems or parameters is None:
        raise BadFile(problems)
    by_id = {file.stem: standard for file, standard in zip(files, standards, strict=True) if standard is not None}
    version = _fingerprint(folder, [parameters_file, *files])
    return Rulebook(parameters=parameters, standards=by_id, version=version)


def load_rules(folder: Path | None = None) -> Rules:
    """What the core needs of a rulebook: parameters, limits and their version. As ``load_rulebook``."""
    return load_rulebook(folder).rules()


def load_coverage(folder: Path | None = None) -> CoverageRule:
    """Who must have a monitor by a rulebook (R23). As ``load_rulebook``."""
    return load_rulebook(folder).coverage()


def load_escalation(folder: Path | None = None) -> Escalation:
    """Deadlines and ladders (R17, R19).

    Raises:
        BadFile: with all that is wrong in ``escalation.yaml``.
    """
    return validate(read_document((folder or SHIPPED) / "escalation.yaml"), Escalation)


def load_channels(folder: Path | None = None) -> Channels:
    """Where notices go.

    Raises:
        BadFile: with all that is wrong in ``channels.yaml``; it never shows an address.
    """
    return validate(read_document((folder or SHIPPED) / "channels.yaml"), Channels, secret=SECRET_FIELDS)


def load_calendar(folder: Path | None = None) -> Calendar:
    """Stop lists and staggered production.

    Raises:
        BadFile: with all that is wrong in ``calendar.yaml``.
    """
    return validate(read_document((folder or SHIPPED) / "calendar.yaml"), Calendar)


def load_letter_templates(folder: Path | None = None) -> dict[str, LetterFile]:
    """Official letters by kind; those that come with the software where a rulebook has none of its own.

    Raises:
        BadFile: with all that is wrong in ``letters/``.
    """
    own = (folder or SHIPPED) / "letters"
    return load_letters(own if own.is_dir() else SHIPPED / "letters")


def check_rulebook(folder: Path | None = None) -> Rulebook:
    """Read every file of a rulebook.

    Raises:
        BadFile: with all that is wrong in any of them.
    """
    _require_folder(folder or SHIPPED)
    problems: list[Problem] = []
    book = _kept(lambda: load_rulebook(folder), problems)
    escalation = _kept(lambda: load_escalation(folder), problems)
    channels = _kept(lambda: load_channels(folder), problems)
    _kept(lambda: load_calendar(folder), problems)
    _kept(lambda: load_letter_templates(folder), problems)
    if escalation is not None and channels is not None:
        problems += _unknown_levels(escalation, channels, (folder or SHIPPED) / "channels.yaml")
    if problems or book is None:
        raise BadFile(problems)
    return book


def _unknown_levels(escalation: Escalation, channels: Channels, file: Path) -> list[Problem]:
    document = read_document(file)
    return [
        Problem(
            file=file,
            line=document.line(("channels", index, "levels", position)),
            field=f"channels[{index}].levels[{position}]",
            expected=f"one of the levels {', '.join(escalation.levels)}",
            found=repr(level),
        )
        for index, channel in enumerate(channels.channels)
        for position, level in enumerate(channel.levels)
        if level not in escalation.levels
    ]


def _require_folder(folder: Path) -> None:
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        raise BadFile([Problem(file=folder, line=None, field="", expected="a folder of YAML files", found=found)])


def _standard(file: Path) -> StandardFile:
    return standard_of(read_document(file))


def _kept(load: Callable[[], Value], problems: list[Problem]) -> Value | None:
    """The value, or None with its problems put beside the others, so that a person sees all of them at once."""
    try:
        return load()
    except BadFile as error:
        problems += error.problems
        return None


def _fingerprint(folder: Path, files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes().replace(b"\r\n", b"\n")  # a checkout on Windows is the same rulebook
        digest.update(f"{file.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:_FINGERPRINT_DIGITS]
