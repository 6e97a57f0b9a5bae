"""The licence of each package as an SPDX expression, and which of them may be shipped with an Apache-2.0 program."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import Distribution
from typing import Any

from license_expression import ExpressionError, get_spdx_licensing

READ: Mapping[str, str] = {
    "axe-playwright-python": "MIT",
    "colorama": "BSD-3-Clause",
    "docutils": "BSD-2-Clause AND PSF-2.0 AND LicenseRef-public-domain",
    "faust-streaming": "BSD-3-Clause",
    "httpx2-jsfetch": "BSD-3-Clause",
    "isoduration": "ISC",
    "pylopdf-fonts-zh-cn": "OFL-1.1",
    "venusian": "LicenseRef-Repoze",
}
"""Licences that a person has read, where the package's own words do not say one. Of docutils only an editor's macros
are under the GPL, and no installed file holds them."""

_CLASSIFIERS: Mapping[str, str] = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
}

_REFUSED = ("GPL-", "AGPL-", "SSPL-", "BUSL-")


class UnknownLicence(ValueError):
    """A package does not say its licence in words that are understood; a person must read it."""


@cache
def _licensing() -> Any:
    return get_spdx_licensing()


def licence_of(name: str, distribution: Distribution | None) -> str:
    """The SPDX expression of a package.

    Raises:
        UnknownLicence: see there.
    """
    if name in READ:
        return READ[name]
    if distribution is None:
        raise UnknownLicence(f"{name} is not installed here, and nobody has written down its licence")
    metadata = distribution.metadata
    said = [text for field in ("License-Expression", "License") for text in metadata.get_all(field) or ()]
    for text in said:
        if (expression := _spdx(text)) is not None:
            return expression
    words = [text.rpartition(" :: ")[2] for text in metadata.get_all("Classifier") or () if text.startswith("License")]
    known = sorted({_CLASSIFIERS[word] for word in words if word in _CLASSIFIERS})
    if not known or any("General Public" in word and word not in _CLASSIFIERS for word in words):
        raise UnknownLicence(f"{name} says only {words or said!r}")
    return " OR ".join(known)


def may_be_shipped(expression: str) -> bool:
    """Whether there is a choice of its licences without one that asks for our own source, or forbids use."""
    return _allows(_licensing().parse(expression))


def _allows(parsed: Any) -> bool:
    parts = getattr(parsed, "args", ())
    if not parts:
        return not str(getattr(parsed, "key", parsed)).startswith(_REFUSED)
    return any(map(_allows, parts)) if parsed.operator.strip() == "OR" else all(map(_allows, parts))


def _spdx(text: str) -> str | None:
    if "\n" in text:
        return None
    try:
        return str(_licensing().parse(text, validate=True, strict=True))
    except ExpressionError:
        return None
