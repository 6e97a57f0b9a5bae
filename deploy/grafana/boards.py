"""Writes the dashboards: ``python -m deploy.grafana.boards``, at the checkout's root."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.grafana.panels import COUNTIES, OUTLET, PIPELINE, Panel, values_of

FOLDER = Path(__file__).parent / "dashboards"
PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
SERIES = {"type": "influxdb", "uid": "series"}
WIDTH, HEIGHT = 24, 8
"""Of Grafana's grid: a whole row, and one panel."""


def variable(name: str, query: str) -> dict[str, Any]:
    """Something the reader chooses at the head of the dashboard."""
    return {"name": name, "type": "query", "datasource": SERIES, "query": {"query": query}, "refresh": 2, "sort": 1}


BOARDS: dict[str, tuple[str, Sequence[Panel], list[dict[str, Any]]]] = {
    "pipeline": ("Stackwatch: pipeline", PIPELINE, []),
    "counties": ("Stackwatch: county rates", COUNTIES, []),
    "outlet": ("Stackwatch: outlet", OUTLET, [variable("outlet", values_of("hour", "outlet"))]),
}
"""Title, panels and choices of each dashboard, by file name."""


def board(name: str) -> dict[str, Any]:
    """One dashboard as Grafana reads it."""
    title, panels, variables = BOARDS[name]
    return {
        "uid": f"stackwatch-{name}",
        "title": title,
        "tags": ["stackwatch"],
        "timezone": "Asia/Shanghai",
        "editable": False,
        "refresh": "1m",
        "schemaVersion": 41,
        "time": {"from": "now-24h" if name == "pipeline" else "now-30d", "to": "now"},
        "templating": {"list": variables},
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    source = SERIES if panel.flux else PROMETHEUS
    defaults: dict[str, Any] = {"unit": panel.unit}
    if panel.line_at is not None:
        steps = [{"color": "text", "value": None}, {"color": "red", "value": panel.line_at}]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
        defaults["custom"] = {"thresholdsStyle": {"mode": "line"}}
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": source,
        "gridPos": {"x": number % 2 * WIDTH // 2, "y": number // 2 * HEIGHT, "w": WIDTH // 2, "h": HEIGHT},
        "fieldConfig": {"defaults": defaults, "overrides": _names(panel)},
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": source}
            | ({"query": query} if panel.flux else {"expr": query, "legendFormat": legend})
            for index, (query, legend) in enumerate(panel.queries)
        ],
    }


def _names(panel: Panel) -> list[dict[str, Any]]:
    """Flux knows no legends: series are named by the query they come from."""
    if not panel.flux:
        return []
    return [
        {
            "matcher": {"id": "byFrameRefID", "options": chr(ord("A") + index)},
            "properties": [{"id": "displayName", "value": legend}],
        }
        for index, (_, legend) in enumerate(panel.queries)
    ]


def text_of(name: str) -> str:
    """The file of one dashboard."""
    return json.dumps(board(name), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write every dashboard."""
    FOLDER.mkdir(exist_ok=True)
    for name in BOARDS:
        (FOLDER / f"{name}.json").write_text(text_of(name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
