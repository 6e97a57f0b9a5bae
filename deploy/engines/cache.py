"""What has been downloaded or built once, kept outside the checkout and checked before every use."""

import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MANIFEST = "manifest.json"


def cache_root() -> Path:
    """Folder of all engines: ``$XDG_CACHE_HOME/stackwatch``, else ``~/.cache/stackwatch``."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "stackwatch"


def installed(name: str, *, version: str, source: str, make: Callable[[Path], None]) -> Path:
    """Folder of one engine, made when it is not there yet or is not what was made.

    Args:
        name: Engine, for instance ``influxd``.
        version: Its version; another version lives in another folder.
        source: Fingerprint of what it is made from; another fingerprint makes it anew.
        make: Fills the (empty) folder it is given. It runs once even when several processes ask at the same time.
    """
    root = cache_root()
    root.mkdir(parents=True, exist_ok=True)
    home = root / f"{name}-{version}"
    with _locked(root / f"{name}-{version}.lock"):
        if _intact(home, version=version, source=source):
            return home
        shutil.rmtree(home, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix=f"{name}-{version}.", dir=root))
        try:
            # Others may have to read it: PostgreSQL, for one, runs as another user.
            draft.chmod(0o755)
            make(draft)
            manifest = {"version": version, "source": source, "sha256": _hashes(draft)}
            (draft / MANIFEST).write_text(json.dumps(manifest, indent=1))
            draft.rename(home)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return home


def sha256(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def progress(engine: str, message: str) -> None:
    """One plain line for whoever waits, on standard error."""
    print(f"{time.strftime('%H:%M:%S')} {engine}: {message}", file=sys.stderr, flush=True)


def _hashes(home: Path) -> dict[str, str]:
    files = (path for path in home.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {str(path.relative_to(home)): sha256(path) for path in sorted(files)}


def _intact(home: Path, *, version: str, source: str) -> bool:
    try:
        manifest = json.loads((home / MANIFEST).read_text())
    except (FileNotFoundError, ValueError):
        return False
    return bool(manifest == {"version": version, "source": source, "sha256": _hashes(home)})


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
