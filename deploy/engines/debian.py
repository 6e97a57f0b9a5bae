"""Debian packages, got with apt-get and unpacked beside the machine's own: nothing is installed, nothing starts."""

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.engines.cache import cache_root
from deploy.engines.toolchain import EngineError, output, program


def release() -> str:
    """The machine's distribution and its version, for instance ``debian-12``."""
    try:
        facts = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    except FileNotFoundError:
        facts = {}
    name = f"{facts.get('ID', 'unknown')}-{facts.get('VERSION_ID', '')}".replace('"', "")
    return name.rstrip("-")


def unpack(packages: Sequence[str], target: Path, *, report: Callable[[str], None]) -> None:
    """Get packages and those that they need and the machine has not, each checked by apt, and unpack them.

    Raises:
        EngineError: there is no apt-get, or it cannot bring them.
    """
    names = " ".join(packages)
    missing = f"install {names}"
    apt = program("apt-get", package=f"it, or {missing}")
    dpkg = program("dpkg-deb", package=f"it, or {missing}")
    report(f"getting {names}")
    with tempfile.TemporaryDirectory(prefix=f"{packages[0]}-get.", dir=cache_root()) as workshop:
        archives = Path(workshop) / "archives"
        (archives / "partial").mkdir(parents=True)
        options = ["-o", f"Dir::Cache::archives={archives}", "-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User="]
        install = ["-q", "-y", "--no-install-recommends", "--reinstall", "--download-only", "install", *packages]
        if subprocess.run([apt, *options, *install], capture_output=True, check=False).returncode != 0:
            report("renewing the lists of packages")
            lists = Path(workshop) / "lists"
            (lists / "partial").mkdir(parents=True)
            options += ["-o", f"Dir::State::lists={lists}"]
            output([apt, *options, "-q", "update"])
            output([apt, *options, *install])
        brought = sorted(archives.glob("*.deb"))
        if not brought:
            raise EngineError(f"apt-get brought no package; {missing}")
        for package in brought:
            output([dpkg, "--extract", str(package), str(target)])
    report("there")


def libraries(home: Path) -> str:
    """Folders of the unpacked libraries, as ``LD_LIBRARY_PATH`` takes them.

    Some packages keep libraries in a folder of their own (``pulseaudio/``), which they name by its place on the
    machine: here it must be told.
    """
    folders = {path.parent for root in ("lib", "usr/lib") for path in home.glob(f"{root}/*-linux-*/**/lib*.so*")}
    return ":".join(str(path) for path in sorted(folders))
