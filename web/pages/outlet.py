"""One outlet: what it sends now, its hours against the limit, and how they were judged."""

import asyncio
from datetime import datetime, timedelta

from fastapi import Request
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import EChartPointClickEventArguments

from emissions.beijing import HOUR, hour_of
from emissions.reading import Reading
from emissions.register import Outlet
from web import figures
from web.pages.chart_layers import marks_layer, minutes_layer, packet_of_point, warnings_layer
from web.pages.frame import TICK_SECONDS, Notice, frame, language_of, not_found
from web.pages.hour_chart import options, unwatched
from web.pages.hours_table import HoursTable
from web.pages.latest import Latest
from web.pages.markup import box, link, path, say, text
from web.pages.outlet_crumbs import outlet_crumbs
from web.pages.packets import packet_path
from web.pages.running_panel import RunningPanel
from web.pages.ticker import Ticker
from web.said import factor_name
from web.sources import Sources
from web.views.names import outlet_name
from web.views.readings import latest
from web.views.running_hour import running_hour
from web.wording import Wording, wording

RANGES = (1, 3, 7, 31)
LISTED_HOURS = 24
HOURS_SECONDS = 3.0


async def outlet_page(sources: Sources, request: Request, outlet_id: str, days: str) -> None:
    """Build the page and keep it up to date."""
    found = sources.register.outlets.get(outlet_id)
    if found is None:
        not_found(sources, request, outlet_id)
        return
    chosen = int(days) if days in map(str, RANGES) else 3
    words = wording(language_of(request))
    title = outlet_name(sources.register, outlet_id)
    with frame(sources, request, "", title):
        view = _View(sources, words, found, title, chosen)
        await view.renew_latest()
        await view.renew_hours()
        ui.timer(TICK_SECONDS, view.renew_latest)
        ui.timer(HOURS_SECONDS, view.renew_hours)


