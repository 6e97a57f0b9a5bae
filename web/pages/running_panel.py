"""The running hour of an outlet: a row for each pollutant with the mean so far and what would become of it."""

from collections.abc import Sequence
from datetime import datetime

from web import figures
from web.pages.markup import box, say, text
from web.said import factor_name
from web.views.running_hour import Running
from web.wording import Wording


class RunningPanel:
    """Built anew when something has changed."""

    def __init__(self, words: Wording) -> None:
        self._words = words
        self._shown: Sequence[Running] | None = None
        with box("section", "panel block"):
            self._title = text("h2", words("running.title", hour=figures.NONE))
            text("p", words("running.hint"), "hint")
            with box("div", "scroll", tabindex="0"), box("table", "grid rates-table", aria_label=words("running.hint")):
                with box("thead"), box("tr"):
                    text("th", words("outlet.factor"), scope="col")
                    text("th", words("running.known"), "num", scope="col")
                    for key in ("so_far", "last", "forecast"):
                        text("th", f"{words(f'running.{key}')} mg/m³", "num", scope="col")
                    text("th", f"{words('outlet.limit')} mg/m³", "num", scope="col")
                    text("th", f"{words('running.headroom')} mg/m³", "num", scope="col")
                    text("th", "", scope="col", aria_label=words("running.forecast"))
                self._body = box("tbody")
            self._empty = text("p", words("running.empty"), "hint")

    def show(self, found: Sequence[Running], *, hour: datetime) -> None:
        """Show the newest state."""
        say(self._title, self._words("running.title", hour=figures.day_time(hour)))
        if found == self._shown:
            return
        self._shown = found
        self._empty.set_visibility(all(one.forecast is None for one in found))
        self._body.clear()
        with self._body:
            for one in found:
                self._row(one)

    def _row(self, one: Running) -> None:
        words, found = self._words, one.forecast
        with box("tr"):
            text("th", factor_name(one.pollutant, words), scope="row")
            known = figures.NONE if found is None else words("running.minutes", count=f"{found.known_minutes:.0f}")
            text("td", known, "num quiet")
            for value in (None, None) if found is None else (found.mean_so_far, found.last):
                text("td", figures.mg(value), "num")
            over = found is not None and found.exceeds
            mean = None if found is None else found.mean_if_held
            text("td", figures.mg(mean), "num rate bad" if over else "num rate")
            text("td", figures.mg(one.limit_mg_m3), "num quiet")
            room = None if found is None else found.headroom
            text("td", words("running.lost") if room is not None and room < 0 else figures.mg(room), "num quiet")
            with box("td"):
                if found is None:
                    return
                if one.limit_mg_m3 is None:
                    text("span", words("running.no_limit"), "badge")
                elif found.exceeds:
                    text("span", words("running.exceeds"), "badge exceeded")
                else:
                    text("span", words("running.within"), "badge within")
