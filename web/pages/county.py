"""One county: its outlets with rate to date, last seen, exceeded hours and open alerts."""

from dataclasses import dataclass

from fastapi import Request
from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from emissions.transmission import TRACKS
from web import figures
from web.pages.county_budget import BudgetPanel
from web.pages.frame import Notice, frame, language_of, not_found
from web.pages.markup import box, dress, link, path, say, text
from web.pages.plot import RatePlot
from web.pages.ticker import Ticker
from web.pages.waiting import WaitingPanel
from web.sources import Sources
from web.views.board import OutletRow, build_outlets
from web.wording import Wording, wording

RENEW_SECONDS = 2.0
BUDGET_SECONDS = 10.0
WAITING_SECONDS = 3.0


async def county_page(sources: Sources, request: Request, code: str) -> None:
    """Build the page and keep it up to date."""
    division = sources.register.divisions.get(code)
    if division is None or not division.parent:
        not_found(sources, request, code)
        return
    words = wording(language_of(request))
    with frame(sources, request, "", division.name):
        view = _View(sources, words, code)
        await view.renew_or_say()
        await view.renew_budget()
        await view.renew_waiting()
        ui.timer(RENEW_SECONDS, view.renew_or_say)
        ui.timer(BUDGET_SECONDS, view.renew_budget)
        ui.timer(WAITING_SECONDS, view.renew_waiting)


@dataclass
class _Line:
    """The elements of one outlet's row that change."""

    row: Element
    plot: RatePlot
    in_time_cell: Element
    in_time: TextElement
    completed: TextElement
    counts: TextElement
    exceeded: TextElement
    alerts: TextElement
    last: TextElement


