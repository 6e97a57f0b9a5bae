"""A scenario: the YAML file that says which city is played, with which loggers, faults and marks, and from when.

All moments in a scenario but ``start`` are spans after the start (ISO 8601: ``P1DT9H30M``), so the same story can be
told from a fixed date, where every run is equal to the last digit, or up to the present.
"""

from datetime import datetime, timedelta
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

from emissions.beijing import to_beijing
from rulebook.document import Document, Place, read_document, spelled
from rulebook.errors import BadFile, Problem, shown
from rulebook.schema import Strict, Text, validate
from simulators.plants import KINDS

_span = TypeAdapter(timedelta)
_moment = TypeAdapter(datetime)


def _to_span(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    expected = "a span of time such as P1DT9H30M"
    if not (isinstance(value, str) and value.startswith("P")):
        raise ValueError(expected)
    try:
        return _span.validate_python(value)
    except ValidationError as error:
        raise ValueError(expected) from error


def _to_moment(value: object) -> datetime:
    try:
        moment = _moment.validate_python(value)
    except ValidationError as error:
        raise ValueError("a moment such as 2026-10-30T00:00:00+08:00") from error
    if moment.tzinfo is None:
        raise ValueError("a moment with its offset such as 2026-10-30T00:00:00+08:00")
    return to_beijing(moment)


Span = Annotated[timedelta, BeforeValidator(_to_span)]
Moment = Annotated[datetime, BeforeValidator(_to_moment)]
Share = Annotated[float, Field(ge=0, le=1)]
Ordinals = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(strict=False)]
Positive = Annotated[float, Field(gt=0)]


class CityPart(Strict):
    """The city that all divisions of the scenario belong to."""

    code: Text
    name: Text


class DivisionPart(Strict):
    """A county or development zone, with the weight by which plants are spread."""

    code: Text
    name: Text
    coal_10kt: Annotated[float, Field(ge=0)]
    """Coal use of a year; 0 gives a division without outlets. [10 000 t]"""


class PlantGroup(Strict):
    """Many plants of one kind, spread over the divisions by largest remainder."""

    kind: Text
    count: Annotated[int, Field(ge=0)] | None = None
    capacities_t_h: Annotated[tuple[Positive, ...], Field(strict=False)] | None = None
    """Steam capacity of each boiler, instead of a count. [t/h]"""
    enterprise_name: Text
    """With ``{n}`` for the enterprise's number in Chinese."""
    outlet_name: Text
    """With ``{n}`` for the number within the enterprise, ``{t}`` for the capacity."""
    industry: Text
    livelihood: bool = False
    units_per_enterprise: Annotated[tuple[int, int], Field(strict=False)] = (1, 6)
    standard: Text
    category: Text
    limits_mg_m3: dict[Text, Positive]
    """What the scenario's author expects the standard to say: the ledger judges by these, not by the rulebook."""
    reference_o2_pct: Annotated[float, Field(ge=0, lt=21)]
    height_m: Positive

    @property
    def size(self) -> int:
        """How many plants the group has."""
        return len(self.capacities_t_h) if self.capacities_t_h is not None else self.count or 0

    @model_validator(mode="after")
    def _complete(self) -> "PlantGroup":
        if self.kind not in KINDS:
            raise ValueError(f"a kind of plant, one of {', '.join(KINDS)}")
        if (self.count is None) == (self.capacities_t_h is None):
            raise ValueError("either count or capacities_t_h")
        low, high = self.units_per_enterprise
        if not 1 <= low <= high:
            raise ValueError("units_per_enterprise as [least, most], from 1 on")
        return self


