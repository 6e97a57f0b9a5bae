"""How many hours a county may still miss this month, and the day it crosses the line at this pace."""

import asyncio

from emissions.tally import percent
from web import figures
from web.pages.markup import box, dress, link, path, text
from web.sources import Sources
from web.views.budget import PACE_DAYS, TrackBudget, county_budgets
from web.wording import Wording


class BudgetPanel:
    """One card for each track; built anew when something has changed."""

    def __init__(self, sources: Sources, words: Wording, county: str) -> None:
        self._sources = sources
        self._words = words
        self._county = county
        self._shown: list[TrackBudget] | None = None
        with box("section", "panel block", aria_label=words("budget.title")):
            with box("div", "panel-head"):
                text("h2", words("budget.title"))
                text("span", words("budget.unit"), "note")
            self._cards = box("div", "budgets")
            with self._cards:
                text("p", words("state.loading"), "hint")

    async def renew(self) -> None:
        """Count again."""
        sources = self._sources
        found = await asyncio.to_thread(
            county_budgets, sources.store, sources.register, sources.parameters, self._county, now=sources.now()
        )
        if found == self._shown:
            return
        self._shown = found
        self._cards.clear()
        with self._cards:
            for one in found:
                self._card(one)
            if not found:
                text("p", self._words("budget.none"), "hint")

    def _card(self, one: TrackBudget) -> None:
        words, budget = self._words, one.budget
        threshold = self._sources.parameters.rate_threshold_pct
        href = path("explain", level="county", id=self._county, window="month", track=one.track)
        with box("div", "budget") as card:
            with box("div", "stat-title"):
                text("span", words(f"track.{one.track}"))
                link(href, figures.percent(one.rate.effective_pct), title=words("county.explain"))
            if budget.left >= 0:
                with box("div", "budget-left"):
                    text("span", figures.count(budget.left), "stat-value")
                    text("span", words("budget.left"))
            else:
                dress(card, "budget out")
                short = figures.count(-budget.left)
                text("div", words("budget.out_of_reach", threshold=threshold, short=short), "budget-left bad")
            said = words(
                "budget.sum",
                total=figures.count(budget.total),
                allowed=figures.count(budget.allowed),
                missed=figures.count(budget.missed),
            )
            text("p", said, "note")
            text("p", self._ahead(one), "budget-ahead bad" if budget.falls_at is not None else "budget-ahead")

    def _ahead(self, one: TrackBudget) -> str:
        budget = one.budget
        pace = percent(one.pace.valid, one.pace.expected)
        if pace is None:
            return self._words("budget.no_pace")
        crossing = budget.falls_at or budget.recovers_at
        below = one.rate.valid * 100 < self._sources.parameters.rate_threshold_pct * one.rate.expected
        key = {(True, True): "recovers", (True, False): "stays", (False, True): "falls", (False, False): "holds"}[
            below, crossing is not None
        ]
        return self._words(
            f"budget.{key}",
            days=PACE_DAYS,
            pace=figures.percent(pace),
            threshold=self._sources.parameters.rate_threshold_pct,
            **({} if crossing is None else {"day": f"{crossing:%m-%d}"}),
        )
