"""Correction of a concentration to reference oxygen 折算 (R6)."""

from emissions.register import Outlet
from emissions.rules import LimitRow

AMBIENT_O2_PCT = 21.0
"""Oxygen in dry air as the Chinese stack-gas standards round it. [% v/v]"""

_DIGITS = 9
"""Concentrations are rounded here, far below any instrument's digit, so that 35 mg/m³ computed is 35 mg/m³ compared."""


class DilutedSample(ValueError):
    """The sample is so close to air that correction has no meaning."""


def reference_oxygen(outlet: Outlet, row: LimitRow | None) -> float | None:
    """The outlet's own reference oxygen, else the limit row's; None: nothing is converted (R6). [% v/v]"""
    if outlet.reference_o2_pct is None and row is not None:
        return row.reference_o2_pct
    return outlet.reference_o2_pct


def to_reference_oxygen(measured_mg_m3: float, *, measured_o2_pct: float, reference_o2_pct: float) -> float:
    """Correct a dry-basis concentration to the reference oxygen content.

    ``c_ref = c · (21 − O2_ref) / (21 − O2)``; scalars in, scalar out.

    Args:
        measured_mg_m3: Dry, 273 K, 101.325 kPa. [mg/m³]
        measured_o2_pct: Oxygen in the same sample, dry, below 21. [% v/v]
        reference_o2_pct: Reference oxygen of the plant type, 0 ≤ x < 21. [% v/v]

    Raises:
        DilutedSample: ``measured_o2_pct`` ≥ 21, where the formula diverges.

    Source: R6; the same formula stands in annex D of HJ 212-2017.
    """
    if measured_o2_pct >= AMBIENT_O2_PCT:
        raise DilutedSample(f"O2 {measured_o2_pct} % leaves nothing to correct")
    share = (AMBIENT_O2_PCT - reference_o2_pct) / (AMBIENT_O2_PCT - measured_o2_pct)
    return round(measured_mg_m3 * share, _DIGITS)


def differs(sent_mg_m3: float, computed_mg_m3: float, *, tolerance: float) -> bool:
    """Whether the sent converted value differs from the computed one by more than that share of the computed one."""
    return round(abs(sent_mg_m3 - computed_mg_m3) - tolerance * abs(computed_mg_m3), _DIGITS) > 0
