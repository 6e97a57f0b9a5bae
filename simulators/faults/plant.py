"""Faults of the plant and of the analyser."""

from dataclasses import replace

from simulators.faults.fault import Spell
from simulators.plants import Sample, standstill, with_value

AIR_O2_PCT = 20.9


def exceedance(sample: Sample, spell: Spell) -> Sample:
    """A slurry pump trips: SO2 (or another pollutant) jumps by a factor."""
    if not spell.covers(sample.at):
        return sample
    code = spell.text("code")
    return with_value(sample, code, sample.value(code) * spell.number("factor"))


def stuck(sample: Sample, spell: Spell) -> Sample:
    """The analyser shows the same value to the last digit."""
    if not spell.covers(sample.at):
        return sample
    return with_value(sample, spell.text("code"), spell.number("value"))


def stopped(sample: Sample, spell: Spell) -> Sample:
    """The plant stands still: air in the stack."""
    return standstill(sample) if spell.covers(sample.at) else sample


def air_leak(sample: Sample, spell: Spell) -> Sample:
    """The sample pump fails: the analyser draws air while the plant runs on."""
    if not spell.covers(sample.at):
        return sample
    return replace(sample, pm=sample.pm * 0.02, so2=sample.so2 * 0.02, nox=sample.nox * 0.02, o2_pct=AIR_O2_PCT)
