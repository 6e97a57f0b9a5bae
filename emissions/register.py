"""Who is watched: divisions, enterprises and outlets, as the bureau's register lists them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """A county, city or separately assessed development zone (行政区划)."""

    code: str
    """GB/T 2260 code, or the bureau's own for a zone that has none."""
    name: str
    parent: str
    """Code of the city a county belongs to; empty at the top."""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enterprise:
    """A polluting unit (企业)."""

    id: str
    name: str
    county: str
    """Code of the division that answers for it."""
    industry: str
    livelihood: bool = False
    """Supplies heat or the like, so it cannot simply be stopped (民生)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One stack with one monitor (排放口), together with where it belongs."""

    id: str
    enterprise: str
    county: str
    city: str
    name: str
    mn: str
    """Identity of the data logger; empty while no monitor is installed."""
    category: str
    """Row of the standard that applies, for instance ``coal``."""
    standard: str
    """Name of the standard in the rulebook."""
    height_m: float | None
    reference_o2_pct: float | None = None
    """The outlet's own reference oxygen; None: that of the limit row. [% v/v]"""
    pollutants: tuple[str, ...] = ()
    """Assessed pollutants, as HJ 212-2017 codes."""
    permits_mg_m3: Mapping[str, float] = field(default_factory=dict)
    """Permit limit by pollutant code; it goes before the standard's. [mg/m³]"""
    spans: Mapping[str, float] = field(default_factory=dict)
    """Measuring range of the analyser by pollutant code. [mg/m³]"""
    minute_interval: int = 10
    """Minutes that one 2051 packet stands for."""
    connected_from: datetime | None = None
    """Hours that start before this moment are not due."""
    must_monitor: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The whole register. Keys are codes and ids."""

    divisions: Mapping[str, Division]
    enterprises: Mapping[str, Enterprise]
    outlets: Mapping[str, Outlet]

    def by_mn(self) -> dict[str, Outlet]:
        """Outlets that have a monitor, by the MN of their logger."""
        return {outlet.mn: outlet for outlet in self.outlets.values() if outlet.mn}
