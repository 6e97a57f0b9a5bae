"""Code blocks of the documents: ``sh`` is run by a test, ``console`` needs what a bare machine has not."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

_BLOCK = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks(path: Path, language: str) -> list[str]:
    """The blocks of one language, in their order."""
    return [body for kind, body in _BLOCK.findall(path.read_text(encoding="utf-8")) if kind == language]


def documents() -> list[Path]:
    return sorted([*ROOT.glob("README*.md"), *ROOT.glob("docs/*.md")])
