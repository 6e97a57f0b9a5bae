"""Faults between the logger and the platform: what gets lost, comes late, twice, or torn."""

from dataclasses import replace
from datetime import timedelta

from simulators.faults.fault import Spell
from simulators.report import PERIOD_DATA, Report

MINUTE = timedelta(minutes=1)
_LATE_MS = {"2051": 0, "2061": 6, "2031": 12}


def gap(report: Report, spell: Spell) -> list[Report]:
    """The line is down and the logger keeps nothing."""
    return [] if spell.covers(report.at) else [report]


def backfill(report: Report, spell: Spell) -> list[Report]:
    """The line is down; period data come in a burst after it is back (补传)."""
    if not spell.covers(report.at):
        return [report]
    kept = timedelta(hours=spell.number("keep_hours"))
    if report.cn not in PERIOD_DATA or report.at < spell.end - kept:
        return []
    at = spell.end + spell.number("delay_min") * MINUTE
    qn = None
    if report.qn is not None:
        serial = (report.at - spell.start) // MINUTE * 20 + _LATE_MS[report.cn] + (report.part or (0, 0))[1]
        qn = at + timedelta(seconds=1, milliseconds=serial)
    return [replace(report, at=at, qn=qn, backfill=report.edition == 2025)]


def duplicate(report: Report, spell: Spell) -> list[Report]:
    """An answer got lost, so the logger sends the very same frame again."""
    if not (spell.covers(report.at) and report.cn in PERIOD_DATA):
        return [report]
    return [report, replace(report, at=report.at + spell.number("after_min") * MINUTE)]


def out_of_order(report: Report, spell: Spell) -> list[Report]:
    """Hour data are held up and arrive behind younger ones."""
    if not (spell.covers(report.at) and report.cn == "2061"):
        return [report]
    return [replace(report, at=report.at + spell.number("by_min") * MINUTE)]


def wrong_crc(report: Report, spell: Spell) -> list[Report]:
    """Noise on the line: the frame is torn; who waits for an answer sends it again."""
    if not (spell.covers(report.at) and report.cn in PERIOD_DATA):
        return [report]
    torn = replace(report, damage="digit", refused="crc")
    if not report.asks:
        return [torn]
    return [torn, replace(report, at=report.at + spell.number("again_min") * MINUTE)]


def modbus_crc(report: Report, spell: Spell) -> list[Report]:
    """A logger that computes the CRC of Modbus instead of the standard's."""
    return [replace(report, damage="modbus", refused="crc") if spell.covers(report.at) else report]


def cut(report: Report, spell: Spell) -> list[Report]:
    """The end of the frame is missing."""
    if not (spell.covers(report.at) and report.cn in PERIOD_DATA):
        return [report]
    return [replace(report, damage="cut", refused="length_mismatch")]


def foreign_mn(report: Report, spell: Spell) -> list[Report]:
    """The logger was exchanged and still says the MN of another."""
    if not spell.covers(report.at):
        return [report]
    return [replace(report, frame_mn=spell.text("mn"), refused="mn_mismatch")]


def unknown_mn(report: Report, spell: Spell) -> list[Report]:
    """The logger logs in under an MN that nobody registered."""
    if not spell.covers(report.at):
        return [report]
    return [replace(report, mn=spell.text("mn"), outlet="", refused="unknown_mn")]
