"""Hours of an outlet as a grid: a row for each day, a cell for each hour.

A month of three pollutants is two thousand cells, too many for an element each. The grid is one piece of HTML, in
which every text and address is escaped here.
"""

from collections.abc import Sequence
from html import escape

from nicegui import ui

from emissions.beijing import to_beijing
from web import figures
from web.pages.explain_asked import Asked
from web.pages.explain_parts import STATES
from web.pages.markup import box, text
from web.said import factor_name
from web.views.explain import Counted
from web.wording import Wording


def grids(words: Wording, asked: Asked, counted: Sequence[Counted], pollutants: Sequence[str]) -> None:
    """Of an outlet: every hour a cell, every day a row; the newest month of a longer window."""
    by_pollutant: dict[str, list[Counted]] = {pollutant: [] for pollutant in pollutants}
    for one in counted:
        by_pollutant.setdefault(one.hour.pollutant, []).append(one)
    with box("section", "panel block"):
        text("h2", words("explain.grid"))
        with box("div", "bar-legend grid-legend"):
            for state in (*STATES, "exceeded"):
                with box("span"):
                    text("span", "", f"swatch s-{state}")
                    text("span", words("verdict.exceeded") if state == "exceeded" else words.of("hour_state", state))
            text("span", words("explain.grid_hint"), "note")
        with box("div", "heats"):
            for pollutant, hours in by_pollutant.items():
                with box("div"):
                    text("h3", factor_name(pollutant, words))
                    ui.html(grid_html(words, asked, hours), sanitize=False)


def grid_html(words: Wording, asked: Asked, hours: Sequence[Counted]) -> str:
    """The table of one pollutant."""
    days: dict[str, dict[int, str]] = {}
    around: dict[str, tuple[str, str]] = {}
    said: dict[tuple[str, str], str] = {}
    for one in hours:
        local, pollutant, judged = to_beijing(one.hour.hour), one.hour.pollutant, (one.state, one.reason)
        if pollutant not in around:
            before, after = asked.around_hour(pollutant)
            around[pollutant] = escape(before), escape(after)
        if judged not in said:
            said[judged] = escape(f"{words.of('hour_state', one.state)} {words.of('reason', one.reason)}")
        before, after = around[pollutant]
        kind = "exceeded" if one.state == "valid" and one.hour.verdict == "exceeded" else one.state
        # Named by its title. Not in the tab order: the list below leads to the same hours by keyboard.
        days.setdefault(f"{local:%m-%d}", {})[local.hour] = (
            f'<td class="s-{escape(kind)}"><a href="{before}{local:%Y-%m-%dT%H}{after}" '
            f'title="{figures.day_time(local)} {said[judged]}" tabindex="-1"></a></td>'
        )
    head = "".join(f'<th scope="col">{hour if hour % 6 == 0 else ""}</th>' for hour in range(24))
    rows = "".join(
        f'<tr><th scope="row">{day}</th>{"".join(cells.get(hour, "<td></td>") for hour in range(24))}</tr>'
        for day, cells in days.items()
    )
    return f'<table class="heat"><thead><tr><th scope="row"></th>{head}</tr></thead><tbody>{rows}</tbody></table>'
