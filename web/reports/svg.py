"""Charts as SVG, drawn once for the document and for HTML: no script, text as text, told apart without colour."""

import math
from collections.abc import Sequence
from html import escape

from web.reports.document import Chart, Table, written

WIDTH = 720
BLUE, RED, ORANGE, INK, GREY, GRID = "#0072b2", "#b03a00", "#e69f00", "#17232e", "#667481", "#dde3e8"
FONT = "Noto Sans SC, system-ui, Microsoft YaHei, PingFang SC, sans-serif"
MOST_BARS = 24


def draw(chart: Chart, table: Table) -> str:
    """The chart of a table; an empty text where there is nothing to draw."""
    rows = [row for row in table.rows if row.get(chart.value) is not None][:MOST_BARS]
    if not rows:
        return ""
    labels = [str(row.get(chart.label) or "") for row in rows]
    values = [float(str(row[chart.value])) for row in rows]
    seconds = [_number(row.get(chart.second)) if chart.second else None for row in rows]
    body = _bars if chart.kind == "bars" else _pareto
    drawing, height = body(chart, table, labels, values, seconds)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        f' font-family="{FONT}" font-size="12" role="img" aria-label="{escape(chart.title)}">{drawing}</svg>'
    )


def _bars(
    chart: Chart, table: Table, labels: Sequence[str], values: Sequence[float], seconds: Sequence[float | None]
) -> tuple[str, int]:
    left, right, step, top = 120, 96, 24, 10
    kind = next(column.kind for column in table.columns if column.key == chart.value)
    every = [*values, *(v for v in seconds if v is not None)]
    low, high = (0.0, max(every) * 1.05 or 1.0)
    if chart.threshold is not None:
        low, high = max(0.0, 10 * math.floor(min(*every, chart.threshold) / 10 - 0.5)), 100.0
    room = WIDTH - left - right

    def x(value: float) -> float:
        return left + room * (min(max(value, low), high) - low) / (high - low)

    parts = []
    for tick in _ticks(low, high):
        parts.append(_line(x(tick), top, x(tick), top + step * len(labels), GRID))
        parts.append(_text(x(tick), top + step * len(labels) + 16, f"{tick:g}", GREY, "middle"))
    for index, (label, value, second) in enumerate(zip(labels, values, seconds, strict=True)):
        y = top + index * step
        below = chart.threshold is not None and value < chart.threshold
        parts.append(_text(left - 8, y + 16, _short(label), INK, "end"))
        parts.append(
            f'<rect x="{left}" y="{y + 5}" width="{max(0.5, x(value) - left):.1f}" height="14"'
            f' fill="{RED if below else BLUE}"/>'
        )
        if second is not None:
            parts.append(f'<circle cx="{x(second):.1f}" cy="{y + 12}" r="4" fill="#fff" stroke="{INK}"/>')
        mark = " ▼" if below else ""
        parts.append(_text(WIDTH - right + 8, y + 16, written(value, kind) + mark, RED if below else INK, "start"))
    if chart.threshold is not None:
        at = x(chart.threshold)
        parts.append(_line(at, top - 4, at, top + step * len(labels) + 2, INK, dash="4 3"))
    return "".join(parts), top + step * len(labels) + 26


def _pareto(
    chart: Chart, table: Table, labels: Sequence[str], values: Sequence[float], seconds: Sequence[float | None]
) -> tuple[str, int]:
    left, right, top, tall, foot = 56, 48, 14, 170, 64
    high = max(values) * 1.1
    width = (WIDTH - left - right) / len(labels)
    kind = next(column.kind for column in table.columns if column.key == chart.value)
    base = top + tall
    parts = []
    for tick in _ticks(0, high):
        y = base - tall * tick / high
        parts.append(_line(left, y, WIDTH - right, y, GRID))
        parts.append(_text(left - 6, y + 4, written(tick, kind), GREY, "end"))
    points = []
    for index, (label, value, second) in enumerate(zip(labels, values, seconds, strict=True)):
        middle = left + width * (index + 0.5)
        bar = min(48.0, width * 0.62)
        y = base - tall * value / high
        parts.append(
            f'<rect x="{middle - bar / 2:.1f}" y="{y:.1f}" width="{bar:.1f}" height="{base - y:.1f}" fill="{BLUE}"/>'
        )
        parts.append(_text(middle, y - 4, written(value, kind), INK, "middle"))
        parts.append(
            f'<text x="{middle:.1f}" y="{base + 14}" fill="{INK}" font-size="11" text-anchor="end"'
            f' transform="rotate(-24 {middle:.1f} {base + 14})">{escape(_short(label))}</text>'
        )
        if second is not None:
            points.append((middle, base - tall * second / 100))
    if points:
        line = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{ORANGE}" stroke-width="2"/>')
        parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{ORANGE}"/>' for px, py in points]
        for share in (0, 50, 100):
            parts.append(_text(WIDTH - right + 6, base - tall * share / 100 + 4, f"{share} %", GREY, "start"))
    return "".join(parts), base + foot


def _ticks(low: float, high: float) -> list[float]:
    rough = max(high - low, 1e-9) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step)
    return [step * n for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashes}/>'


def _text(x: float, y: float, content: str, colour: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{escape(content)}</text>'


def _short(label: str) -> str:
    return label if len(label) <= 14 else label[:13] + "…"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
