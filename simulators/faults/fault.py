"""What a fault is: a name, where it bites, its parameters, and one pure function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulators.plants import Sample
from simulators.report import Report

Parameter = float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """One occurrence of a fault: [start, end), with its parameters."""

    start: datetime
    end: datetime
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def covers(self, moment: datetime) -> bool:
        """Whether a moment lies in the spell."""
        return self.start <= moment < self.end

    def overlap(self, report: Report) -> timedelta:
        """How much of a report's period lies in the spell; a moment counts as nothing."""
        if report.data_time is None:
            return timedelta(0)
        begin = max(self.start, report.data_time)
        return max(timedelta(0), min(self.end, report.data_time + report.period) - begin)

    def holds_data(self, report: Report) -> bool:
        """Whether the data of a report begin in the spell."""
        return report.data_time is not None and self.covers(report.data_time)

    def number(self, name: str) -> float:
        """A parameter that is a number."""
        return float(self.parameters[name])

    def text(self, name: str) -> str:
        """A parameter that is a text."""
        return str(self.parameters[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFault:
    """Something in the plant or the analyser: changes what is measured."""

    meaning: str
    apply: Callable[[Sample, Spell], Sample]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    """Names and defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFault:
    """Something in the logger or on the line: one report becomes none, itself, another, or several."""

    meaning: str
    apply: Callable[[Report, Spell], list[Report]]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    """Names and defaults."""


Fault = SampleFault | ReportFault
