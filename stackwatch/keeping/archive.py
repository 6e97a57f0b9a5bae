"""The archive of a backup: a compressed tar with a manifest that names each file and its hash."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

FORMAT = 1
MANIFEST = "manifest.json"


class BadArchive(Exception):
    """The file is no backup of ours, or not whole; says what is wrong with it."""


@dataclass(slots=True)
class Writer:
    """Adds files to an archive that is being written."""

    tar: tarfile.TarFile
    hashes: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, content: bytes) -> None:
        """Add one file."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content), 0o600
        self.tar.addfile(info, io.BytesIO(content))
        self.hashes[name] = hashlib.sha256(content).hexdigest()

    def add_folder(self, name: str, folder: Path) -> None:
        """Add all files of a folder, under a name."""
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.add(f"{name}/{path.relative_to(folder).as_posix()}", path.read_bytes())


@contextmanager
def written(path: Path, about: dict[str, Any]) -> Iterator[Writer]:
    """An archive that appears whole or not at all, readable by nobody else.

    Args:
        path: Where it is to be. Must not exist.
        about: What the manifest says beside the list of files; may be added to inside the block.

    Raises:
        FileExistsError: there is something already.
        OSError: it cannot be written.
    """
    if path.exists():
        raise FileExistsError(f"{path} exists already")
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz") as tar:
                writer = Writer(tar)
                yield writer
                manifest = {"format": FORMAT, **about, "files": dict(writer.hashes)}
                writer.add(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Archive:
    """A backup that was read and is whole."""

    manifest: dict[str, Any]
    files: dict[str, bytes]

    def write_folder(self, name: str, folder: Path) -> int:
        """Write the files kept under a name into a folder; says how many."""
        count = 0
        for path, content in self.files.items():
            if path.startswith(f"{name}/"):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                target.touch(mode=0o600)
                target.write_bytes(content)
                count += 1
        return count


def read(path: Path) -> Archive:
    """Read a backup and check each file against its hash.

    Raises:
        BadArchive: what is wrong with it.
    """
    try:
        with tarfile.open(path, "r:gz") as tar:
            files = {
                member.name: file.read() for member in tar if member.isfile() and (file := tar.extractfile(member))
            }
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BadArchive(f"{path}: cannot be read: {error}") from error
    if MANIFEST not in files:
        raise BadArchive(f"{path}: no {MANIFEST}, so it is no backup of Stackwatch")
    manifest = json.loads(files.pop(MANIFEST))
    if manifest.get("format") != FORMAT:
        raise BadArchive(f"{path}: format {manifest.get('format')!r}, this version reads {FORMAT}")
    listed: dict[str, str] = manifest["files"]
    if odd := sorted(name for name in files if name not in listed or not _inside(name)):
        raise BadArchive(f"{path}: {odd[0]} is not in the manifest")
    for name, digest in listed.items():
        if name not in files:
            raise BadArchive(f"{path}: {name} is missing")
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise BadArchive(f"{path}: {name} is not what was written")
    return Archive(manifest, files)


def _inside(name: str) -> bool:
    parts = PurePosixPath(name)
    return not parts.is_absolute() and ".." not in parts.parts
