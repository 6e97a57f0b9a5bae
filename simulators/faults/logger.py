"""Faults and habits of the logger: flags, clocks, odd values, sub-packets."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from emissions.beijing import HOUR
from simulators.faults.fault import Spell
from simulators.plants import OXYGEN, POLLUTANTS
from simulators.report import DATA, Report, Values

MINUTE = timedelta(minutes=1)
FIRST_PART = 2
"""Pollutants in the first of two sub-packets."""


def flagged(report: Report, spell: Spell) -> list[Report]:
    """The logger flags what it measures: minutes always, hours where more than a quarter is touched."""
    match report.cn:
        case "2011":
            touched = spell.holds_data(report)
        case "2051":
            touched = 2 * spell.overlap(report) > report.period
        case "2061":
            touched = spell.text("hours") == "yes" and spell.overlap(report) > 15 * MINUTE
        case _:
            touched = False
    return [_with(report, {code: {"Flag": spell.text("letter")} for code in report.values}) if touched else report]


def calibration(report: Report, spell: Spell) -> list[Report]:
    """Zero gas: values fall to nothing and carry the flag C."""
    changed = flagged(report, spell)
    if changed == [report] or report.cn == "2061":
        return changed
    zero = dict.fromkeys(("Rtd", "ZsRtd", "Min", "Avg", "Max", "ZsMin", "ZsAvg", "ZsMax"), "0.00")
    return [
        _with(one, {code: _known(zero, one.values[code]) for code in POLLUTANTS if code in one.values})
        for one in changed
    ]


def odd_value(report: Report, spell: Spell) -> list[Report]:
    """A value that is no number: empty, NaN, a word."""
    if not (spell.holds_data(report) and report.cn == "2061"):
        return [report]
    code, text = spell.text("code"), spell.text("value").replace("empty", "")
    return [_with(report, {code: _known({"Avg": text, "ZsAvg": text}, report.values.get(code, {}))})]


def negative(report: Report, spell: Spell) -> list[Report]:
    """The zero point has drifted: the mean is below nothing."""
    if not (spell.holds_data(report) and report.cn == "2061"):
        return [report]
    code = spell.text("code")
    texts = {"Min": "-2.10", "Avg": "-1.20", "ZsMin": "-2.10", "ZsAvg": "-1.20"}
    return [_with(report, {code: _known(texts, report.values.get(code, {}))})]


def no_oxygen(report: Report, spell: Spell) -> list[Report]:
    """The oxygen cell is dead: no oxygen and nothing converted."""
    if not (spell.holds_data(report) and report.cn == "2061"):
        return [report]
    values = {
        code: {suffix: text for suffix, text in suffixes.items() if not suffix.startswith("Zs")}
        for code, suffixes in report.values.items()
        if code != OXYGEN
    }
    return [replace(report, values=values)]


def understated(report: Report, spell: Spell) -> list[Report]:
    """Converted values lower than value and oxygen give."""
    if not (spell.holds_data(report) and report.cn == "2061"):
        return [report]
    code = spell.text("code")
    sent = report.values.get(code, {}).get("ZsAvg")
    if sent is None:
        return [report]
    return [_with(report, {code: {"ZsAvg": f"{float(sent) * spell.number('factor'):.2f}"}})]


def corrected(report: Report, spell: Spell) -> list[Report]:
    """The hour is sent again later with another value (R5: the later one wins)."""
    if not (spell.holds_data(report) and report.cn == "2061"):
        return [report]
    code, factor = spell.text("code"), spell.number("factor")
    changes = {
        suffix: f"{float(text) * factor:.2f}"
        for suffix, text in report.values.get(code, {}).items()
        if suffix in {"Min", "Avg", "Max", "ZsMin", "ZsAvg", "ZsMax"}
    }
    later = report.at + spell.number("after_min") * MINUTE
    qn = None if report.qn is None else later + (report.qn - report.at)
    return [report, replace(_with(report, {code: changes}), at=later, qn=qn)]


def clock_ahead(report: Report, spell: Spell) -> list[Report]:
    """The logger's clock runs ahead; what it sends lies in the future."""
    if not (spell.covers(report.at) and report.data_time is not None):
        return [report]
    shift = timedelta(days=spell.number("days"))
    qn = None if report.qn is None else report.qn + shift
    return [replace(report, data_time=report.data_time + shift, qn=qn, refused="datatime_ahead")]


def wrong_st(report: Report, spell: Spell) -> list[Report]:
    """Flue gas sent under another system code; accepted all the same (R3)."""
    return [replace(report, st=spell.text("st")) if spell.covers(report.at) else report]


def split(report: Report, spell: Spell) -> list[Report]:
    """The hour in two sub-packets, each with its own QN and the same DataTime (R5)."""
    if not (spell.holds_data(report) and report.cn == "2061" and report.qn is not None):
        return [report]
    codes = list(report.values)
    parts = codes[:FIRST_PART], codes[FIRST_PART:]
    return [
        replace(
            report,
            values={code: report.values[code] for code in part},
            part=(len(parts), number),
            qn=report.qn + timedelta(milliseconds=number),
        )
        for number, part in enumerate(parts, 1)
    ]


def restart(report: Report, spell: Spell) -> list[Report]:
    """Power is lost: nothing is sent, then the logger says when it came up again (2081)."""
    if spell.covers(report.at):
        return []
    first = report.cn == "2061" and spell.end <= report.at < spell.end + HOUR
    if not first or report.edition == 2005 or (report.part is not None and report.part[1] > 1):
        return [report]
    notice = Report(
        at=report.at,
        outlet=report.outlet,
        mn=report.mn,
        edition=report.edition,
        cn="2081",
        data_time=spell.end,
        qn=None if report.qn is None else report.at + timedelta(milliseconds=600),
    )
    return [notice, report]


def _with(report: Report, changes: Mapping[str, Mapping[str, str]]) -> Report:
    """The report with some texts changed; factors that it does not hold are left alone."""
    if report.cn not in DATA:
        return report
    values: Values = {
        code: {**suffixes, **changes[code]} if code in changes else suffixes for code, suffixes in report.values.items()
    }
    return replace(report, values=values)


def _known(changes: Mapping[str, str], suffixes: Mapping[str, str]) -> dict[str, str]:
    return {suffix: text for suffix, text in changes.items() if suffix in suffixes}
