"""The latest values of an outlet in one table: a row for each factor, columns for real-time, minute and hour data."""

from collections.abc import Mapping
from dataclasses import dataclass

from nicegui.elements.mixins.text_element import TextElement

from emissions.reading import Reading
from web import figures
from web.pages.markup import box, dress, say, text
from web.said import factor_name, factor_unit, flag_name
from web.wording import Wording

_GROUPS = (("2011", "realtime", "Rtd"), ("2051", "minute", "Avg"), ("2061", "hour", "Avg"))
_FIRST = ("a34013", "a21026", "a21002", "a19001", "a01011", "a01012", "a01013", "a01014", "a00000")
"""Factors in the order in which people look for them."""


@dataclass
class _Cells:
    value: TextElement
    converted: TextElement
    flag: TextElement


class Latest:
    """The table. Rows are added when a factor first comes; later only texts change."""

    def __init__(self, words: Wording) -> None:
        self._words = words
        self._cells: dict[tuple[str, str], _Cells] = {}
        self._shown: dict[str, Reading] = {}
        self._groups: dict[str, tuple[TextElement, TextElement]] = {}
        self._turns: dict[str, int] = {}
        self._factors: list[str] = []
        with box("div", "scroll", tabindex="0"), box("table", "grid latest", aria_label=words("outlet.latest")):
            self._head()
            self._body = box("tbody")
        self._empty = text("p", words("outlet.latest_empty"), "hint")

    def _head(self) -> None:
        words = self._words
        with box("thead"):
            with box("tr"):
                text("th", words("outlet.factor"), scope="col", rowspan="2")
                text("th", words("outlet.unit"), scope="col", rowspan="2")
                for cn, name, _ in _GROUPS:
                    with box("th", "group", scope="colgroup", colspan="3"):
                        text("span", f"{words(f'outlet.{name}')} {cn}")
                        self._groups[cn] = (text("span", figures.NONE, "note"), text("span", "\u00a0", "note"))
            with box("tr"):
                for cn, _, _ in _GROUPS:
                    text("th", words("outlet.value" if cn == "2011" else "outlet.average"), "num first", scope="col")
                    text("th", words("outlet.converted"), "num", scope="col")
                    text("th", words("outlet.flag"), scope="col")

    def show(self, readings: Mapping[str, Reading]) -> None:
        """Show the newest reading of each command."""
        self._empty.set_visibility(not readings)
        factors = {key.rpartition("-")[0] for r in readings.values() for key in (*r.numbers, *r.flags)}
        if new := sorted(factors - set(self._factors), key=_order):
            self._add(new)
        for cn, _, suffix in _GROUPS:
            reading = readings.get(cn)
            if reading is not None and reading != self._shown.get(cn):
                self._fill(cn, suffix, reading, arrived=cn in self._shown)
                self._shown[cn] = reading

    def _add(self, factors: list[str]) -> None:
        words = self._words
        self._factors = sorted([*self._factors, *factors], key=_order)
        for factor in factors:
            with self._body, box("tr") as row:
                with box("th", "factor", scope="row"):
                    text("span", factor_name(factor, words))
                    if factor_name(factor, words) != factor:
                        text("span", factor, "note")
                text("td", factor_unit(factor), "unit")
                for cn, _, _ in _GROUPS:
                    value, converted = text("td", "", "num first"), text("td", "", "num")
                    with box("td"):
                        flag = text("span", "")
                    self._cells[factor, cn] = _Cells(value, converted, flag)
            row.move(self._body, target_index=self._factors.index(factor))
        self._shown.clear()

    def _fill(self, cn: str, suffix: str, reading: Reading, *, arrived: bool) -> None:
        words = self._words
        at, received = self._groups[cn]
        say(at, figures.full(reading.at))
        say(received, f"{words('outlet.received')} {figures.clock(reading.received_at)}")
        if arrived:
            self._turns[cn] = self._turns.get(cn, 0) + 1
            dress(at, "note arrived-a" if self._turns[cn] % 2 else "note arrived-b")
        for factor in self._factors:
            cells = self._cells[factor, cn]
            value = reading.numbers.get(f"{factor}-{suffix}")
            if value is None and cn == "2051":
                value = reading.numbers.get(f"{factor}-Rtd")
            flag = reading.flags.get(f"{factor}-Flag", "")
            say(cells.value, figures.number(value) if value is not None else "")
            converted = reading.numbers.get(f"{factor}-Zs{suffix}")
            say(cells.converted, figures.number(converted) if converted is not None else "")
            say(cells.flag, flag if flag in {"", "N"} else f"{flag} {flag_name(flag, words)}")
            dress(cells.flag, "flag-n" if flag in {"", "N"} else "flag-other")


def _order(factor: str) -> tuple[int, str]:
    return (_FIRST.index(factor) if factor in _FIRST else len(_FIRST), factor)
