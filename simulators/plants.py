"""Seeded plants: what the gas in one stack does over time, as an instrument would see it.

Ranges and dynamics follow common practice for ultra-low coal units and for 20 to 75 t/h boilers: first-order
autoregression (correlation times of minutes), a daily load cycle, oxygen that rises and a catalyst that cools at low
load. Nothing here reads a clock; a plant is stepped through simulated time and its past decides its next sample.
"""

import math
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from emissions.beijing import to_beijing

PM, SO2, NOX = "a34013", "a21026", "a21002"
"""The assessed pollutants of a stack, as HJ 212-2017 codes."""
OXYGEN, VELOCITY, TEMPERATURE, PRESSURE, MOISTURE, FLOW = "a19001", "a01011", "a01012", "a01013", "a01014", "a00000"
POLLUTANTS = (PM, SO2, NOX)

AMBIENT_O2_PCT = 20.6
"""What an oxygen analyser shows in a stack that stands still. [% v/v]"""
GAS_CORRELATION = timedelta(minutes=15)
PM_CORRELATION = timedelta(minutes=3)
COLD_CATALYST_LOAD = 0.45
"""Below this load the flue gas is too cold for the catalyst and NOx climbs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the instruments of one stack show at one moment; concentrations dry, standard state, as measured. [mg/m³]"""

    at: datetime
    pm: float
    so2: float
    nox: float
    o2_pct: float
    velocity_m_s: float
    temperature_c: float
    pressure_kpa: float
    moisture_pct: float
    flow_m3_s: float
    """Standard dry flow. [m³/s]"""

    def value(self, code: str) -> float:
        """The value of one factor by its HJ 212-2017 code."""
        return float(getattr(self, _FIELDS[code]))


_FIELDS = {
    PM: "pm",
    SO2: "so2",
    NOX: "nox",
    OXYGEN: "o2_pct",
    VELOCITY: "velocity_m_s",
    TEMPERATURE: "temperature_c",
    PRESSURE: "pressure_kpa",
    MOISTURE: "moisture_pct",
    FLOW: "flow_m3_s",
}


def with_value(sample: Sample, code: str, value: float) -> Sample:
    """The sample with another value for one factor."""
    changes: dict[str, Any] = {_FIELDS[code]: value}
    return replace(sample, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantKind:
    """Ranges of one kind of plant. Pairs are (low, high); each plant draws its own mean from the inner part."""

    name: str
    pm: tuple[float, float]
    so2: tuple[float, float]
    nox: tuple[float, float]
    o2_pct: tuple[float, float]
    temperature_c: tuple[float, float]
    velocity_m_s: tuple[float, float]
    moisture_pct: tuple[float, float]
    flow_m3_s: tuple[float, float]


KINDS: dict[str, PlantKind] = {
    "ultra_low_coal": PlantKind(
        name="ultra_low_coal",
        pm=(1.0, 4.0),
        so2=(5.0, 25.0),
        nox=(25.0, 44.0),
        o2_pct=(4.0, 8.0),
        temperature_c=(48.0, 55.0),
        velocity_m_s=(8.0, 16.0),
        moisture_pct=(10.0, 14.0),
        flow_m3_s=(80.0, 300.0),
    ),
    "coal_boiler": PlantKind(
        name="coal_boiler",
        pm=(2.0, 7.0),
        so2=(10.0, 30.0),
        nox=(30.0, 48.0),
        o2_pct=(7.0, 12.0),
        temperature_c=(55.0, 80.0),
        velocity_m_s=(5.0, 12.0),
        moisture_pct=(8.0, 12.0),
        flow_m3_s=(8.0, 33.0),
    ),
}
"""Kinds of plant that a scenario may name."""


class Plant:
    """One plant. ``step`` takes rising moments; the same seed and the same steps give the same samples."""

    def __init__(self, kind: PlantKind, seed: str) -> None:
        self._kind = kind
        self._random = random.Random(seed)  # noqa: S311 - a repeatable plant, not a secret
        self._means = {name: self._mean(name) for name in ("pm", "so2", "nox", "o2_pct", "temperature_c")}
        self._phase_h = self._random.uniform(-1.5, 1.5)
        self._full_flow = self._random.uniform(*kind.flow_m3_s)
        self._deviation = dict.fromkeys(self._means, 0.0)
        self._at: datetime | None = None

    def _mean(self, name: str) -> float:
        low, high = getattr(self._kind, name)
        return self._random.uniform(low + 0.25 * (high - low), low + 0.65 * (high - low))

    def step(self, at: datetime) -> Sample:
        """The sample at ``at``, which must not be before the one of the last call."""
        elapsed = GAS_CORRELATION * 10 if self._at is None else at - self._at
        self._at = at
        for name in self._deviation:
            tau = PM_CORRELATION if name == "pm" else GAS_CORRELATION
            keep = math.exp(-(elapsed / tau))
            self._deviation[name] = keep * self._deviation[name] + math.sqrt(1 - keep * keep) * self._random.gauss(0, 1)
        load = self._load(at)
        kind, mean, deviation = self._kind, self._means, self._deviation
        cold = max(0.0, COLD_CATALYST_LOAD - load) / COLD_CATALYST_LOAD
        return Sample(
            at=at,
            pm=_within(mean["pm"] * (0.9 + 0.15 * load) + 0.1 * _width(kind.pm) * deviation["pm"], kind.pm),
            so2=_within(mean["so2"] * math.exp(0.18 * deviation["so2"]), kind.so2),
            nox=_within(mean["nox"] * (1 + 0.4 * cold) + 0.08 * _width(kind.nox) * deviation["nox"], kind.nox),
            o2_pct=_within(mean["o2_pct"] + 1.2 * (0.8 - load) + 0.25 * deviation["o2_pct"], kind.o2_pct),
            velocity_m_s=kind.velocity_m_s[0] + load * _width(kind.velocity_m_s) * 0.9,
            temperature_c=_within(mean["temperature_c"] + 0.8 * deviation["temperature_c"], kind.temperature_c),
            pressure_kpa=-0.1 + 0.04 * deviation["o2_pct"],
            moisture_pct=kind.moisture_pct[0] + _width(kind.moisture_pct) * (0.3 + 0.4 * load),
            flow_m3_s=self._full_flow * load,
        )

    def _load(self, at: datetime) -> float:
        local = to_beijing(at)
        hour = local.hour + local.minute / 60
        return 0.76 + 0.18 * math.sin(2 * math.pi * (hour - 9 + self._phase_h) / 24)


def standstill(sample: Sample) -> Sample:
    """The same moment with the plant stopped: air in the stack, nothing burns."""
    return Sample(
        at=sample.at,
        pm=min(1.0, sample.pm * 0.1),
        so2=min(2.0, sample.so2 * 0.05),
        nox=min(3.0, sample.nox * 0.05),
        o2_pct=AMBIENT_O2_PCT,
        velocity_m_s=0.6,
        temperature_c=18.0,
        pressure_kpa=0.0,
        moisture_pct=2.0,
        flow_m3_s=0.0,
    )


def _width(pair: tuple[float, float]) -> float:
    return pair[1] - pair[0]


def _within(value: float, pair: tuple[float, float]) -> float:
    return min(max(value, pair[0]), pair[1])
