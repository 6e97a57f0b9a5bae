"""The latest judged hours: a row for each hour, a cell for each pollutant with value, state and reason."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from markupsafe import Markup

from emissions.hourly import Hour
from web import figures
from web.pages.fixed import Fixed, anchor, fixed
from web.pages.markup import box, path, text
from web.pages.packets import packet_path
from web.said import short_name
from web.wording import Wording


class HoursTable:
    """Built anew only when an hour has changed."""

    def __init__(self, words: Wording, outlet: str, pollutants: Sequence[str], *, rows: int) -> None:
        self._words = words
        self._outlet = outlet
        self._pollutants = pollutants
        self._rows = rows
        self._shown: list[Hour] | None = None
        with box("div", "scroll", tabindex="0"), box("table", "grid", aria_label=words("outlet.hours")):
            with box("thead"), box("tr"):
                text("th", words("outlet.time"), scope="col")
                for pollutant in pollutants:
                    text("th", f"{short_name(pollutant, words)} mg/m³", "num", scope="col")
            self._body = Fixed("tbody")
        self._hint = text("p", words("outlet.hours_empty"), "hint")

    def show(self, hours: Sequence[Hour]) -> None:
        """Show the newest hours first."""
        newest = sorted({hour.hour for hour in hours}, reverse=True)[: self._rows]
        chosen = [hour for hour in hours if newest and hour.hour >= newest[-1]]
        if chosen == self._shown:
            return
        self._shown = chosen
        self._hint.set_visibility(not chosen)
        by_key = {(hour.hour, hour.pollutant): hour for hour in chosen}
        self._body.show(self._row(at, by_key) for at in newest)

    def _row(self, at: datetime, by_key: Mapping[tuple[datetime, str], Hour]) -> Markup:
        href = packet_path(self._outlet, "2061", at)
        head = fixed("th", [anchor(href, figures.day_time(at), title=self._words("packet.title"))], scope="row")
        return fixed("tr", [head, *(self._cell(by_key.get((at, pollutant))) for pollutant in self._pollutants)])

    def _cell(self, hour: Hour | None) -> Markup:
        words = self._words
        if hour is None:
            return fixed("td", figures.NONE, "num zero")
        day = f"{hour.hour:%Y-%m-%d}"
        href = path(
            "explain",
            level="outlet",
            id=self._outlet,
            window="day",
            period=day,
            track="completed",
            hour=f"{hour.hour:%Y-%m-%dT%H}",
            pollutant=hour.pollutant,
        )
        rule = str(hour.evidence.get("rule", ""))
        if hour.state == "valid":
            limit = f"≤ {figures.mg(hour.limit_mg_m3)}" if hour.limit_mg_m3 else ""
            parts = [anchor(href, figures.mg(hour.converted_mg_m3)), fixed("span", limit, "note")]
            if hour.verdict != "within":
                parts.append(fixed("span", words.of("verdict", hour.verdict), f"badge {hour.verdict}"))
        else:
            parts = [
                fixed("span", words.of("reason", hour.reason), "note"),
                anchor(href, words.of("hour_state", hour.state), f"badge {hour.state}"),
            ]
        if hour.revision:
            parts.append(fixed("span", f"r{hour.revision} {words.of('cause', hour.cause or '')}", "note"))
        return fixed("td", [fixed("div", parts, "cell", title=f"{words('outlet.rule')} {rule}")], "num")
