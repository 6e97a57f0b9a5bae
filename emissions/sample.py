"""One sample of the running hour as it is compared with the limit (R6, R7, R20)."""

from emissions.oxygen import reference_oxygen, to_reference_oxygen
from emissions.register import Outlet
from emissions.rules import LimitRow, Parameters
from emissions.validity import flag_of


def sample_mg_m3(
    pollutant: str,
    *,
    measured: float | None,
    sent: float | None,
    oxygen: float | None,
    flag: str | None,
    outlet: Outlet,
    row: LimitRow | None,
    parameters: Parameters,
) -> float | None:
    """The sample at reference oxygen, the sent value first; None for one that says nothing. [mg/m³]

    Args:
        pollutant: Its code.
        measured: The value as measured. [mg/m³]
        sent: The converted value, where the logger sent one. [mg/m³]
        oxygen: Of the same sample. [% v/v]
        flag: As sent; none is N.
        outlet: Its range and its own reference oxygen.
        row: The limit in force, for the reference oxygen.
        parameters: The rulebook's numbers.
    """
    if measured is None or flag_of(flag) != "N":
        return None
    if measured < parameters.value_minimum_mg_m3 or measured > outlet.spans.get(pollutant, measured):
        return None
    if oxygen is not None and oxygen >= parameters.no_combustion_o2_pct:
        return None
    reference = reference_oxygen(outlet, row)
    if reference is None:
        return measured
    if sent is not None:
        return sent
    return None if oxygen is None else to_reference_oxygen(measured, measured_o2_pct=oxygen, reference_o2_pct=reference)
