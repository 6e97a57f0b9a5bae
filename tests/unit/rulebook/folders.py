"""Register and rulebook folders to break."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rulebook.errors import BadFile
from rulebook.loader import SHIPPED

EXAMPLE = SHIPPED / "registers" / "example"

DIVISIONS = """code,name,parent,valid_from,valid_to
371500,聊城市,,,
371502,东昌府区,371500,,
371503,茌平区,371500,2019-09-01,
"""
ENTERPRISES = """id,name,county,industry,livelihood
E1,热电厂,371502,power,true
E2,食品厂,371503,food,
"""
OUTLETS_HEADER = (
    "id,enterprise,name,mn,category,height_m,standard,reference_o2_pct,pollutants,permit_pm,permit_so2,permit_nox,"
    "span_pm,span_so2,span_nox,minute_interval,connected_from,must_monitor"
)
OUTLET = {
    "id": "O1",
    "enterprise": "E1",
    "name": "1号机组",
    "mn": "010000A8900016F000169DC0",
    "category": "coal",
    "height_m": "180",
    "standard": "ultra-low-2015",
    "reference_o2_pct": "",
    "pollutants": "a34013 a21026 a21002",
    "permit_pm": "",
    "permit_so2": "30",
    "permit_nox": "",
    "span_pm": "50",
    "span_so2": "200",
    "span_nox": "",
    "minute_interval": "10",
    "connected_from": "2026-11-01",
    "must_monitor": "",
}
SECOND = OUTLET | {"id": "O2", "mn": "88888880000001"}


def outlets_csv(*outlets: dict[str, str]) -> str:
    """``outlets.csv`` with these rows; the first stands in line 2."""
    return "\n".join([OUTLETS_HEADER, *(",".join(outlet.values()) for outlet in outlets)]) + "\n"


def register_folder(
    folder: Path, *, divisions: str = DIVISIONS, enterprises: str = ENTERPRISES, outlets: str | None = None
) -> Path:
    """A register with two outlets of E1, or what is given instead."""
    files = {
        "divisions.csv": divisions,
        "enterprises.csv": enterprises,
        "outlets.csv": outlets_csv(OUTLET, SECOND) if outlets is None else outlets,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder


def rulebook_folder(folder: Path) -> Path:
    """A copy of the shipped rulebook."""
    for file in SHIPPED.glob("*.yaml"):
        shutil.copy(file, folder)
    shutil.copytree(SHIPPED / "standards", folder / "standards")
    return folder


def replaced(folder: Path, name: str, old: str, new: str) -> int:
    """Replace the only occurrence of a text in a file; the line it stood in."""
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def problems_of(load: Callable[[Path], object], folder: Path) -> list[tuple[str, int | None, str, str, str]]:
    """What a loader finds wrong: file, line, field, what was expected and what was found."""
    with pytest.raises(BadFile) as caught:
        load(folder)
    return [(p.file.name, p.line, p.field, p.expected, p.found) for p in caught.value.problems]
