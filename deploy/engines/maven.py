"""Files from Maven Central, each checked against a list of hashes."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from deploy.engines.cache import cache_root, sha256
from deploy.engines.toolchain import EngineError, build, program


def get_jars(pom: Path, hashes: Path, target: Path, *, report: Callable[[str], None]) -> None:
    """Bring the jars that a project depends on into a folder.

    Args:
        pom: The project.
        hashes: Every file and its SHA-256, as ``sha256sum`` writes them.
        target: Where they go.
        report: Told now and then that the work goes on.

    Raises:
        EngineError: Maven is missing or fails, or a file is not the one it should be.
    """
    maven = program("mvn", package="Apache Maven")
    with tempfile.TemporaryDirectory(prefix="maven.", dir=cache_root()) as workshop:
        jars = Path(workshop) / "jars"
        shutil.copy(pom, Path(workshop) / "pom.xml")
        copy = [maven, "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={jars}"]
        build(copy, cwd=Path(workshop), log=cache_root() / f"{pom.stem}.log", report=report)
        wanted = {name: digest for digest, name in (line.split() for line in hashes.read_text().splitlines())}
        got = {path.name: sha256(path) for path in jars.iterdir()}
        if differing := sorted(name for name in wanted.keys() | got.keys() if wanted.get(name) != got.get(name)):
            raise EngineError(f"not the files that {hashes.name} lists: {', '.join(differing)}")
        shutil.copytree(jars, target, dirs_exist_ok=True)
