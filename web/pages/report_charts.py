"""A report's charts as options of ECharts: the same values as in its table."""

import math
from typing import Any

from web.pages.hour_chart import BLUE, INK, ORANGE, RED
from web.reports.document import Chart, Table, column_of

_ROW, _AROUND, _STANDING = 26, 70, 280


def options(chart: Chart, table: Table) -> dict[str, Any]:
    """The chart of a table, with its ``height`` in pixels."""
    rows = [row for row in table.rows if row.get(chart.value) is not None]
    labels = [str(row.get(chart.label)) for row in rows]
    values = [_number(row.get(chart.value)) for row in rows]
    seconds = [_number(row.get(chart.second)) for row in rows] if chart.second else []
    lying = chart.kind == "bars"
    names = [column_of(table, key).title for key in (chart.value, chart.second) if key]
    categories: dict[str, Any] = {
        "type": "category",
        "data": labels,
        "axisLabel": {"fontSize": 11, "color": INK, "interval": 0},
    }
    scale: dict[str, Any] = {"type": "value", "axisLabel": {"fontSize": 11, "color": INK}}
    bars: dict[str, Any] = {
        "name": names[0],
        "type": "bar",
        "barMaxWidth": 16 if lying else 44,
        "data": [{"value": value, "itemStyle": {"color": _colour(value, chart)}} for value in values],
    }
    series = [bars]
    if lying:
        known = [value for value in [*values, *seconds, chart.threshold] if value is not None]
        scale |= {"min": max(0, 10 * math.floor(min(known) / 10 - 0.5)), "max": 100}
        if seconds:
            series.append(
                {
                    "name": names[1],
                    "type": "scatter",
                    "symbolSize": 9,
                    "data": seconds,
                    "itemStyle": {"color": "#fff", "borderColor": INK, "borderWidth": 1.5},
                }
            )
        if chart.threshold is not None:
            bars["markLine"] = {
                "silent": True,
                "symbol": "none",
                "lineStyle": {"color": INK, "type": "dashed"},
                "label": {"show": False},
                "data": [{"xAxis": chart.threshold}],
            }
        axes: dict[str, Any] = {"xAxis": scale, "yAxis": categories | {"inverse": True}}
    else:
        share = {"type": "value", "min": 0, "max": 100, "axisLabel": {"formatter": "{value} %"}, "splitLine": None}
        if seconds:
            series.append(
                {"name": names[1], "type": "line", "yAxisIndex": 1, "data": seconds, "itemStyle": {"color": ORANGE}}
            )
        rotated = {"fontSize": 11, "color": INK, "interval": 0, "rotate": 20 if len(labels) > 5 else 0}
        axes = {"xAxis": categories | {"axisLabel": rotated}, "yAxis": [scale, share]}
    return {
        "height": _AROUND + _ROW * len(labels) if lying else _STANDING,
        "animation": False,
        "textStyle": {"fontFamily": "inherit"},
        "grid": {"left": 16, "right": 24, "top": 30, "bottom": 12, "containLabel": True},
        "legend": {"top": 0, "textStyle": {"fontSize": 11, "color": INK}},
        "tooltip": {"trigger": "axis", "confine": True, "textStyle": {"fontSize": 12}},
        "color": [BLUE, ORANGE],
        **axes,
        "series": series,
    }


def _colour(value: float | None, chart: Chart) -> str:
    below = value is not None and chart.threshold is not None and value < chart.threshold
    return RED if below else BLUE


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
