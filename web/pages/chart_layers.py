"""What may lie over the hours of a chart: minute values, marks, early warnings; and where a click on a point leads."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from emissions.beijing import BEIJING
from emissions.event import Mark
from emissions.finding import Finding
from emissions.reading import Reading
from web import figures
from web.pages.hour_chart import INK, RED, wall
from web.wording import Wording

TEAL = "#00795c"
MIDDLE = timedelta(minutes=30)
"""An hour's value stands at the middle of its hour."""


def minutes_layer(readings: Sequence[Reading], pollutant: str, step: timedelta, words: Wording) -> list[dict[str, Any]]:
    """Minute means as a thin line that breaks where a packet is missing, and squares for those with a flag."""
    line: list[list[object]] = []
    flagged: list[list[object]] = []
    before: datetime | None = None
    for reading in readings:
        value = reading.numbers.get(f"{pollutant}-ZsAvg", reading.numbers.get(f"{pollutant}-Avg"))
        if before is not None and reading.at - before > step:
            line.append([wall(before + step), None])
        before = reading.at
        line.append([wall(reading.at), value])
        if reading.flags.get(f"{pollutant}-Flag", "N") not in {"", "N"}:
            flagged.append([wall(reading.at), value if value is not None else 0])
    return [
        {
            "name": words("outlet.minutes_line"),
            "type": "line",
            "data": line,
            "connectNulls": False,
            "symbol": "circle",
            "symbolSize": 4,
            "lineStyle": {"color": TEAL, "width": 1, "type": "dotted"},
            "itemStyle": {"color": TEAL},
            "z": 1,
        },
        {
            "name": words("outlet.flagged"),
            "type": "scatter",
            "data": flagged,
            "symbol": "emptyRect",
            "symbolSize": 9,
            "itemStyle": {"color": "#7a5200"},
            "z": 6,
        },
    ]


def marks_layer(marks: Sequence[Mark], words: Wording) -> dict[str, Any]:
    """Marks as framed spans with their kind written in them."""
    return {
        "name": words("outlet.marks"),
        "type": "line",
        "data": [],
        "markArea": {
            "silent": True,
            "itemStyle": {"color": "transparent", "borderColor": INK, "borderWidth": 1, "borderType": "dashed"},
            "label": {"show": True, "position": "insideTop", "fontSize": 10, "color": INK},
            "data": [
                [
                    {"xAxis": wall(mark.from_), "name": f"{words('outlet.mark')} {words.of('mark_kind', mark.mark)}"},
                    {"xAxis": wall(mark.to)},
                ]
                for mark in marks
            ],
        },
    }


def warnings_layer(findings: Sequence[Finding], pollutant: str, words: Wording) -> dict[str, Any]:
    """Early warnings (R20) where they were raised, at the mean that they foresaw."""
    return {
        "name": words("outlet.early_warning"),
        "type": "scatter",
        "symbol": "triangle",
        "symbolSize": 11,
        "itemStyle": {"color": "#ffffff", "borderColor": RED, "borderWidth": 2},
        "data": [
            [wall(finding.known_at), finding.evidence.get("forecast_mg_m3") or finding.evidence.get("last_mg_m3") or 0]
            for finding in findings
            if finding.rule == "early_warning" and finding.evidence.get("pollutant") == pollutant
        ],
        "z": 6,
    }


def packet_of_point(series: str, value: object, words: Wording) -> tuple[str, datetime] | None:
    """Command and data time of the packet behind a point; None for a point that has none."""
    if not isinstance(value, list) or not value:
        return None
    try:
        at = datetime.strptime(str(value[0]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=BEIJING)
    except ValueError:
        return None
    if series in {words("outlet.minutes_line"), words("outlet.flagged")}:
        return "2051", at
    hourly = {words("outlet.converted"), words("verdict.exceeded"), words("hour_state.invalid")}
    return ("2061", at - MIDDLE) if series in hourly else None


def moment_text(at: datetime) -> str:
    """A data time as an address has it: Beijing time, to the second where it is no full minute."""
    return figures.minute(at).replace(" ", "T") if at.second == 0 else figures.full(at).replace(" ", "T")
