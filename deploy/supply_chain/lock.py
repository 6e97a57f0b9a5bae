"""The pins of ``requirements.lock``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parents[2] / "requirements.lock"

_PIN = re.compile(r"^(?P<name>[\w.-]+)(?:\[[\w,-]+\])?==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\\n]+?))?\s*\\?$")
_HASH = re.compile(r"^\s+--hash=sha256:(?P<digest>[0-9a-f]{64})\s*\\?$")


@dataclass(frozen=True, slots=True)
class Pin:
    """One package at one version, and the files of it that may be installed."""

    name: str
    """As package indexes spell it."""
    version: str
    marker: str
    """Where it is installed; empty: everywhere."""
    hashes: tuple[str, ...]
    """SHA-256 of each file, hexadecimal."""


class BadLock(ValueError):
    """A line of the lock that is neither a pin nor a hash, or a pin without a hash."""


def read_lock(text: str) -> list[Pin]:
    """All pins, in the order of the file.

    Raises:
        BadLock: with the number of the line.
    """
    found: list[tuple[str, str, str, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if (pin := _PIN.match(line)) is not None:
            found.append((canonicalize_name(pin["name"]), pin["version"], pin["marker"] or "", []))
        elif (digest := _HASH.match(line)) is not None and found:
            found[-1][3].append(digest["digest"])
        else:
            raise BadLock(f"line {number}: neither a pin nor a hash: {line.strip()!r}")
    if bare := [name for name, _, _, hashes in found if not hashes]:
        raise BadLock(f"{bare[0]} has no hash")
    return [Pin(name, version, marker, tuple(hashes)) for name, version, marker, hashes in found]


@cache
def installed() -> dict[str, Distribution]:
    """What is installed here, by name."""
    return {canonicalize_name(one.name): one for one in distributions() if one.name}


def needed(root: str, extras: tuple[str, ...] = ()) -> set[str]:
    """Names of all packages that one needs, directly or not, where we are; itself not among them.

    Args:
        root: Name of an installed package.
        extras: Extras of it that are wanted.
    """
    known = installed()
    seen: set[tuple[str, str]] = set()
    waiting = [(root, extra) for extra in ("", *extras)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen or name not in known:
            continue
        seen.add((name, extra))
        for requirement in _requirements(known[name], extra):
            wanted = canonicalize_name(requirement.name)
            waiting += [(wanted, asked) for asked in ("", *requirement.extras)]
    return {name for name, _ in seen} - {root}


def _requirements(distribution: Distribution, extra: str) -> Iterator[Requirement]:
    for text in distribution.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None:
            if not extra:
                yield requirement
        elif requirement.marker.evaluate({"extra": extra}):
            yield requirement


def direct(name: str) -> set[str]:
    """What a package asks for itself where we are, extras left out."""
    distribution = installed().get(name)
    return set() if distribution is None else {canonicalize_name(r.name) for r in _requirements(distribution, "")}
