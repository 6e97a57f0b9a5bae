"""Two sets of judged lines side by side: what is only in one, and which fields differ in both."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

_IDENTITY: dict[str, tuple[str, ...]] = {
    "hour": ("outlet", "pollutant", "hour"),
    "rate": ("level", "id", "window", "period", "track"),
    "finding": ("id",),
    "case": ("county", "trigger"),
    "rejected": ("line",),
}
"""Fields that say which thing a line is about."""


def identity(line: dict[str, Any]) -> tuple[Any, ...]:
    """What the line is about, so that two runs' words on it can be laid side by side."""
    kind = str(line.get("kind"))
    return (kind, *(line.get(field) for field in _IDENTITY.get(kind, ())))


def differences(old: Iterable[bytes], new: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """One object for each thing that differs: ``{"kind": "difference", "about": …, "old": …, "new": …}``.

    ``old`` and ``new`` hold only the fields that differ; None where the other side knows nothing of the thing.
    """
    before, after = _by_identity(old), _by_identity(new)
    for about in dict.fromkeys([*before, *after]):
        was, is_ = before.get(about), after.get(about)
        if was == is_:
            continue
        if was is not None and is_ is not None:
            fields = [name for name in dict.fromkeys([*was, *is_]) if was.get(name) != is_.get(name)]
            was, is_ = ({name: side.get(name) for name in fields} for side in (was, is_))
        yield {"kind": "difference", "about": list(about), "old": was, "new": is_}


def _by_identity(lines: Iterable[bytes]) -> dict[tuple[Any, ...], dict[str, Any]]:
    decoded = (msgspec.json.decode(line) for line in lines if line.strip())
    return {identity(line): line for line in decoded}
