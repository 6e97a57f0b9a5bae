"""The fleet: every packet that the scenario's loggers send, in the order of simulated time.

A pure function of (scenario, seed): the same pair gives the same bytes, on any machine, however it is driven.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from emissions.beijing import HOUR, hour_of
from emissions.event import Mark
from simulators.city import City, Site, build_city
from simulators.faults import FAULTS, ReportFault, SampleFault, Spell
from simulators.faults import logger as habits
from simulators.frames import expected_answer, frame_of, qn_of
from simulators.logger import Logger
from simulators.plants import Sample
from simulators.report import Report
from simulators.scenario import FaultPart, Scenario

HEARTBEAT = "9015"
_FOREVER = timedelta(days=36_500)
REPEATS = 31
"""How often a fault with ``every`` comes back at most."""

Transform = tuple[Callable[[Report, Spell], list[Report]], Spell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One frame that leaves a logger at a moment, and what the platform must make of it."""

    at: datetime
    mn: str
    outlet: str
    frame: bytes
    qn: str
    answer: str
    """Command that must come back: ``9014``, ``9013``, or empty where nothing must."""
    refused: str
    """Reason of R3 for which it must go to quarantine; empty: it must be accepted."""
    report: Report

    @property
    def heartbeat(self) -> bool:
        """Whether it only says that the logger is there."""
        return self.report.cn == HEARTBEAT


class Fleet:
    """All loggers of a scenario. Iterate it once; it goes on for ever."""

    def __init__(self, scenario: Scenario, *, seed: int | None = None) -> None:
        self.scenario = scenario if seed is None else scenario.model_copy(update={"seed": seed})
        self.city: City = build_city(self.scenario)
        self.live_from: datetime | None = None
        """From here on loggers send at their live intervals, spread over the minute. Set it before iterating."""
        self._parts = [
            (FAULTS[part.fault], part, frozenset(site.outlet for site in self.city.select(part.where)))
            for part in self.scenario.faults
        ]
        self._queue: list[tuple[datetime, int, int, Report]] = []
        self._serial = 0

    def marks(self) -> list[Mark]:
        """The marks that the scenario's enterprises enter, by the moment at which they do."""
        start = self.scenario.start
        marks = [
            Mark(
                id=f"{self.scenario.name}-{number}-{site.outlet}",
                outlet=site.outlet,
                mn=site.mn,
                mark=part.mark,
                from_=start + part.from_,
                to=start + part.from_ + part.for_,
                entered_at=start + part.entered,
                by=part.by,
                note=part.note,
            )
            for number, part in enumerate(self.scenario.marks, 1)
            for site in self.city.select(part.where)
        ]
        return sorted(marks, key=lambda mark: (mark.entered_at, mark.id))

    def sendings(self) -> Iterator[Sending]:
        """Every frame, oldest first; those of one logger and instant in the order in which it sends them."""
        loggers = [(self._logger(site), self._transforms(site)) for site in self.city.sites]
        hour = hour_of(self.scenario.start)
        while True:
            for logger, transforms in loggers:
                for report in logger.hour(hour, live_from=self.live_from):
                    self._enqueue(_transformed(report, transforms), logger.site.ordinal)
            hour += HOUR
            while self._queue and self._queue[0][0] < hour:
                yield sending(heapq.heappop(self._queue)[-1])

    def _enqueue(self, reports: list[Report], ordinal: int) -> None:
        for report in reports:
            self._serial += 1
            heapq.heappush(self._queue, (report.at, ordinal, self._serial, report))

    def _logger(self, site: Site) -> Logger:
        spells = [
            (fault.apply, spell)
            for fault, part in self._faults_of(site)
            if isinstance(fault, SampleFault)
            for spell in self._spells(part)
        ]

        def disturb(sample: Sample) -> Sample:
            for apply, spell in spells:
                sample = apply(sample, spell)
            return sample

        traits = self.scenario.loggers
        return Logger(
            site,
            self.scenario.seed,
            rtd_s=traits.rtd_interval_s,
            live_rtd_s=traits.live_rtd_interval_s,
            heartbeat=traits.heartbeat,
            disturb=disturb,
        )

    def _transforms(self, site: Site) -> list[Transform]:
        """The logger's own habit of splitting, then the scenario's faults in the order in which they are written."""
        transforms: list[Transform] = []
        if site.split:
            start = self.scenario.start
            transforms.append((habits.split, Spell(start=start, end=start + _FOREVER)))
        for fault, part in self._faults_of(site):
            if isinstance(fault, ReportFault):
                transforms += [(fault.apply, spell) for spell in self._spells(part)]
        return transforms

    def _faults_of(self, site: Site) -> Iterator[tuple[SampleFault | ReportFault, FaultPart]]:
        for fault, part, outlets in self._parts:
            if site.outlet in outlets:
                yield fault, part

    def _spells(self, part: FaultPart) -> list[Spell]:
        parameters = {**FAULTS[part.fault].parameters, **part.with_}
        begin = self.scenario.start + part.from_
        times = 1 if part.every is None else REPEATS
        return [
            Spell(
                start=begin + number * (part.every or timedelta(0)),
                end=begin + number * (part.every or timedelta(0)) + part.for_,
                parameters=parameters,
            )
            for number in range(times)
        ]


def sending(report: Report) -> Sending:
    """The frame of a report, and what must follow."""
    return Sending(
        at=report.at,
        mn=report.mn,
        outlet=report.outlet,
        frame=frame_of(report),
        qn=qn_of(report),
        answer=expected_answer(report),
        refused=report.refused,
        report=report,
    )


def _transformed(report: Report, transforms: list[Transform]) -> list[Report]:
    reports = [report]
    for apply, spell in transforms:
        reports = [after for before in reports for after in apply(before, spell)]
    return reports
