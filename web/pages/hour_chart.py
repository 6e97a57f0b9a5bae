"""Hours of one pollutant against its limit, as options of an ECharts chart.

Times are Beijing wall-clock times handed over as if they were UTC, with ``useUTC``: so the axis shows Beijing time in
every browser's zone.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from emissions.beijing import HOUR, to_beijing
from emissions.hourly import Hour
from web.wording import Wording

BLUE, RED, ORANGE, PURPLE, GREY, INK = "#0072b2", "#c2410c", "#e69f00", "#a4578a", "#8a949d", "#4d5b68"

SHADES = {"missing": "rgba(138,148,157,.22)", "invalid": "rgba(230,159,0,.20)", "excluded": "rgba(164,87,138,.16)"}
SYMBOLS = {"missing": "emptyCircle", "invalid": "rect", "excluded": "triangle"}
COLOURS = {"missing": GREY, "invalid": ORANGE, "excluded": PURPLE}


def wall(moment: datetime) -> str:
    """A Beijing wall-clock time as ECharts takes it."""
    return f"{to_beijing(moment):%Y-%m-%dT%H:%M:%SZ}"


def spans(hours: Sequence[Hour], state: str) -> list[tuple[datetime, datetime]]:
    """Unbroken stretches of one state, as [start, end)."""
    found: list[tuple[datetime, datetime]] = []
    for hour in hours:
        if hour.state != state:
            continue
        if found and found[-1][1] == hour.hour:
            found[-1] = (found[-1][0], hour.hour + HOUR)
        else:
            found.append((hour.hour, hour.hour + HOUR))
    return found


def options(hours: Sequence[Hour], *, start: datetime, end: datetime, words: Wording) -> dict[str, Any]:
    """The chart of one pollutant's hours, oldest first. Each value stands at the middle of its hour."""
    middle = timedelta(minutes=30)
    by_hour = {hour.hour: hour for hour in hours}
    line: list[list[object]] = []
    limits: list[list[object]] = []
    exceeded: list[list[object]] = []
    at = start
    while at < end:
        hour = by_hour.get(at)
        valid = hour is not None and hour.state == "valid"
        value = hour.converted_mg_m3 if hour is not None and valid else None
        line.append([wall(at + middle), value])
        if hour is not None:
            limits.append([wall(at), hour.limit_mg_m3])
        if hour is not None and hour.verdict == "exceeded":
            exceeded.append([wall(at + middle), value])
        at += HOUR
    if hours:
        limits.append([wall(hours[-1].hour + HOUR), hours[-1].limit_mg_m3])
    marked = [
        _marked(words.of("hour_state", state), state, [h for h in hours if h.state == state]) for state in SYMBOLS
    ]
    areas = [
        [{"xAxis": wall(first), "itemStyle": {"color": shade}}, {"xAxis": wall(after)}]
        for state, shade in SHADES.items()
        for first, after in spans(hours, state)
    ]
    figures = [n for hour in hours for n in (hour.converted_mg_m3, hour.limit_mg_m3) if n is not None]
    step = _step(1.15 * max(figures, default=1.0))
    top = step * math.ceil(1.15 * max(figures, default=1.0) / step)
    few = (end - start) <= timedelta(days=8)
    return {
        "useUTC": True,
        "animation": False,
        "grid": {"left": 44, "right": 14, "top": 12, "bottom": 26},
        "textStyle": {"fontFamily": "inherit"},
        "tooltip": {"trigger": "axis", "confine": True, "textStyle": {"fontSize": 12}},
        "xAxis": {
            "type": "time",
            "min": wall(start),
            "max": wall(end),
            "axisLabel": {"fontSize": 11, "color": INK, "hideOverlap": True},
            "axisLine": {"lineStyle": {"color": "#b4bdc5"}},
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "max": top,
            "interval": step,
            "axisLabel": {"fontSize": 11, "color": INK},
            "splitLine": {"lineStyle": {"color": "#eef1f4"}},
        },
        "series": [
            {
                "name": words("outlet.converted"),
                "type": "line",
                "data": line,
                "connectNulls": False,
                "showSymbol": few,
                "symbol": "circle",
                "symbolSize": 3,
                "lineStyle": {"color": BLUE, "width": 1.6},
                "itemStyle": {"color": BLUE},
                "markArea": {"silent": True, "data": areas},
            },
            {
                "name": words("outlet.limit"),
                "type": "line",
                "step": "end",
                "data": limits,
                "connectNulls": True,
                "showSymbol": False,
                "lineStyle": {"color": INK, "width": 1.2, "type": "dashed"},
                "itemStyle": {"color": INK},
            },
            {
                "name": words("verdict.exceeded"),
                "type": "scatter",
                "data": exceeded,
                "symbol": "diamond",
                "symbolSize": 10,
                "itemStyle": {"color": RED},
                "z": 5,
            },
            *marked,
        ],
    }


def unwatched(series: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The series with their points as tuples.

    The pages' framework makes every list in a chart's options one that watches for changes, thousands of them for a
    month. Points are replaced as a whole and never changed, so nothing need watch them.
    """
    return [one | {"data": tuple(map(_point, one["data"]))} if "data" in one else one for one in series]


def _point(point: object) -> object:
    return tuple(point) if isinstance(point, list) else point


def _step(top: float) -> float:
    """A round distance between grid lines, so that four or five of them reach ``top``."""
    rough = max(top, 0.01) / 4
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)


def _marked(name: str, state: str, hours: Sequence[Hour]) -> dict[str, Any]:
    """Symbols on the base line for hours without a value that counts."""
    return {
        "name": name,
        "type": "scatter",
        "symbol": SYMBOLS[state],
        "symbolSize": 6,
        "itemStyle": {"color": COLOURS[state]},
        "data": [[wall(hour.hour + timedelta(minutes=30)), 0] for hour in hours],
        "tooltip": {"show": False},
        "z": 4,
    }
