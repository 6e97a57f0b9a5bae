"""What must follow from what was sent: each hour's state and verdict, worked out from scratch.

This is a second reading of R5 to R9 beside the fold in ``emissions``, on purpose: it knows what the loggers meant and
never looks at a frame, it keeps everything and looks at all of it again, and it shares no decision with the fold. The
ledger writes down what it finds, so a mistake in either shows as a difference.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from emissions.beijing import HOUR, midnight, to_beijing
from emissions.event import Mark
from simulators.city import City, Site, limit_of
from simulators.plants import OXYGEN, POLLUTANTS
from simulators.register import SPANS
from simulators.report import DATA, Report

IN_TIME = timedelta(hours=2)
NO_COMBUSTION_O2_PCT = 19.0
ENOUGH_MINUTES = 45
MARK_MINUTES = 15
DEVICE_MARKS = ("calibration", "maintenance", "fault", "out_of_control")
OPERATING_MARKS = ("starting", "stopping", "accident")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedHour:
    """What one hour of one pollutant at one outlet must have become."""

    kind: str = "expected_hour"
    outlet: str
    pollutant: str
    hour: datetime
    state: str
    reason: str
    in_time: bool
    in_time_state: str
    in_time_reason: str
    converted_mg_m3: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class _Arrival:
    received_at: datetime
    report: Report


@dataclass(slots=True)
class _Received:
    """Everything of one outlet that the platform had to accept."""

    first: datetime | None = None
    hours: dict[datetime, list[_Arrival]] = field(default_factory=dict)
    minutes: dict[datetime, list[_Arrival]] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    state: str
    reason: str
    converted: float | None = None
    oxygen: float | None = None


class Expectations:
    """Collects what arrived, then says what must follow."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._received = {site.outlet: _Received() for site in city.sites}
        self.readings: set[tuple[str, str, datetime]] = set()
        """(outlet, command, data time) of everything that must stand in the series store."""

    def arrived(self, report: Report, received_at: datetime) -> None:
        """A report reached the platform whole. Refused ones have no effect; their reason is in the report."""
        if report.refused or not report.outlet:
            return
        received = self._received[report.outlet]
        received.first = received.first or received_at
        if report.data_time is not None and report.cn in DATA:
            self.readings.add((report.outlet, report.cn, report.data_time))
        if report.data_time is None or report.cn not in {"2051", "2061"}:
            return
        hour = to_beijing(report.data_time).replace(minute=0, second=0, microsecond=0)
        kept = received.hours if report.cn == "2061" else received.minutes
        kept.setdefault(hour, []).append(_Arrival(received_at, report))

    def marked(self, mark: Mark) -> None:
        """A mark was entered."""
        self._received[mark.outlet].marks.append(mark)

    def hours(self, *, first: datetime, last: datetime) -> Iterable[ExpectedHour]:
        """Every hour from ``first`` to ``last`` (both starts of hours), outlet by outlet."""
        for site in self._city.sites:
            hour = first
            while hour <= last:
                for pollutant in POLLUTANTS:
                    yield self._expect(site, hour, pollutant)
                hour += HOUR

    def _expect(self, site: Site, hour: datetime, pollutant: str) -> ExpectedHour:
        known = self._found(site, hour, pollutant, in_time=False)
        in_time = self._found(site, hour, pollutant, in_time=True)
        return ExpectedHour(
            outlet=site.outlet,
            pollutant=pollutant,
            hour=hour,
            state=known.state,
            reason=known.reason,
            in_time=in_time.state != "missing",
            in_time_state=in_time.state,
            in_time_reason=in_time.reason,
            converted_mg_m3=known.converted,
            verdict=self._verdict(site, hour, pollutant, known),
        )

    def _found(self, site: Site, hour: datetime, pollutant: str, *, in_time: bool) -> _Found:
        received = self._received[site.outlet]
        due = hour + IN_TIME
        values: dict[tuple[str, str], str] = {}
        for arrival in received.hours.get(hour, []):
            if not in_time or arrival.received_at <= due:
                for code, suffixes in arrival.report.values.items():
                    values[code, ""] = ""
                    values |= {(code, suffix): text for suffix, text in suffixes.items()}
        raw = _number(values.get((pollutant, "Avg")))
        oxygen = _number(values.get((OXYGEN, "Avg")))
        converted = _number(values.get((pollutant, "ZsAvg")))
        burns = oxygen is None or oxygen < NO_COMBUSTION_O2_PCT
        if converted is None and raw is not None and oxygen is not None and burns:
            converted = raw * (21 - site.group.reference_o2_pct) / (21 - oxygen)
        marks = self._marks(site, hour, in_time=in_time)
        flag = values.get((pollutant, "Flag"), "N")
        device = next((mark.mark for mark in marks if mark.mark in DEVICE_MARKS), "")
        minutes = self._valid_minutes(site, hour, pollutant, until=due if in_time else None)
        cases: list[tuple[bool, str, str]] = [
            (any(mark.mark == "stopped" for mark in marks), "excluded", "stopped"),
            ((pollutant, "") not in values, "missing", self._silence(received, due)),
            (flag == "F" and not burns, "excluded", "stopped"),
            (bool(device), "invalid", f"marked_{device}"),
            (flag != "N", "invalid", f"flag_{flag}"),
            (raw is None, "invalid", "no_value"),
            (raw is not None and not 0 <= raw <= SPANS[pollutant], "invalid", "out_of_range"),
            ((pollutant, "ZsAvg") not in values and oxygen is None, "invalid", "no_oxygen"),
            (minutes is not None and minutes < ENOUGH_MINUTES, "invalid", "too_few_minutes"),
        ]
        state, reason = next(((state, reason) for applies, state, reason in cases if applies), ("valid", "ok"))
        return _Found(state, reason, converted, oxygen)

    @staticmethod
    def _silence(received: _Received, due: datetime) -> str:
        return "not_received" if received.first is not None and received.first <= due else "not_connected"

    def _marks(self, site: Site, hour: datetime, *, in_time: bool) -> list[Mark]:
        """Marks of the kinds that count for the hour, the one entered first in front."""
        noon_after = midnight(to_beijing(hour).date() + timedelta(days=1)) + timedelta(hours=12)
        marks = [
            mark
            for mark in self._received[site.outlet].marks
            if mark.from_ < hour + HOUR and mark.to > hour and not (in_time and mark.entered_at > noon_after)
        ]
        covered: dict[str, set[int]] = {}
        for mark in marks:
            covered.setdefault(mark.mark, set()).update(
                minute for minute in range(60) if mark.from_ <= hour + timedelta(minutes=minute) < mark.to
            )
        counting = {kind for kind, minutes in covered.items() if len(minutes) > MARK_MINUTES}
        return sorted((mark for mark in marks if mark.mark in counting), key=lambda mark: mark.entered_at)

    def _valid_minutes(self, site: Site, hour: datetime, pollutant: str, *, until: datetime | None) -> int | None:
        """Minutes of the hour that 2051 packets vouch for; None where none came."""
        arrivals = [
            arrival
            for arrival in self._received[site.outlet].minutes.get(hour, [])
            if until is None or arrival.received_at <= until
        ]
        if not arrivals:
            return None
        valid: dict[datetime, bool] = {}
        for arrival in arrivals:
            begin = arrival.report.data_time
            suffixes = arrival.report.values.get(pollutant, {})
            assert begin is not None
            valid[begin] = suffixes.get("Flag", "N") == "N" and _number(suffixes.get("Avg")) is not None
        return min(60, site.minute_interval * sum(valid.values()))

    def _verdict(self, site: Site, hour: datetime, pollutant: str, found: _Found) -> str:
        excused = any(mark.mark in OPERATING_MARKS for mark in self._marks(site, hour, in_time=False))
        idle = found.oxygen is not None and found.oxygen >= NO_COMBUSTION_O2_PCT
        if found.state != "valid" or found.converted is None or excused or idle:
            return "not_judged"
        return "exceeded" if found.converted > limit_of(site, pollutant) else "within"


def differences(expected: ExpectedHour, actual: Mapping[str, object] | None) -> list[str]:
    """What of a judged hour (fields of an ``hour`` line) is not as expected; empty: nothing."""
    if actual is None:
        return ["never judged"]
    wrong = []
    for name in ("state", "reason", "in_time", "in_time_state", "in_time_reason", "verdict"):
        wanted, found = getattr(expected, name), actual.get(name)
        if wanted != found:
            wrong.append(f"{name}: expected {wanted}, found {found}")
    if expected.state == "valid" and not _same(expected.converted_mg_m3, actual.get("converted_mg_m3")):
        wrong.append(f"converted_mg_m3: expected {expected.converted_mg_m3}, found {actual.get('converted_mg_m3')}")
    return wrong


def _same(wanted: float | None, found: object) -> bool:
    if wanted is None or not isinstance(found, int | float):
        return wanted is found
    return math.isclose(wanted, found, rel_tol=1e-7, abs_tol=1e-7)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
