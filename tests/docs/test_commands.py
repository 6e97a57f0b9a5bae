"""Every command that a document shows is run by a test, here or where the list says."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from stackwatch.cli import root
from tests.docs.blocks import ROOT, blocks, documents
from tests.golden.test_hj212 import FOLDER
from tests.golden.test_upgrade import FEED
from tests.unit.stackwatch.recorded_run import record

HERE = {"README.md": slice(1, None), "connect-a-logger.md": slice(0, None), "security.md": slice(0, None)}
"""Documents whose blocks are run by this file, and which of them."""

ELSEWHERE = {
    "README.md": "the first block: tests/e2e/test_real_input.py",
    "getting-started.md": "tests/docs/test_getting_started.py",
    "operations.md": "tests/docs/test_getting_started.py",
    "kubernetes.md": "tests/deploy/test_page.py",
}

TRANSLATED = {"README.zh.md": "README.md", "getting-started.zh.md": "getting-started.md"}


def named(name: str) -> Path:
    return next(path for path in documents() if path.name == name)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the commands name."""
    place = tmp_path_factory.mktemp("recorded")
    record(place / "run")
    shutil.copytree(ROOT / "rulebook" / "registers" / "example", place / "register")
    shutil.copytree(
        ROOT / "rulebook", place / "rules", ignore=shutil.ignore_patterns("*.py", "registers", "__pycache__")
    )
    (place / "feed.ndjson").write_bytes(b"\n".join(FEED))
    (place / "frames.txt").write_bytes(b"".join(path.read_bytes() for path in sorted(FOLDER.glob("2017-*.txt"))))
    return place


@pytest.mark.parametrize("name", sorted(HERE))
def test_the_commands_of_a_document_work_in_their_order(name: str, recorded: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    shutil.copytree(recorded, place)
    script = "\n".join(["set -euo pipefail", *blocks(named(name), "sh")[HERE[name]]])
    environment = {key: value for key, value in os.environ.items() if not key.startswith("STACKWATCH_")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}",
        "STACKWATCH_REGISTER": str(place / "register"),
    }
    done = subprocess.run(
        ["bash", "-c", script], cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_no_document_shows_a_command_that_nobody_runs() -> None:
    shown = {path.name for path in documents() if blocks(path, "sh")}
    assert shown - TRANSLATED.keys() == HERE.keys() | ELSEWHERE.keys()


def test_no_block_is_without_its_language() -> None:
    """A block that is neither run nor named as one that cannot be is one that nobody looks after."""
    allowed = {"sh", "console", "http", "yaml", "text", "python", "json", "csv"}
    bare = [
        (path.name, kind)
        for path in documents()
        for kind in fences(path)
        if kind not in allowed and not (kind == "" and path.name == "architecture.md")
    ]
    assert bare == []


def fences(path: Path) -> list[str]:
    marks = [
        line.strip().removeprefix("```") for line in path.read_text().splitlines() if line.strip().startswith("```")
    ]
    return marks[::2]


def typed() -> list[list[str]]:
    """Command lines of the program in blocks that need a cluster, Docker or a running platform."""
    lines = [line for path in documents() for block in blocks(path, "console") for line in block.splitlines()]
    said = [line.strip().removeprefix("$ ") for line in lines]
    return [shlex.split(line, comments=True)[1:] for line in said if line.startswith("stackwatch ")]


@pytest.mark.parametrize("words", typed(), ids=" ".join)
def test_a_command_that_cannot_be_run_here_is_at_least_understood(words: list[str]) -> None:
    command: click.Command = root
    while isinstance(command, click.Group):
        verb, *words = words
        found = command.get_command(click.Context(command), verb)
        assert found is not None, verb
        command = found
    command.make_context(command.name, words)


@pytest.mark.parametrize(("translation", "original"), TRANSLATED.items())
def test_a_translation_shows_the_same_commands(translation: str, original: str) -> None:
    for language in ("sh", "console"):
        ours, theirs = (
            [strip_comments(block) for block in blocks(named(name), language)] for name in (translation, original)
        )
        assert ours == theirs


def strip_comments(block: str) -> str:
    return "\n".join(line.split("  #")[0].rstrip() for line in block.splitlines())
