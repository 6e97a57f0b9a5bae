"""What waits in a county: its open cases and its open alerts, the nearest deadline first."""

import asyncio

from alerts.views import AlertView, CaseView
from web.pages.desk import within
from web.pages.markup import box, link, path, text
from web.pages.ticker import SYMBOLS
from web.said import finding_name, term
from web.sources import Sources
from web.wording import Wording

LISTED = 6


class WaitingPanel:
    """Built anew when something has changed."""

    def __init__(self, sources: Sources, words: Wording, county: str) -> None:
        self._sources, self._words, self._county = sources, words, county
        self._shown: object = None
        with box("section", "panel block"):
            with box("div", "panel-head"):
                text("h2", words("county.waiting"))
                link(path("alerts", county=county), words("county.all_waiting"))
            self._list = box("ul", "list files")

    async def renew(self) -> None:
        """Read alerts and cases again."""
        desk = self._sources.alerts
        cases = await asyncio.to_thread(desk.cases, county=self._county, state="open", limit=LISTED)
        alerts = await asyncio.to_thread(desk.alerts, county=self._county, state="open", by_deadline=True, limit=LISTED)
        found: list[AlertView | CaseView] = [*cases, *alerts]
        face = [(one.id, one.version, self._due(one)) for one in found]
        if face == self._shown:
            return
        self._shown = face
        words = self._words
        self._list.clear()
        with self._list:
            for case in cases:
                name = f"{words('level.case')} · {term('trigger', case.trigger, words)}"
                self._item("▣", path("cases", case.id), name, words.of("case_state", case.state), case)
            for alert in alerts:
                name = f"{finding_name(alert.rule, words)} · {alert.subject_name}"
                symbol = SYMBOLS.get(alert.severity, "●")
                self._item(symbol, path("alerts", alert.id), name, words.of("alert_state", alert.state), alert)
            if not face:
                text("li", words("county.nothing_waits"), "hint")

    def _item(self, symbol: str, href: str, name: str, state: str, one: AlertView | CaseView) -> None:
        with box("li", "file"):
            link(href, f"{symbol} {name}")
            with box("span", "item-meta"):
                text("span", state, "badge")
                if (due := self._due(one)) is not None:
                    text("span", due[0], "badge overdue" if due[1] else "badge due")

    def _due(self, one: AlertView | CaseView) -> tuple[str, bool] | None:
        return None if one.deadline is None else within(self._words, one.deadline, self._sources.now())
