"""The reference implementation of the Compose specification, which ``docker compose config`` uses as well."""

import shutil
import tempfile
from functools import partial
from pathlib import Path

from deploy.engines.cache import cache_root, installed, progress
from deploy.engines.go_modules import get_module
from deploy.engines.toolchain import build, program

MODULE = "github.com/compose-spec/compose-go/v2"
VERSION = "v2.9.0"
MODULE_SUM = "h1:UHSv/QHlo6QJtrT4igF1rdORgIUhDo1gWuyJUoiNNIM="

_report = partial(progress, "compose")


def compose_spec() -> str:
    """Path of the program that reads a Compose file, judges it and prints what it means.

    Raises:
        EngineError: Go is missing, or the program cannot be had or built.
    """
    return str(installed("compose-spec", version=VERSION, source=MODULE_SUM, make=_make) / "compose-spec")


def _make(target: Path) -> None:
    source = get_module(MODULE, version=VERSION, checksum=MODULE_SUM)
    go = program("go", package="Go 1.24 or newer")
    with tempfile.TemporaryDirectory(prefix="compose-build.", dir=cache_root()) as workshop:
        copy = Path(workshop) / "source"
        shutil.copytree(source, copy)
        command = [go, "build", "-buildvcs=false", "-o", str(target / "compose-spec"), "./cmd"]
        build(command, cwd=copy, log=cache_root() / "compose-build.log", report=_report)
    _report("built")
