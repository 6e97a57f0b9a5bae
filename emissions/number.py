"""Numbers as loggers write them (R4)."""

import math


def number(text: str | None) -> float | None:
    """The finite number that the text is, or None: an empty, odd or infinite value is absent, the frame stays."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    # Python reads more than loggers write: digits of other scripts, 1_000, nan.
    return value if math.isfinite(value) and text.isascii() and "_" not in text else None
