"""Quix Streams, which the project itself does not need: got once, kept in the cache, checked before each use."""

import os
import sys
import tempfile
from functools import partial
from pathlib import Path

from deploy.engines.cache import cache_root, installed, progress, sha256
from deploy.engines.toolchain import build

LOCK = Path(__file__).with_name("quix.lock")
"""Every package and its hashes; msgspec is the project's own version."""

_report = partial(progress, "quix streams")


def environment() -> dict[str, str]:
    """What makes Python find Quix Streams and this checkout.

    Raises:
        EngineError: the packages cannot be had.
    """
    root = Path(__file__).parents[1]
    home = installed("quix-streams", version="1", source=sha256(LOCK), make=_make)
    return {"PYTHONPATH": f"{home}{os.pathsep}{root}", "PYTHONDONTWRITEBYTECODE": "1"}


def _make(target: Path) -> None:
    _report("getting Quix Streams and what it needs (110 MB)")
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:"]
    with tempfile.TemporaryDirectory(prefix="quix-streams.", dir=cache_root()) as workshop:
        build(
            [*install, "--link-mode=copy", "--compile-bytecode", "--target", str(target), "-r", str(LOCK)],
            cwd=Path(workshop),
            env={"UV_PYTHON": sys.executable},
            log=cache_root() / "quix-streams.log",
            report=_report,
        )
    _report("there")
