"""Whatever stands in a file, it is read or refused in one line; it never ends in another error."""

import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulebook.errors import BadFile
from rulebook.loader import check_rulebook, load_rulebook, load_rules
from rulebook.register import FILES, read_register
from tests.unit.rulebook.folders import DIVISIONS, ENTERPRISES, OUTLET, SECOND, outlets_csv, rulebook_folder

BOOK = load_rulebook()
TABLES = {
    name: list(csv.reader(io.StringIO(text)))
    for name, text in zip(FILES, (DIVISIONS, ENTERPRISES, outlets_csv(OUTLET, SECOND)), strict=True)
}
CELLS = [(name, row, column) for name, table in TABLES.items() for row in range(len(table)) for column in range(5)]
NUMBERS = ["NaN", "-inf", "1e999", "0x10", "１２", "٣", "²", "½", "+", "-", ".", "E", "--1", "1_0"]
MOMENTS = ["0000-00-00", "9999-12-31", "2026-11-01T25:00", "2026-11-01T00:00+99:99", "2026-11-01T00:00-24:00"]
TEXTS = ['"', '""', "\x00", "\ufeff", "\u2028", "\ud800"]
GARBAGE = st.text() | st.sampled_from([*NUMBERS, *MOMENTS, *TEXTS])


def refusals(load: Callable[[], object]) -> list[str]:
    """Every text that a person would see."""
    try:
        load()
    except BadFile as error:
        return [str(error), *map(str, error.problems)]
    return []


def one_line(text: str) -> bool:
    return len(text.splitlines()) == 1


def register_with(tables: dict[str, str]) -> None:
    """Read a register of these texts; what is refused must be refused in one line."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in tables.items():
            (Path(folder) / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        assert all(map(one_line, refusals(lambda: read_register(Path(folder), BOOK))))


def written(table: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(table)
    return out.getvalue()


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(CELLS), cell=GARBAGE)
def test_any_cell_of_a_register(place, cell):
    name, row, column = place
    tables = {other: [list(cells) for cells in table] for other, table in TABLES.items()}
    tables[name][row][column] = cell
    register_with({other: written(table) for other, table in tables.items()})


@settings(max_examples=300, deadline=None)
@given(column=st.sampled_from(sorted(OUTLET)), cell=GARBAGE)
def test_any_cell_of_an_outlet(column, cell):
    header = list(OUTLET)
    outlets = written([header, list((OUTLET | {column: cell}).values()), list(SECOND.values())])
    register_with({FILES[0]: DIVISIONS, FILES[1]: ENTERPRISES, FILES[2]: outlets})


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(FILES), content=st.binary(max_size=200))
def test_any_bytes_as_a_file_of_a_register(name, content):
    with tempfile.TemporaryDirectory() as folder:
        for other, table in TABLES.items():
            (Path(folder) / other).write_text(written(table), encoding="utf-8", newline="")
        (Path(folder) / name).write_bytes(content)
        assert all(map(one_line, refusals(lambda: read_register(Path(folder), BOOK))))


@pytest.fixture(scope="module")
def rulebook(tmp_path_factory):
    return rulebook_folder(tmp_path_factory.mktemp("rulebook"))


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(
        ["parameters.yaml", "channels.yaml", "calendar.yaml", "escalation.yaml", "standards/GB26453.yaml"]
    ),
    cut=st.integers(min_value=0, max_value=4000),
    garbage=GARBAGE
    | st.sampled_from(["{", "[", "- ", ": ", "? ", "&a ", "*a", "!!a ", "|\n", "%", "---\n", "...\n", "\t", "#"]),
)
def test_anything_anywhere_in_a_rulebook(rulebook, name, cut, garbage):
    file = rulebook / name
    before = file.read_bytes()
    text = before.decode()
    place = cut % (len(text) + 1)
    file.write_bytes((text[:place] + garbage + text[place:]).encode("utf-8", "surrogatepass"))
    try:
        assert all(map(one_line, refusals(lambda: check_rulebook(rulebook))))
    finally:
        file.write_bytes(before)


def test_the_rulebook_that_is_broken_here_is_whole_again(rulebook):
    assert load_rules(rulebook) == load_rules()
