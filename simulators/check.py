"""What a scenario's schema cannot see: names of faults and their parameters, outlets that are meant, codes."""

from collections.abc import Iterator

from emissions.marks import KINDS
from rulebook.document import Place
from simulators.city import City, build_city
from simulators.faults import FAULTS
from simulators.plants import POLLUTANTS
from simulators.scenario import FaultPart, Scenario, Where

Wrong = tuple[Place, str, object]
"""Place in the file, what was expected, what was found."""


def problems_of(scenario: Scenario) -> list[Wrong]:
    """All that is wrong with a scenario beyond its schema."""
    return list(_problems(scenario, build_city(scenario)))


def _problems(scenario: Scenario, city: City) -> Iterator[Wrong]:
    if not city.sites:
        yield ("plants",), "at least one plant", "none"
    for index, group in enumerate(scenario.plants):
        if set(group.limits_mg_m3) != set(POLLUTANTS):
            place: Place = ("plants", index, "limits_mg_m3")
            yield place, f"a limit for each of {', '.join(POLLUTANTS)}", ", ".join(group.limits_mg_m3)
    for index, part in enumerate(scenario.faults):
        yield from _fault(part, ("faults", index))
        yield from _where(part.where, ("faults", index, "where"), scenario, city)
    for index, mark in enumerate(scenario.marks):
        if mark.mark not in KINDS:
            yield ("marks", index, "mark"), f"one of {', '.join(sorted(KINDS))}", mark.mark
        yield from _where(mark.where, ("marks", index, "where"), scenario, city)


def _fault(part: FaultPart, place: Place) -> Iterator[Wrong]:
    if (fault := FAULTS.get(part.fault)) is None:
        yield (*place, "fault"), f"one of {', '.join(FAULTS)}", part.fault
        return
    for name, value in part.with_.items():
        default = fault.parameters.get(name)
        if default is None:
            yield (*place, "with", name), f"one of {', '.join(fault.parameters) or 'no parameters'}", name
        elif isinstance(default, float) != isinstance(value, int | float):
            yield (*place, "with", name), "a number" if isinstance(default, float) else "a text", value
        elif name == "code" and value not in POLLUTANTS:
            yield (*place, "with", name), f"one of {', '.join(POLLUTANTS)}", value
    if part.every is not None and part.every < part.for_:
        yield (*place, "every"), "at least as long as for", str(part.every)


def _where(where: Where, place: Place, scenario: Scenario, city: City) -> Iterator[Wrong]:
    if where.county is not None and where.county not in scenario.division_codes:
        yield (*place, "county"), f"one of {', '.join(sorted(scenario.division_codes))}", where.county
    elif not city.select(where):
        yield place, "at least one outlet", "none that fits"
