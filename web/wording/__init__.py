"""Every text that a person reads, one file per language, under the same keys."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

LANGUAGES = {"zh": "zh-CN", "en": "en"}
"""Languages of the pages, with the tag for ``lang``."""
DEFAULT = "zh"


class Wording:
    """The texts of one language."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self.tag = LANGUAGES[language]
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """The text under a key, with its places filled. Raises KeyError for a key that no file has."""
        text = self._texts[key]
        return text.format(**values) if values else text

    def of(self, group: str, name: str) -> str:
        """The text for a name that comes from data; the name itself where there is none, so nothing is hidden."""
        return self._texts.get(f"{group}.{name}", name)

    @property
    def known(self) -> frozenset[str]:
        """All keys."""
        return frozenset(self._texts)


@cache
def wording(language: str) -> Wording:
    """The texts of a language; Chinese for one that there is none of."""
    chosen = language if language in LANGUAGES else DEFAULT
    content = yaml.safe_load((Path(__file__).parent / f"{chosen}.yaml").read_text(encoding="utf-8"))
    return Wording(chosen, dict(_flat(content)))


def _flat(content: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in content.items():
        if isinstance(value, Mapping):
            flat += _flat(value, f"{prefix}{key}.")
        else:
            flat.append((f"{prefix}{key}", str(value)))
    return flat
