"""The latest findings, newest first."""

from emissions.finding import Finding
from web import figures
from web.pages.markup import box, link, path, text
from web.said import finding_name, term
from web.sources import Sources
from web.views.names import outlet_name
from web.wording import Wording

LINES = 14

SYMBOLS = {"severe": "▲", "warning": "◆", "info": "●"}
"""A shape for each severity, so that none is told by colour alone."""


class Ticker:
    """A list that is built anew only when there is something new."""

    def __init__(
        self, sources: Sources, words: Wording, *, county: str | None = None, outlet: str | None = None
    ) -> None:
        self._sources = sources
        self._words = words
        self._county = county
        self._outlet = outlet
        self._shown: list[Finding] | None = None
        with box("aside", "panel ticker", aria_label=words("board.ticker")):
            text("h2", words("board.ticker"))
            self._list = box("ol", "ticker-list")

    def renew(self) -> None:
        """Show the latest."""
        found = [finding for finding in self._sources.live.findings() if self._chosen(finding)][:LINES]
        if found == self._shown:
            return
        self._shown = found
        self._list.clear()
        with self._list:
            for finding in found:
                self._line(finding)
            if not found:
                text("li", self._words("board.ticker_empty"), "hint")

    def _chosen(self, finding: Finding) -> bool:
        if self._outlet is not None:
            return finding.subject.get("outlet") == self._outlet
        return self._county is None or finding.county == self._county

    def _line(self, finding: Finding) -> None:
        words, register = self._words, self._sources.register
        outlet = register.outlets.get(finding.subject.get("outlet", ""))
        county = register.divisions.get(finding.county)
        with box("li", f"ticker-line {finding.severity}"):
            text("span", SYMBOLS.get(finding.severity, "●"), "mark", title=term("severity", finding.severity, words))
            with box("div", "ticker-text"):
                text("span", finding_name(finding.rule, words), "ticker-rule")
                with box("span", "note"):
                    if county is not None:
                        link(path("counties", county.code), county.name)
                    if outlet is not None:
                        link(path("outlets", outlet.id), outlet_name(register, outlet.id))
            text("time", figures.day_time(finding.known_at), "ticker-time")
