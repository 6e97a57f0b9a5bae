"""Both tracks of a rate on one line, with the threshold: a dot plot, so its scale need not begin at nought."""

from nicegui.element import Element

from emissions.transmission import Rate
from web import figures
from web.pages.markup import box, dress, place
from web.wording import Wording


class RatePlot:
    """Two dots on a scale from ``LOW`` to 100 %; what is lower stands at the left end with an arrow."""

    LOW = 80

    def __init__(self, threshold_pct: int) -> None:
        with box("div", "plot", role="img") as self._plot:
            place(box("span", "plot-line"), f"left:{self._at(threshold_pct):.2f}%")
            self._bar = box("span", "plot-bar")
            self._completed = box("span", "plot-dot completed")
            self._in_time = box("span", "plot-dot in-time")

    def show(self, in_time: Rate | None, completed: Rate | None, words: Wording) -> None:
        """Put the dots where the rates are; no dot where there is none."""
        first = in_time.effective_pct if in_time is not None else None
        second = completed.effective_pct if completed is not None else None
        self._dot(self._in_time, "in-time", first)
        self._dot(self._completed, "completed", second)
        if first is not None and second is not None:
            left, right = sorted((self._at(first), self._at(second)))
            dress(self._bar, "plot-bar")
            place(self._bar, f"left:{left:.2f}%;width:{right - left:.2f}%")
        else:
            dress(self._bar, "plot-bar hidden")
        label = (
            f"{words('track.in_time')} {figures.percent(first)}, {words('track.completed')} {figures.percent(second)}"
            if first is not None or second is not None
            else words("state.no_rate")
        )
        if self._plot.props.get("aria-label") != label:
            self._plot.props["aria-label"] = label
        dress(self._plot, "plot" if first is not None or second is not None else "plot plot-empty")

    def _dot(self, dot: Element, name: str, value: float | None) -> None:
        if value is None:
            dress(dot, "plot-dot hidden")
            return
        dress(dot, f"plot-dot {name} clipped" if value < self.LOW else f"plot-dot {name}")
        place(dot, f"left:{self._at(value):.2f}%")

    @classmethod
    def _at(cls, value: float) -> float:
        return min(100.0, max(0.0, (value - cls.LOW) / (100 - cls.LOW) * 100))
