"""Numbers as loggers write them (R4)."""

import math
import re

_NUMBER = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?\s*", re.ASCII)


def number(text: str | None) -> float | None:
    """The finite number that the text is, or None: an empty, odd or infinite value is absent, the frame stays."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None
