"""The county board: how every county stands this month, live."""

from dataclasses import dataclass

from fastapi import Request
from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from emissions.transmission import Rate
from web import figures
from web.pages.frame import TICK_SECONDS, Notice, frame, language_of
from web.pages.markup import box, dress, link, path, say, text
from web.pages.plot import RatePlot
from web.pages.ticker import Ticker
from web.sources import Sources
from web.views.board import ORDERS, Board, CityTotal, CountyRow
from web.wording import Wording, wording

_STATS = ("city", "below", "exceeded", "alerts", "cases")


async def board_page(sources: Sources, request: Request, order: str) -> None:
    """Build the page and keep it up to date."""
    order = order if order in ORDERS else "rate"
    words = wording(language_of(request))
    with frame(sources, request, "board", words("board.title")):
        view = _View(sources, words, order)
        await view.renew_or_say()
        ui.timer(TICK_SECONDS, view.renew_or_say)


@dataclass
class _Line:
    """The elements of one county's row that change."""

    row: Element
    rank: TextElement
    plot: RatePlot
    in_time_cell: Element
    in_time: TextElement
    completed: TextElement
    counts: TextElement
    exceeded: TextElement
    enterprises: TextElement
    alerts: TextElement
    cases: TextElement


class _View:
    def __init__(self, sources: Sources, words: Wording, order: str) -> None:
        self.sources = sources
        self.words = words
        self.order = order
        self.threshold = sources.parameters.rate_threshold_pct
        self.lines: dict[str, _Line] = {}
        self.shown: list[str] = []
        with box("div", "page-head"):
            text("h1", words("board.title"))
            self.subtitle = text("p", "", "subtitle")
        self.notice = Notice(words)
        with box("section", "stats", aria_label=words("board.city")):
            # Whoever sees one county is shown no figure of the whole city.
            self.stats = {name: self._stat(name) for name in _STATS if name != "city" or sources.county is None}
        with box("div", "board"):
            with box("section", "panel"):
                self._head()
                with box("div", "scroll"), box("table", "grid counties cards", aria_label=words("board.title")):
                    self._columns()
                    self.body = box("tbody")
                self.loading = text("p", words("state.loading"), "hint")
            self.ticker = Ticker(sources, words)

    def _stat(self, name: str) -> tuple[TextElement, TextElement]:
        titles = {"below": self.words("board.below", threshold=self.threshold)}
        with box("div", f"stat stat-{name}"):
            text("div", titles.get(name) or self.words(f"board.{name}"), "stat-title")
            return text("div", figures.NONE, "stat-value"), text("div", "\u00a0", "stat-note")

    def _head(self) -> None:
        words = self.words
        with box("div", "panel-head"):
            with box("div", "legend", aria_hidden="true"):
                text("span", "", "dot dot-in-time")
                text("span", words("board.legend_in_time"))
                text("span", "", "dot dot-completed")
                text("span", words("board.legend_completed"))
                text("span", words("board.scale", low=RatePlot.LOW, threshold=self.threshold), "legend-scale")
            with box("div", "segments", role="group", aria_label=words("board.sort")):
                for name in ORDERS:
                    here = {"aria_current": "true"} if name == self.order else {}
                    link(path(sort=name), words(f"board.sort_{name}"), **here)

    def _columns(self) -> None:
        words = self.words
        with box("thead"), box("tr"):
            text("th", "#", "num", scope="col")
            text("th", words("board.counties"), scope="col")
            text("th", words("board.rate"), "plot-col", scope="col")
            for key in (
                "track.in_time",
                "track.completed",
                "board.counts",
                "board.col_exceeded",
                "board.col_enterprises",
            ):
                text("th", words(key), "num", scope="col")
            for key in ("board.col_alerts", "board.col_cases"):
                text("th", words(key), "num", scope="col")

    async def renew_or_say(self) -> None:
        """Renew, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    async def renew(self) -> None:
        """Show the newest state."""
        board = await self.sources.board.get()
        self.loading.set_visibility(False)
        say(self.subtitle, self.words("board.subtitle", period=board.period))
        self._renew_stats(board)
        for row in board.rows:
            if row.code not in self.lines:
                self.lines[row.code] = self._add(row)
            self._fill(self.lines[row.code], row)
        self._arrange([row.code for row in sorted(board.rows, key=ORDERS[self.order])])
        if (county := self.sources.county) in self.lines:
            place = await self.sources.place()
            say(self.lines[county].rank, figures.NONE if place is None else f"{place[0]}\u202f/\u202f{place[1]}")
        self.ticker.renew()

    def _add(self, row: CountyRow) -> _Line:
        words = self.words
        with self.body, box("tr") as line:
            rank = text("td", "", "num rank")
            with box("th", "subject", scope="row"):
                link(path("counties", row.code), row.name)
                note = words("board.no_outlets") if not row.outlets else f"{words('board.outlets')} {row.outlets}"
                text("span", note, "note")
            with box("td", "plot-col"):
                plot = RatePlot(self.threshold)
            with box("td", "num rate", data_label=words("track.in_time")) as in_time_cell:
                in_time = link(self._explain(row, "in_time"), "", title=words("county.explain"))
            with box("td", "num rate", data_label=words("track.completed")):
                completed = link(self._explain(row, "completed"), "", title=words("county.explain"))
            return _Line(
                row=line,
                rank=rank,
                plot=plot,
                in_time_cell=in_time_cell,
                in_time=in_time,
                completed=completed,
                counts=text("td", "", "num quiet", data_label=words("board.counts")),
                exceeded=text("td", "", "num", data_label=words("board.exceeded"), title=words("board.exceeded_hint")),
                enterprises=text("td", "", "num", data_label=words("board.enterprises")),
                alerts=text("td", "", "num", data_label=words("board.alerts")),
                cases=text("td", "", "num", data_label=words("board.cases")),
            )

    def _explain(self, row: CountyRow, track: str) -> str:
        return path("explain", level="county", id=row.code, window="month", track=track)

    def _fill(self, line: _Line, row: CountyRow) -> None:
        words = self.words
        line.plot.show(row.in_time, row.completed, words)
        say(line.in_time, _percent(row.in_time, words))
        dress(line.in_time_cell, "num rate bad" if row.below else "num rate" if row.in_time else "num rate none")
        say(line.completed, _percent(row.completed, words) if row.completed or row.in_time else figures.NONE)
        say(line.counts, figures.ratio(row.in_time.valid, row.in_time.expected) if row.in_time else figures.NONE)
        for element, value in (
            (line.exceeded, row.exceeded_hours),
            (line.enterprises, row.exceeding_enterprises),
            (line.alerts, row.alerts),
            (line.cases, row.cases),
        ):
            say(element, figures.count(value))
            dress(element, "num" if value else "num zero")
        if row.severe:
            dress(line.alerts, "num bad")
        dress(line.row, "below" if row.below else "")

    def _arrange(self, codes: list[str]) -> None:
        """Put the rows into order, moving only when the order has changed."""
        if codes == self.shown:
            return
        for index, code in enumerate(codes):
            self.lines[code].row.move(self.body, target_index=index)
            say(self.lines[code].rank, str(index + 1))
        self.shown = codes

    def _renew_stats(self, board: Board) -> None:
        words, rows = self.words, board.rows
        city = board.cities[0] if board.cities else None
        below = [row.name for row in rows if row.below]
        exceeded = [row.exceeded_hours for row in rows if row.exceeded_hours is not None]
        alerts, severe = sum(row.alerts for row in rows), sum(row.severe for row in rows)
        exceeding = [row.exceeding_enterprises for row in rows if row.exceeding_enterprises is not None]
        values = {
            "city": (
                figures.percent(city.in_time.effective_pct if city and city.in_time else None),
                _city_note(city, words),
            ),
            "below": (figures.count(len(below)), "、".join(below) or words("board.none_below")),
            "exceeded": (
                figures.count(sum(exceeded)) if exceeded else figures.NONE,
                f"{words('board.enterprises')} {sum(exceeding) if exceeding else figures.NONE}",
            ),
            "alerts": (figures.count(alerts), words("board.severe", count=severe)),
            "cases": (figures.count(sum(row.cases for row in rows)), "\u00a0"),
        }
        for name, (value, note) in values.items():
            if name not in self.stats:
                continue
            say(self.stats[name][0], value)
            say(self.stats[name][1], note)
        dress(self.stats["below"][0], "stat-value bad" if below else "stat-value")
        dress(self.stats["alerts"][1], "stat-note bad" if severe else "stat-note")


def _percent(rate: Rate | None, words: Wording) -> str:
    if rate is None or rate.effective_pct is None:
        return words("state.no_rate")
    return figures.percent(rate.effective_pct)


def _city_note(city: CityTotal | None, words: Wording) -> str:
    if city is None or city.completed is None:
        return "\u00a0"
    return f"{words('track.completed')} {figures.percent(city.completed.effective_pct)}"