class Loggers(Strict):
    """How the loggers differ. Shares are of all outlets, drawn with the seed."""

    edition_2005: Share = 0.1
    edition_2025: Share = 0.2
    with_minutes: Share = 0.3
    """Send 2051 packets; the others send hours only."""
    split: Share = 0.1
    """Send each hour in two sub-packets with two QNs (2017 and 2025)."""
    without_conversion: Share = 0.05
    """Send no ZsAvg: the platform converts."""
    minute_interval: Literal[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30] = 30
    rtd_interval_s: Annotated[int, Field(ge=30, le=3600)] = 3600
    """Interval of 2011 packets on the accelerated clock. [s]"""
    live_rtd_interval_s: Annotated[int, Field(ge=30, le=3600)] = 60
    """The same once the clock is the real one. [s]"""
    heartbeat: Span = timedelta(hours=6)
    """Interval of the 9015 of 2025 loggers."""


class Where(Strict):
    """Which outlets something befalls. Every line narrows the choice; ordinals count from 1 in register order."""

    county: Text | None = None
    kind: Text | None = None
    edition: Literal[2005, 2017, 2025] | None = None
    with_minutes: bool | None = None
    split: bool | None = None
    enterprise: Ordinals = ()
    """Of the enterprises that are left."""
    outlet: Ordinals = ()
    """Of the outlets that are left."""


class FaultPart(Strict):
    """One thing that goes wrong, from when, for how long, at which outlets."""

    fault: Text
    where: Where
    from_: Span = Field(alias="from")
    for_: Span = Field(alias="for", gt=timedelta(0))
    every: Span | None = None
    """Again and again, this far apart."""
    with_: dict[Text, float | Text] = Field(alias="with", default_factory=dict)


class MarkPart(Strict):
    """A mark that an enterprise enters (R8)."""

    mark: Text
    where: Where
    from_: Span = Field(alias="from")
    for_: Span = Field(alias="for", gt=timedelta(0))
    entered: Span
    """When it is entered, after the scenario's start."""
    by: Text = "示例企业"
    note: str = ""


class Scenario(Strict):
    """A whole scenario, valid in itself."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    title: Text
    seed: int
    start: Moment
    speed: Annotated[int, Field(ge=1, le=1_000_000)]
    """Simulated seconds per real second that suit the scenario."""
    history: Span = timedelta(days=2)
    """How far back a live run begins."""
    city: CityPart
    divisions: Annotated[tuple[DivisionPart, ...], Field(strict=False)]
    plants: Annotated[tuple[PlantGroup, ...], Field(strict=False)]
    loggers: Loggers = Loggers()
    faults: Annotated[tuple[FaultPart, ...], Field(strict=False)] = ()
    marks: Annotated[tuple[MarkPart, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _consistent(self) -> "Scenario":
        codes = [division.code for division in self.divisions]
        if len(set(codes)) != len(codes) or self.city.code in codes:
            raise ValueError("each division code once")
        if not any(division.coal_10kt for division in self.divisions):
            raise ValueError("at least one division with coal_10kt above 0")
        if self.start != self.start.replace(minute=0, second=0, microsecond=0):
            raise ValueError("a start on a full hour")
        return self

    @cached_property
    def division_codes(self) -> frozenset[str]:
        """Codes of the scenario's counties and zones."""
        return frozenset(division.code for division in self.divisions)


def load_scenario(path: Path) -> Scenario:
    """Read a scenario from its file.

    Raises:
        BadFile: with file, line, field and what was expected; also for a fault that is not known, or one that
            befalls no outlet at all.
    """
    from simulators.check import problems_of

    document = read_document(path)
    scenario = validate(document, Scenario)
    if problems := [problem_at(document, place, expected, found) for place, expected, found in problems_of(scenario)]:
        raise BadFile(problems)
    return scenario


def problem_at(document: Document, place: Place, expected: str, found: object) -> Problem:
    """A problem of a file at one of its fields."""
    return Problem(
        file=document.file, line=document.line(place), field=spelled(place), expected=expected, found=shown(found)
    )


def shipped(name: str) -> Path:
    """Path of a scenario that comes with the software, such as ``liaocheng``.

    Raises:
        BadFile: there is none of that name.
    """
    folder = Path(str(resources.files("simulators") / "scenarios"))
    path = folder / f"{name}.yaml"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise BadFile([Problem(file=path, line=None, field="", expected=f"one of {names}", found=shown(name))])
    return path