class _View:
    def __init__(self, sources: Sources, words: Wording, code: str) -> None:
        self.sources = sources
        self.words = words
        self.code = code
        self.threshold = sources.parameters.rate_threshold_pct
        self.lines: dict[str, _Line] = {}
        self.shown: list[str] = []
        with box("nav", "crumbs", aria_label="breadcrumb"):
            link("/", words("county.back"))
            text("span", "›")
            text("span", sources.register.divisions[code].name)
        with box("div", "page-head"):
            text("h1", sources.register.divisions[code].name)
            self.subtitle = text("p", "", "subtitle")
        self.notice = Notice(words)
        with box("section", "stats"):
            self.stats = {name: self._stat(name) for name in ("rate", "exceeded", "enterprises", "alerts", "cases")}
        self.budget = BudgetPanel(sources, words, code)
        with box("div", "board"):
            with box("section", "panel"):
                with box("div", "panel-head"):
                    text("h2", words("county.title"))
                    text("span", words("county.sort_hint"), "note")
                self._table()
            with box("div"):
                self.waiting = WaitingPanel(sources, words, code)
                self.ticker = Ticker(sources, words, county=code)

    def _stat(self, name: str) -> tuple[TextElement, TextElement]:
        with box("div", "stat"):
            text("div", self.words(f"board.{name}"), "stat-title")
            return text("div", figures.NONE, "stat-value"), text("div", "\u00a0", "stat-note")

    def _table(self) -> None:
        words = self.words
        if not any(outlet.county == self.code for outlet in self.sources.register.outlets.values()):
            text("p", words("county.empty"), "hint")
        with box("table", "grid cards", aria_label=words("county.title")):
            with box("thead"), box("tr"):
                text("th", words("county.outlet"), scope="col")
                text("th", words("board.rate"), "plot-col", scope="col")
                for key in (
                    "track.in_time",
                    "track.completed",
                    "board.counts",
                    "board.col_exceeded",
                    "board.col_alerts",
                    "county.last_seen",
                ):
                    text("th", words(key), "num", scope="col")
            self.body = box("tbody")

    async def renew_or_say(self) -> None:
        """Renew, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    async def renew_budget(self) -> None:
        """Renew what the month still allows, or say that it cannot be done."""
        await self.notice.guard(self.budget.renew)

    async def renew_waiting(self) -> None:
        """Renew open alerts and cases, or say that it cannot be done."""
        await self.notice.guard(self.waiting.renew)

    async def renew(self) -> None:
        """Show the newest state: one query for all rates of the month, none for each outlet."""
        sources = self.sources
        period = sources.month()
        say(self.subtitle, f"{self.code} · {self.words('county.rate_to_date')} {period}")
        board = await sources.board.get()
        rates = await sources.outlet_rates()
        exceedances = sources.live.exceedances
        rows = build_outlets(
            sources.register,
            self.code,
            rates=rates,
            exceeded=exceedances.by_outlet() if exceedances is not None else None,
            last_received=sources.live.last_received,
            open_items=await sources.open_items.get(),
            threshold_pct=self.threshold,
        )
        for row in rows:
            if row.outlet.id not in self.lines:
                self.lines[row.outlet.id] = self._add(row)
            self._fill(self.lines[row.outlet.id], row)
        order = [row.outlet.id for row in rows]
        if order != self.shown:
            for index, id_ in enumerate(order):
                self.lines[id_].row.move(self.body, target_index=index)
            self.shown = order
        for county in board.rows:
            if county.code == self.code:
                completed = county.completed.effective_pct if county.completed else None
                in_time = county.in_time.effective_pct if county.in_time else None
                self._say(
                    "rate", figures.percent(in_time), f"{self.words('track.completed')} {figures.percent(completed)}"
                )
                self._say("exceeded", figures.count(county.exceeded_hours))
                self._say("enterprises", figures.count(county.exceeding_enterprises))
                self._say("alerts", figures.count(county.alerts), self.words("board.severe", count=county.severe))
                self._say("cases", figures.count(county.cases))
                dress(self.stats["rate"][0], "stat-value bad" if county.below else "stat-value")
        self.ticker.renew()

    def _say(self, name: str, value: str, note: str = "\u00a0") -> None:
        say(self.stats[name][0], value)
        say(self.stats[name][1], note)

    def _add(self, row: OutletRow) -> _Line:
        words = self.words
        explain, late = (path("explain", level="outlet", id=row.outlet.id, track=track) for track in TRACKS)
        with self.body, box("tr") as line:
            with box("th", "subject", scope="row"):
                link(path("outlets", row.outlet.id), f"{row.enterprise} {row.outlet.name}")
                text("span", row.outlet.id, "note")
            with box("td", "plot-col"):
                plot = RatePlot(self.threshold)
            with box("td", "num rate", data_label=words("track.in_time")) as in_time_cell:
                in_time = link(explain, "", title=words("county.explain"))
            with box("td", "num rate", data_label=words("track.completed")):
                completed = link(late, "", title=words("county.explain"))
            return _Line(
                row=line,
                plot=plot,
                in_time_cell=in_time_cell,
                in_time=in_time,
                completed=completed,
                counts=text("td", "", "num quiet", data_label=words("board.counts")),
                exceeded=text("td", "", "num", data_label=words("board.exceeded"), title=words("board.exceeded_hint")),
                alerts=text("td", "", "num", data_label=words("board.alerts")),
                last=text("td", "", "num quiet", data_label=words("county.last_seen")),
            )

    def _fill(self, line: _Line, row: OutletRow) -> None:
        words = self.words
        line.plot.show(row.in_time, row.completed, words)
        in_time = row.in_time.effective_pct if row.in_time else None
        say(line.in_time, figures.percent(in_time) if in_time is not None else words("state.no_rate"))
        dress(
            line.in_time_cell, "num rate bad" if row.below else "num rate" if in_time is not None else "num rate none"
        )
        say(line.completed, figures.percent(row.completed.effective_pct if row.completed else None))
        say(line.counts, figures.ratio(row.in_time.valid, row.in_time.expected) if row.in_time else figures.NONE)
        say(line.exceeded, figures.count(row.exceeded_hours))
        dress(line.exceeded, "num" if row.exceeded_hours else "num zero")
        say(line.alerts, figures.count(row.alerts))
        dress(line.alerts, "num" if row.alerts else "num zero")
        say(line.last, figures.day_time(row.last_received) if row.last_received else words("county.never_seen"))
        dress(line.row, "below" if row.below else "")