class _View:
    def __init__(self, sources: Sources, words: Wording, outlet: Outlet, title: str, days: int) -> None:
        self.sources = sources
        self.words = words
        self.outlet = outlet
        self.days = days
        self.shown: tuple[object, ...] | None = None
        outlet_crumbs(sources, words, outlet)
        with box("div", "page-head"):
            text("h1", title)
            text("p", outlet.id, "subtitle")
        self.notice = Notice(words)
        with box("div", "split"):
            with box("section", "panel"):
                text("h2", words("outlet.latest"))
                self.latest = Latest(words)
            with box("div"):
                self._rates_panel()
                self._facts()
        self.running = RunningPanel(words)
        self._charts()
        with box("div", "split"):
            with box("section", "panel"):
                text("h2", words("outlet.hours"))
                self.table = HoursTable(words, outlet.id, outlet.pollutants, rows=LISTED_HOURS)
                text("p", words("outlet.hours_more", count=LISTED_HOURS), "hint")
            self.ticker = Ticker(sources, words, outlet=outlet.id)

    def _rates_panel(self) -> None:
        words = self.words
        self.rates: dict[tuple[str, str], TextElement] = {}
        with box("section", "panel block"):
            text("h2", words("outlet.rates"))
            with box("table", "grid rates-table"):
                with box("thead"), box("tr"):
                    text("th", "")
                    for track in ("in_time", "completed"):
                        text("th", words(f"track.{track}"), "num", scope="col")
                with box("tbody"):
                    for window in ("day", "month", "quarter", "year"):
                        with box("tr"):
                            text("th", words(f"window.{window}"), scope="row")
                            for track in ("in_time", "completed"):
                                href = path("explain", level="outlet", id=self.outlet.id, window=window, track=track)
                                with box("td", "num"):
                                    self.rates[window, track] = link(href, figures.NONE, title=words("outlet.explain"))

    def _facts(self) -> None:
        words, outlet = self.words, self.outlet
        rows = [
            (words("outlet.mn"), outlet.mn or words("outlet.no_monitor")),
            (words("outlet.standard"), f"{outlet.standard} · {outlet.category}"),
            (words("outlet.reference_o2"), _with(outlet.reference_o2_pct, "%")),
            (words("outlet.height"), _with(outlet.height_m, "m")),
        ]
        rows += [
            (f"{words('outlet.permit')} {factor_name(code, words)}", _with(limit, "mg/m³"))
            for code, limit in outlet.permits_mg_m3.items()
        ]
        with box("section", "panel"), box("dl", "facts"):
            for name, value in rows:
                text("dt", name)
                text("dd", value)

    def _charts(self) -> None:
        words = self.words
        with box("section", "panel block"):
            with box("div", "panel-head"):
                text("h2", words("outlet.charts"))
                with box("div", "segments", role="group", aria_label=words("outlet.range")):
                    for days in RANGES:
                        here = {"aria_current": "true"} if days == self.days else {}
                        link(path("outlets", self.outlet.id, days=days), words(f"outlet.range_{days}"), **here)
            with box("div", "legend-states"):
                for symbol, colour, name in (
                    ("—", "#0072b2", words("outlet.converted")),
                    ("┄", "#4d5b68", words("outlet.limit")),
                    ("◆", "#c2410c", words("verdict.exceeded")),
                    ("■", "#e69f00", words("hour_state.invalid")),
                    ("○", "#6c767f", words("hour_state.missing")),
                    ("▲", "#a4578a", words("hour_state.excluded")),
                    ("△", "#c2410c", words("outlet.early_warning")),
                    ("┈", "#00795c", words("outlet.minutes_line")) if self.days == 1 else ("", "", ""),
                    ("□", "#7a5200", words("outlet.flagged")) if self.days == 1 else ("", "", ""),
                    ("▯", "#4d5b68", words("outlet.marks")),
                ):
                    if not name:
                        continue
                    with box("span"):
                        text("i", symbol).style(f"color:{colour}")
                        text("span", name)
                text("span", f"{words('outlet.gap_note')} {words('outlet.click_note')}", "note")
            self.charts = {}
            with box("div", "charts"):
                for pollutant in self.outlet.pollutants:
                    with box("div", "chart"):
                        with box("h3", "chart-title"):
                            text("span", factor_name(pollutant, words))
                            text("span", "mg/m³", "note")
                        self.charts[pollutant] = ui.echart({}, on_point_click=self._point)

    def _point(self, event: EChartPointClickEventArguments) -> None:
        """To the frames behind a point."""
        if (found := packet_of_point(event.series_name, event.value, self.words)) is not None:
            ui.navigate.to(packet_path(self.outlet.id, *found))

    async def renew_latest(self) -> None:
        """Show what came last."""

        async def renew() -> None:
            now = self.sources.now()
            found = await asyncio.to_thread(latest, self.sources.store, self.sources.live, self.outlet.id, now=now)
            self.latest.show(found)
            self.ticker.renew()

        await self.notice.guard(renew)

    async def renew_hours(self) -> None:
        """Show the judged hours and the rates, if anything about them has changed."""

        async def renew() -> None:
            end = hour_of(self.sources.now()) + HOUR
            start = end - timedelta(days=self.days)
            hours = await asyncio.to_thread(self.sources.store.hours, start=start, end=end, outlet=self.outlet.id)
            rates = await asyncio.to_thread(self.sources.current_rates, "outlet", self.outlet.id)
            marks = await asyncio.to_thread(self.sources.marks.standing, self.outlet.id, start=start, end=end)
            warned = [f for f in self.sources.live.findings() if f.subject.get("outlet") == self.outlet.id]
            minutes = await self._minutes(start, end)
            running = await asyncio.to_thread(
                running_hour, self.sources.store, self.outlet, self.sources.rules, now=self.sources.now()
            )
            self.running.show(running, hour=hour_of(self.sources.now()))
            for (window, track), element in self.rates.items():
                rate = rates.get((window, track))
                say(element, figures.percent(rate.effective_pct if rate is not None else None))
            state = (start, hours, marks, [finding.id for finding in warned], len(minutes))
            if self.shown == state:
                return
            self.shown = state
            for pollutant, chart in self.charts.items():
                own = [hour for hour in hours if hour.pollutant == pollutant]
                drawn = options(own, start=start, end=end, words=self.words)
                step = timedelta(minutes=self.outlet.minute_interval)
                more = minutes_layer(minutes, pollutant, step, self.words) if minutes else []
                more += [marks_layer(marks, self.words), warnings_layer(warned, pollutant, self.words)]
                chart.options.clear()
                chart.options.update(drawn | {"series": unwatched([*drawn["series"], *more])})
                chart.update()
            self.table.show(hours)

        await self.notice.guard(renew)

    async def _minutes(self, start: datetime, end: datetime) -> list[Reading]:
        """Minute means, where the range is short enough to show them."""
        if self.days > 1:
            return []
        return await asyncio.to_thread(self.sources.store.readings, self.outlet.id, cn="2051", start=start, end=end)


def _with(value: float | None, unit: str) -> str:
    return figures.NONE if value is None else f"{figures.number(value)}{figures.THIN}{unit}"
