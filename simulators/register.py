"""The register folder of a scenario: the same three CSV files that a bureau would keep."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from simulators.city import City
from simulators.plants import NOX, PM, POLLUTANTS, SO2

SPANS = {PM: 100.0, SO2: 500.0, NOX: 500.0}
"""Measuring ranges of the simulated analysers. [mg/m³]"""

DIVISION_COLUMNS = ("code", "name", "parent", "valid_from", "valid_to")
ENTERPRISE_COLUMNS = ("id", "name", "county", "industry", "livelihood")
OUTLET_COLUMNS = (
    "id",
    "enterprise",
    "name",
    "mn",
    "category",
    "height_m",
    "standard",
    "reference_o2_pct",
    "pollutants",
    "permit_pm",
    "permit_so2",
    "permit_nox",
    "span_pm",
    "span_so2",
    "span_nox",
    "minute_interval",
    "connected_from",
    "must_monitor",
)


def write_register(city: City, folder: Path) -> None:
    """Write ``divisions.csv``, ``enterprises.csv`` and ``outlets.csv``; the folder is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    divisions = [{"code": city.code, "name": city.name, "parent": ""}]
    divisions += [{"code": part.code, "name": part.name, "parent": city.code} for part in city.divisions]
    _write(folder / "divisions.csv", DIVISION_COLUMNS, divisions)
    _write(
        folder / "enterprises.csv",
        ENTERPRISE_COLUMNS,
        (
            {
                "id": enterprise.id,
                "name": enterprise.name,
                "county": enterprise.county,
                "industry": enterprise.industry,
                "livelihood": str(enterprise.livelihood).lower(),
            }
            for enterprise in city.enterprises
        ),
    )
    _write(
        folder / "outlets.csv",
        OUTLET_COLUMNS,
        (
            {
                "id": site.outlet,
                "enterprise": site.enterprise.id,
                "name": site.name,
                "mn": site.mn,
                "category": site.group.category,
                "height_m": f"{site.group.height_m:g}",
                "standard": site.group.standard,
                "pollutants": " ".join(POLLUTANTS),
                "span_pm": f"{SPANS[PM]:g}",
                "span_so2": f"{SPANS[SO2]:g}",
                "span_nox": f"{SPANS[NOX]:g}",
                "minute_interval": str(site.minute_interval),
                "connected_from": city.start.isoformat(),
            }
            for site in city.sites
        ),
    )


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
