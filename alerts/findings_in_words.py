"""The evidence of each rule in words: what was measured, against which line, when. Chinese first, then English."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from emissions.beijing import to_beijing

Lines = list[tuple[str, str]]
Evidence = Mapping[str, Any]
NameOf = Callable[[str], str]
Explain = Callable[[Evidence, NameOf], Lines]

POLLUTANTS: Mapping[str, tuple[str, str]] = {
    "a34013": ("颗粒物", "particulate matter"),
    "a21026": ("二氧化硫", "SO2"),
    "a21002": ("氮氧化物", "NOx"),
}
_MANY = 12
"""So many outlets or enterprises are listed by name; the others are counted."""


def _pollutant(code: str) -> tuple[str, str]:
    return POLLUTANTS.get(code, (code, code))


def _hour(text: str) -> str:
    return to_beijing(datetime.fromisoformat(text)).strftime("%m-%d %H:00")


def _exceedance(evidence: Evidence, _name_of: NameOf) -> Lines:
    zh, en = _pollutant(evidence["pollutant"])
    hours = evidence["hours"]
    lines = [(f"污染物：{zh}，超标 {len(hours)} 小时", f"{en}: {len(hours)} hours over the limit")]
    if hours:
        last = hours[-1]
        value, limit, hour = last["converted_mg_m3"], last["limit_mg_m3"], _hour(last["hour"])
        lines.append(
            (
                f"{hour} 折算浓度 {value:.2f} mg/m³，限值 {limit:g} mg/m³",
                f"{hour} converted {value:.2f} mg/m³, limit {limit:g} mg/m³",
            )
        )
    if (multiple := evidence.get("peak_multiple")) is not None:
        peak = evidence["peak_mg_m3"]
        lines.append(
            (f"峰值 {peak:.2f} mg/m³，为限值的 {multiple:.2f} 倍", f"peak {peak:.2f} mg/m³, {multiple:.2f} × limit")
        )
    if corrected := evidence.get("corrected"):
        lines.append((f"其中 {len(corrected)} 小时后经修正不超标", f"{len(corrected)} hours were corrected later"))
    return lines


def _rate(evidence: Evidence, name_of: NameOf) -> Lines:
    period, settled = evidence["period"], evidence.get("settled", False)
    pct, valid, expected = evidence["effective_pct"], evidence["valid"], evidence["expected"]
    track = ("补全口径，已结算", "completed, settled") if settled else ("即时口径，截至目前", "in time, to date")
    lines = [
        (
            f"{period} 有效传输率 {pct:.2f}%（{track[0]}），应传 {expected}，有效 {valid}",
            f"{period} effective rate {pct:.2f} % ({track[1]}): {valid} valid of {expected} expected",
        )
    ]
    if (end := evidence.get("at_end")) is not None:
        lines.append((f"回升至 {end['effective_pct']:.2f}%", f"back at {end['effective_pct']:.2f} %"))
    if evidence.get("lifted_by_late_data"):
        now = evidence["now"]["effective_pct"]
        lines.append(
            (f"补传后升至 {now:.2f}%，督办不因此撤销", f"late data lifted it to {now:.2f} %; the case stays open")
        )
    if outlets := evidence.get("outlets"):
        lines.append(_listed("低于 90% 的排放口", "outlets below 90 %", [*map(name_of, outlets)]))
    return lines


def _several(evidence: Evidence, name_of: NameOf) -> Lines:
    enterprises = evidence["enterprises"]
    count, period = len(enterprises), evidence["period"]
    return [
        (f"{period} 有 {count} 家企业超标", f"{period}: {count} enterprises over the limit"),
        _listed("企业", "enterprises", [*map(name_of, enterprises)]),
    ]


def _not_connected(evidence: Evidence, _name_of: NameOf) -> Lines:
    mn = evidence.get("mn") or "–"
    return [(f"从未收到数据，设备标识 {mn}", f"nothing has ever been received, MN {mn}")]


def _stopped(evidence: Evidence, _name_of: NameOf) -> Lines:
    count, by = len(evidence["hours"]), evidence.get("by", "–")
    return [
        (
            f"标记停运，但数据显示运行：{count} 小时，标记人 {by}",
            f"marked as stopped, but the data show it running: {count} hours, marked by {by}",
        )
    ]


def _early(evidence: Evidence, _name_of: NameOf) -> Lines:
    zh, en = _pollutant(str(evidence.get("pollutant", "")))
    if "forecast_mg_m3" not in evidence:
        return [(f"{zh} 本小时可能超标", f"{en}: the hour may exceed")]
    hour, limit = _hour(evidence["hour"]), evidence["limit_mg_m3"]
    last, forecast = evidence["last_mg_m3"], evidence["forecast_mg_m3"]
    why = _BECAUSE.get(str(evidence.get("because")), ("可能超标", "may exceed"))
    return [
        (f"{zh} {hour} 时段：{why[0]}", f"{en}, hour {hour}: {why[1]}"),
        (
            f"最新折算 {last:.2f} mg/m³，按此推算小时均值 {forecast:.2f} mg/m³，限值 {limit:g} mg/m³",
            f"last converted {last:.2f} mg/m³, the hour would come to {forecast:.2f} mg/m³, limit {limit:g} mg/m³",
        ),
    ]


_BECAUSE = {
    "running": ("连续数分钟超过限值", "over the limit for minutes on end"),
    "mean": ("即使维持当前值，小时均值也将超标", "the hour's mean exceeds even if the rest holds the last value"),
}


def _suspected(evidence: Evidence, name_of: NameOf) -> Lines:
    """Every rule of R22 has its own numbers: all of them are said, with what they are called."""
    lines: Lines = [("疑似，须人工核实，不作为认定依据", "suspected, to be verified by a person; proves nothing")]
    if (code := evidence.get("pollutant")) is not None:
        lines.append(_pollutant(str(code)))
    if isinstance(outlets := evidence.get("outlets"), Mapping | list | tuple):
        lines.append(_listed("涉及排放口", "outlets", [*map(name_of, outlets)]))
    said = [(key, _number(evidence[key])) for key in _SAID if evidence.get(key) is not None]
    said += [
        (key, _number(value))
        for key, value in evidence.items()
        if key not in _SAID and isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if said:
        zh = "，".join(f"{_SAID.get(key, (key, ''))[0]} {value}" for key, value in said)
        en = ", ".join(f"{_SAID.get(key, ('', key.replace('_', ' ')))[1]} {value}" for key, value in said)
        lines.append((zh, en))
    return lines


_SAID: Mapping[str, tuple[str, str]] = {
    "value": ("恒定值", "value"),
    "hours": ("持续小时", "hours"),
    "minutes": ("持续分钟", "minutes"),
    "valid_hours": ("有效小时", "valid hours"),
    "just_under": ("其中紧贴限值", "of them just under the limit"),
    "limit_mg_m3": ("限值 mg/m³", "limit mg/m³"),
    "min": ("最小", "Min"),
    "avg": ("平均", "Avg"),
    "max": ("最大", "Max"),
    "by": ("标记人", "marked by"),
    "qn": ("QN", "QN"),
}
"""What the numbers of R22 are called; one that is not listed here is said by its own name."""


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _silence(evidence: Evidence, name_of: NameOf) -> Lines:
    if outlets := evidence.get("outlets"):
        return [_listed("无数据的排放口", "silent outlets", [*map(name_of, outlets)])]
    lines: Lines = [("数据中断", "no data")]
    if (allowed := evidence.get("allowed_minutes")) is not None:
        lines = [(f"超过 {allowed:g} 分钟没有数据", f"nothing for more than {allowed:g} minutes")]
    if mn := evidence.get("mn"):
        lines.append((f"设备标识 {mn}", f"MN {mn}"))
    return lines


def _gap(evidence: Evidence, _name_of: NameOf) -> Lines:
    stages = {"judging": ("判定", "judging"), "storing": ("入库", "storing")}
    zh, en = stages.get(evidence["stage"], (evidence["stage"], evidence["stage"]))
    hour, missing = _hour(evidence["hour"]), evidence["missing"]
    first, series = evidence["first_missing"], evidence["series"]
    relayed, judged, stored = evidence["relayed"], evidence["judged"], evidence.get("stored")
    return [
        (
            f"{hour} 接收的数据在{zh}环节缺 {missing} 条，首个缺号 {first}（{series}）",
            f"of what was received at {hour}, {missing} lines are missing from {en}; the first is {first} of {series}",
        ),
        (
            f"转发 {relayed}，判定 {judged}，入库 {'–' if stored is None else stored}",
            f"relayed {relayed}, judged {judged}, stored {'–' if stored is None else stored}",
        ),
    ]


def _listed(zh: str, en: str, names: list[str]) -> tuple[str, str]:
    shown, more = ", ".join(names[:_MANY]), len(names) - _MANY
    if more > 0:
        return f"{zh}：{shown} 等 {len(names)} 个", f"{en}: {shown} and {more} more"
    return f"{zh}：{shown}", f"{en}: {shown}"


FINDINGS: Mapping[str, tuple[tuple[str, str], Explain]] = {
    "hourly_exceedance": (("小时均值超标", "hourly mean over the limit"), _exceedance),
    "early_warning": (("超标预警", "early warning"), _early),
    "rate_below_90": (("有效传输率低于 90%", "effective transmission rate below 90 %"), _rate),
    "several_exceeding": (("当月多家企业超标", "several enterprises over the limit in one month"), _several),
    "silence": (("数据中断", "silence"), _silence),
    "account_gap": (("守恒账缺口", "gap in the account"), _gap),
    "not_connected": (("未联网", "not connected"), _not_connected),
    "stopped_but_running": (("停运标记与数据不符", "stop mark contradicted by the data"), _stopped),
    "suspected_constant": (("疑似数据恒定", "suspected: constant value"), _suspected),
    "suspected_limit_hugging": (("疑似贴限排放数据", "suspected: hugging the limit"), _suspected),
    "suspected_oxygen_dilution": (("疑似折算异常", "suspected: conversion too low"), _suspected),
    "suspected_twin_curves": (("疑似曲线雷同", "suspected: twin curves"), _suspected),
    "suspected_mark_at_peak": (("疑似借标记掩盖超标", "suspected: marks at the peaks"), _suspected),
    "suspected_min_avg_max": (("最小、平均、最大值矛盾", "suspected: Min, Avg, Max contradict"), _suspected),
}
"""By rule: what it is called, and what its evidence says."""
