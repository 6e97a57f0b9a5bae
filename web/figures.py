"""Numbers and moments as people read them: units, two decimals, Beijing time, a dash for what is not known."""

from datetime import datetime

from emissions.beijing import to_beijing

NONE = "–"
THIN = "\u202f"
"""Narrow space that never breaks: between a number and its unit, and between thousands."""


def percent(value: float | None) -> str:
    """``94.91 %`` with exactly two decimals (R14)."""
    return NONE if value is None else f"{value:.2f}{THIN}%"


def count(value: int | None) -> str:
    """``2 160``."""
    return NONE if value is None else f"{value:,}".replace(",", THIN)


def ratio(part: int, whole: int) -> str:
    """``2 050 / 2 160``."""
    return f"{count(part)}{THIN}/{THIN}{count(whole)}"


def mg(value: float | None) -> str:
    """A concentration without its unit, which stands in the column's head: up to two decimals. [mg/m³]"""
    return NONE if value is None else number(value, 2)


def number(value: float | None, decimals: int = 3) -> str:
    """A measured value: rounded, without idle zeros behind the point."""
    if value is None:
        return NONE
    text = f"{value:.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:.0f}"
    return "0" if text == "-0" else text


def day_time(moment: datetime | None) -> str:
    """``11-24 08:00``, Beijing time."""
    return NONE if moment is None else f"{to_beijing(moment):%m-%d %H:%M}"


def full(moment: datetime | None) -> str:
    """``2026-11-24 08:00:03``, Beijing time."""
    return NONE if moment is None else f"{to_beijing(moment):%Y-%m-%d %H:%M:%S}"


def minute(moment: datetime | None) -> str:
    """``2026-11-24 08:00``, Beijing time."""
    return NONE if moment is None else f"{to_beijing(moment):%Y-%m-%d %H:%M}"


def clock(moment: datetime | None) -> str:
    """``08:00:03``, Beijing time."""
    return NONE if moment is None else f"{to_beijing(moment):%H:%M:%S}"
