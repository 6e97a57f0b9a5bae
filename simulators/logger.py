"""A data logger: turns the samples of its plant into the reports of HJ 212.

Times of the accelerated clock lie on a coarse grid, so that a run stands still at few instants: period data leave two
minutes after their period's end, real-time data two minutes after the hour and then at their interval. Live loggers
spread over the seconds of the minute instead.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from emissions.beijing import HOUR, to_beijing
from simulators.city import Site
from simulators.plants import (
    FLOW,
    MOISTURE,
    NOX,
    OXYGEN,
    PM,
    POLLUTANTS,
    PRESSURE,
    SO2,
    TEMPERATURE,
    VELOCITY,
    Plant,
    Sample,
)
from simulators.report import Report, Values

STEP = timedelta(minutes=10)
"""Distance of the samples that a plant is stepped through."""
DELAY = timedelta(minutes=2)
"""From the end of a period to its packet."""
STANDSTILL_O2_PCT = 19.0
"""From here on a logger does not convert: nothing burns. [% v/v]"""

DECIMALS = {PM: 2, SO2: 2, NOX: 2, OXYGEN: 2, VELOCITY: 2, TEMPERATURE: 1, PRESSURE: 3, MOISTURE: 1, FLOW: 1}
PARAMETERS = (VELOCITY, TEMPERATURE, PRESSURE, MOISTURE, FLOW)
QN_OFFSET = {"2011": 100, "2051": 200, "2061": 300, "2031": 400, "9015": 500, "2081": 600}
"""Milliseconds that keep the request numbers of one instant apart."""

Disturb = Callable[[Sample], Sample]


class Logger:
    """One logger and its plant. ``hour`` must be called for every hour in turn."""

    def __init__(
        self, site: Site, seed: int, *, rtd_s: int, live_rtd_s: int, heartbeat: timedelta, disturb: Disturb
    ) -> None:
        self.site = site
        self._seed = f"{seed}/{site.outlet}"
        self._plant = Plant(site.kind, self._seed)
        self._disturb = disturb
        self._rtd = timedelta(seconds=rtd_s)
        self._live_rtd = timedelta(seconds=live_rtd_s)
        self._heartbeat = heartbeat
        self._day: list[Sample] = []

    def hour(self, start: datetime, *, live_from: datetime | None = None) -> Iterator[Report]:
        """All reports about the hour [start, start + 1 h).

        Args:
            start: The hour's start.
            live_from: From here on packets leave at the live interval and at the logger's own second of the minute.
        """
        samples = [self._disturb(self._plant.step(start + STEP * number)) for number in range(HOUR // STEP)]
        leaves = partial(self._leaves, live_from=live_from)
        if self.site.edition == 2025 and (start - to_beijing(start).replace(hour=0)) % self._heartbeat < HOUR:
            yield self._report(leaves(start), "9015", None)
        for at in self._moments(start, live_from):
            jitter = random.Random(f"{self._seed}/{at.timestamp():.0f}")  # noqa: S311 - repeatable
            yield self._report(at, "2011", at, values=self._instant(samples[(at - start) // STEP], jitter))
        if self.site.with_minutes:
            length = timedelta(minutes=self.site.minute_interval)
            for number in range(HOUR // length):
                begin = start + number * length
                inside = [sample for sample in samples if begin <= sample.at < begin + length]
                inside = inside or [samples[(begin - start) // STEP]]
                yield self._period("2051", begin, length, inside, leaves(begin + length))
        yield self._period("2061", start, HOUR, samples, leaves(start + HOUR))
        self._day += samples
        if to_beijing(start).hour == 23:
            day = self._day[0].at
            yield self._period("2031", day, start + HOUR - day, self._day, leaves(start + HOUR))
            self._day = []

    def _leaves(self, end: datetime, *, live_from: datetime | None) -> datetime:
        """When the packet of a period that ends at ``end`` is sent."""
        live = live_from is not None and end + DELAY >= live_from
        return end + DELAY + (timedelta(seconds=self.site.offset_s) if live else timedelta(0))

    def _moments(self, start: datetime, live_from: datetime | None) -> Iterator[datetime]:
        """Sampling moments of real-time data within the hour."""
        end = start + HOUR
        live = end if live_from is None else min(end, max(start, live_from))
        at = start + DELAY
        while at < live:
            yield at
            at += self._rtd
        at = start + timedelta(seconds=self.site.offset_s)
        while at < end:
            if at >= live:
                yield at
            at += self._live_rtd

    def _instant(self, sample: Sample, jitter: random.Random) -> Values:
        values: dict[str, dict[str, str]] = {}
        oxygen = sample.o2_pct
        for code in POLLUTANTS:
            raw = sample.value(code) * jitter.uniform(0.98, 1.02)
            values[code] = {"Rtd": _text(code, raw)}
            if self.site.sends_converted:
                values[code]["ZsRtd"] = _text(code, self._converted(raw, oxygen))
            values[code]["Flag"] = "N"
        for code in (OXYGEN, *PARAMETERS):
            values[code] = {"Rtd": _text(code, sample.value(code)), "Flag": "N"}
        return values

    def _period(self, cn: str, begin: datetime, length: timedelta, samples: Sequence[Sample], at: datetime) -> Report:
        oxygen = _mean([sample.o2_pct for sample in samples])
        seconds = length.total_seconds()
        values: dict[str, dict[str, str]] = {}
        for code in POLLUTANTS:
            series = [sample.value(code) for sample in samples]
            numbers = {"Min": min(series), "Avg": _mean(series), "Max": max(series)}
            mass_kg = _mean([sample.value(code) * sample.flow_m3_s for sample in samples]) * seconds / 1e6
            texts = {"Cou": f"{mass_kg:.3f}"} | {name: _text(code, number) for name, number in numbers.items()}
            if self.site.sends_converted:
                texts |= {f"Zs{name}": _text(code, self._converted(number, oxygen)) for name, number in numbers.items()}
            values[code] = texts | {"Flag": "N"}
        for code in (OXYGEN, FLOW) if cn == "2051" else (OXYGEN, *PARAMETERS):
            series = [sample.value(code) for sample in samples]
            values[code] = {
                "Min": _text(code, min(series)),
                "Avg": _text(code, _mean(series)),
                "Max": _text(code, max(series)),
                "Flag": "N",
            }
        return self._report(at, cn, begin, period=length, values=values)

    def _converted(self, raw: float, oxygen: float) -> float:
        if oxygen >= STANDSTILL_O2_PCT:
            return raw
        return raw * (21 - self.site.group.reference_o2_pct) / (21 - oxygen)

    def _report(
        self,
        at: datetime,
        cn: str,
        data_time: datetime | None,
        *,
        period: timedelta = timedelta(0),
        values: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Report:
        return Report(
            at=at,
            outlet=self.site.outlet,
            mn=self.site.mn,
            edition=self.site.edition,
            cn=cn,
            data_time=data_time,
            period=period,
            values=values or {},
            qn=None if self.site.edition == 2005 else at + timedelta(milliseconds=QN_OFFSET[cn]),
        )


def _text(code: str, value: float) -> str:
    return f"{value:.{DECIMALS[code]}f}"


def _mean(series: Sequence[float]) -> float:
    return sum(series) / len(series)
