"""What may be attached, and where it is kept: in the database, or in a folder under its own hash."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from uuid import uuid4

from alerts.transition import Incomplete

LONGEST_NAME = 200
_BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "application/pdf": (b"%PDF-",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (b"PK\x03\x04",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (b"PK\x03\x04",),
}
"""How a file of each type begins, where the type has a beginning."""

_ENDINGS: dict[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".log"),
    "text/csv": (".csv",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
}


class TooLarge(Incomplete):
    """The file is larger than the rulebook allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the rulebook allows."""

    largest: int = 10_000_000
    """[bytes]"""
    most: int = 50
    """Files at one thing."""
    media_types: tuple[str, ...] = tuple(_ENDINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that may be kept."""

    name: str
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Its content's name."""
        return hashlib.sha256(self.content).hexdigest()


def examined(name: str, media_type: str, content: bytes, limits: Limits) -> File:
    """The file, its name without any folder.

    Raises:
        TooLarge: it is.
        Incomplete: it is empty, of a type that is not allowed, or not what it says it is.
    """
    plain = PurePosixPath(PureWindowsPath(name).name).name.strip()
    if not plain or plain in {".", ".."} or len(plain) > LONGEST_NAME or not plain.isprintable():
        raise Incomplete(f"{name[:LONGEST_NAME]!r} is no name of a file")
    if media_type not in limits.media_types:
        raise Incomplete(f"files of type {media_type!r} are not taken, only {', '.join(limits.media_types)}")
    if not content:
        raise Incomplete("the file is empty")
    if len(content) > limits.largest:
        raise TooLarge(f"the file has more than {limits.largest} bytes")
    endings = _ENDINGS.get(media_type)
    if endings is not None and not plain.lower().endswith(endings):
        raise Incomplete(f"a file of type {media_type} ends in {' or '.join(endings)}, not as {plain!r} does")
    if beginnings := _BEGINNINGS.get(media_type):
        if not content.startswith(beginnings):
            raise Incomplete(f"the file does not begin as one of type {media_type} does")
    elif media_type.startswith("text/") and b"\x00" in content:
        raise Incomplete(f"the file is not text, as its type {media_type} says")
    return File(name=plain, media_type=media_type, content=content)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that keeps files under their hash, each once."""

    path: Path

    def put(self, file: File) -> None:
        """Keep the file; it is whole or not there, also after a power cut."""
        place = self._place(file.sha256)
        if place.exists():
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        half = place.with_name(f".{uuid4().hex}")
        with half.open("wb") as writing:
            writing.write(file.content)
            writing.flush()
            os.fsync(writing.fileno())
        half.replace(place)

    def get(self, sha256: str) -> bytes:
        """The content; raises ``OSError`` where it is gone."""
        return self._place(sha256).read_bytes()

    def _place(self, sha256: str) -> Path:
        return self.path / sha256[:2] / sha256
