"""From a folder of CSV files to the register of who is watched."""

from dataclasses import dataclass
from pathlib import Path

from emissions.register import Division, Enterprise, Outlet, Register
from rulebook.divisions import read_divisions
from rulebook.enterprises import read_enterprises
from rulebook.errors import BadFile, Problem
from rulebook.loader import Rulebook, load_rulebook
from rulebook.outlets import read_outlets

FILES = ("divisions.csv", "enterprises.csv", "outlets.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRegister:
    """A register that can be worked with, and what a person should look at all the same."""

    register: Register
    warnings: tuple[Problem, ...]


def load_register(folder: Path, *, rulebook: Path | None = None) -> Register:
    """Read a register.

    Args:
        folder: Holds ``divisions.csv``, ``enterprises.csv`` and ``outlets.csv``.
        rulebook: Rulebook whose standards and categories the outlets name; None for the one that comes with the
            software.

    Raises:
        BadFile: with all that is wrong in the three files, or in the rulebook.
    """
    return read_register(folder, load_rulebook(rulebook)).register


def read_register(folder: Path, book: Rulebook) -> ReadRegister:
    """Read a register against a rulebook that is already loaded.

    Raises:
        BadFile: with all that is wrong in the three files.
    """
    if not folder.is_dir():
        expected = f"a folder with {', '.join(FILES)}"
        found = "a file" if folder.exists() else "nothing"
        raise BadFile([Problem(file=folder, line=None, field="", expected=expected, found=found)])
    absent = [Problem(file=folder / name, line=None, field="", expected="a file", found="nothing") for name in FILES]
    absent = [problem for problem in absent if not problem.file.exists()]
    if absent:
        raise BadFile(absent)
    problems: list[Problem] = []
    warnings: list[Problem] = []
    divisions: dict[str, Division] = {}
    enterprises: dict[str, Enterprise] = {}
    outlets: dict[str, Outlet] = {}
    try:
        divisions = read_divisions(folder / FILES[0], problems)
        industries = book.parameters.coverage.known_industries
        enterprises = read_enterprises(folder / FILES[1], divisions, industries, problems, warnings)
        outlets = read_outlets(folder / FILES[2], divisions, enterprises, book, problems, warnings)
    except BadFile as error:
        problems += error.problems  # the files behind it would only complain about what it could not say
    if problems:
        raise BadFile(sorted(problems, key=_place))
    register = Register(divisions=divisions, enterprises=enterprises, outlets=outlets)
    return ReadRegister(register=register, warnings=tuple(sorted(warnings, key=_place)))


def _place(problem: Problem) -> tuple[int, int]:
    return FILES.index(problem.file.name), problem.line or 0
