"""Silences: for a while nobody is told of some alerts; begun and ended by a person with a reason, never without end."""

import asyncio
from datetime import datetime, timedelta

from fastapi import Request
from nicegui import ui

from alerts.desk_views import SilenceView
from alerts.findings_in_words import FINDINGS
from emissions.beijing import BEIJING, to_beijing
from people.roles import Right
from web import figures
from web.pages.acting import Actor
from web.pages.desk import ALERT_TABS, act, tabs
from web.pages.form import Form, Said, Unable, Values
from web.pages.frame import Notice, frame, language_of
from web.pages.markup import box, link, path, say, text
from web.said import finding_name
from web.sources import Sources
from web.views.board import counties_of
from web.views.names import outlet_name
from web.wording import Wording, wording

MOST = 100
RENEW_SECONDS = 5.0
STATES = ("active", "pending", "ended")


async def silences_page(sources: Sources, request: Request) -> None:
    """Build the page and keep it up to date."""
    words = wording(language_of(request))
    with frame(sources, request, "alerts", words("silences.title")):
        view = _View(sources, words, request)
        await view.renew_or_say()
        ui.timer(RENEW_SECONDS, view.renew_or_say)


class _View:
    def __init__(self, sources: Sources, words: Wording, request: Request) -> None:
        self.sources = sources
        self.words = words
        self.actor = Actor(request)
        asked = request.query_params.get("state", "active")
        self.state = asked if asked in STATES else None
        self.shown: list[tuple[str, int]] | None = None
        tabs(words, "silences", *ALERT_TABS)
        with box("div", "page-head"):
            text("h1", words("silences.title"))
            text("p", words("silences.hint"), "subtitle")
        self.notice = Notice(words)
        if self.actor.may(Right.LEAD, sources.county):
            self._form()
        with box("section", "panel"):
            with box("div", "panel-head"):
                text("h2", words("silences.list"))
                with box("div", "segments", role="group", aria_label=words("silences.list")):
                    for state in (*STATES, "all"):
                        here = {"aria_current": "true"} if state == (self.state or "all") else {}
                        href = path("silences", state=None if state == "active" else state)
                        link(href, words(f"silences.state_{state}"), **here)
            self.said = Said()
            self.list = box("ul", "list")
            self.hint = text("p", words("state.loading"), "hint")

    def _form(self) -> None:
        words, sources = self.words, self.sources
        register, now = sources.register, to_beijing(sources.now())
        counties = {one.code: one.name for one in counties_of(register, now.date())}
        outlets = {id_: outlet_name(register, id_) for id_ in sorted(register.outlets)}
        with box("section", "panel block"):
            text("h2", words("silences.begin"))
            with box("div", "panel-body"):
                form = Form(words, self._begin)
                if sources.county is None:
                    form.choice("county", words("level.county"), {"": words("alerts.all_counties")} | counties)
                form.choice("outlet", words("level.outlet"), {"": words("marks.all_outlets")} | outlets)
                rules = {rule: finding_name(rule, words) for rule in FINDINGS}
                form.choice("rule", words("silences.rule"), {"": words("silences.all_rules")} | rules)
                form.line(
                    "until",
                    f"{words('silences.until')} ({words('app.clock_beijing')})",
                    kind="datetime-local",
                    value=f"{now + timedelta(hours=4):%Y-%m-%dT%H:%M}",
                    required=True,
                )
                form.area("reason", words("desk.reason"), required=True, rows=2)
                form.button(words("silences.begin"))

    async def _begin(self, values: Values) -> str:
        words, desk, sources = self.words, self.sources.alerts.silences, self.sources
        outlet = values.get("outlet", "")
        county = values.get("county", "") or (
            sources.register.outlets[outlet].county if outlet in sources.register.outlets else ""
        )
        try:
            until = datetime.fromisoformat(values.get("until", "")).replace(tzinfo=BEIJING)
        except ValueError:
            raise Unable(words("marks.refused_moment")) from None

        def work() -> SilenceView:
            return desk.begin(
                by=self.actor.name,
                reason=values.get("reason", ""),
                ends_at=until,
                now=sources.now(),
                county=county,
                outlet=outlet,
                rule=values.get("rule", ""),
            )

        await act(self.actor, words, work, right=Right.LEAD, county=county or sources.county)
        await self.renew_or_say()
        return words("silences.begun", until=figures.minute(until))

    async def renew_or_say(self) -> None:
        """Renew, or say that it cannot be done."""
        await self.notice.guard(self.renew)

    async def renew(self) -> None:
        """Show the silences as they stand."""
        now = self.sources.now()
        found = await asyncio.to_thread(self.sources.alerts.silences.all, now=now, state=self.state, limit=MOST)
        say(self.hint, self.words("silences.empty"))
        self.hint.set_visibility(not found)
        faces = [(one.id, one.version) for one in found]
        if faces == self.shown:
            return
        self.shown = faces
        self.list.clear()
        with self.list:
            for one in found:
                self._item(one, now)

    def _item(self, one: SilenceView, now: datetime) -> None:
        words, register = self.words, self.sources.register
        county = register.divisions.get(one.county)
        about = [
            county.name if county is not None else one.county or words("alerts.all_counties"),
            outlet_name(register, one.outlet) if one.outlet else "",
            finding_name(one.rule, words) if one.rule else "",
        ]
        over = one.ended_at is not None or one.ends_at <= now
        with box("li", "item silence"):
            text("span", "◌" if over else "●", "mark", aria_hidden="true")
            with box("div", "item-body"):
                text("span", " · ".join(part for part in about if part), "item-title")
                text("span", one.reason)
                with box("div", "item-meta figures"):
                    text("span", f"{figures.minute(one.starts_at)} – {figures.minute(one.ended_at or one.ends_at)}")
                    text("span", one.author)
                    text(
                        "span",
                        words("silences.over" if over else "silences.holds"),
                        "badge" if over else "badge warning",
                    )
                if not over and self.actor.may(Right.LEAD, one.county or None):
                    self._end(one)

    def _end(self, one: SilenceView) -> None:
        words, desk = self.words, self.sources.alerts.silences

        async def ended(values: Values) -> str:
            def work() -> SilenceView:
                return desk.end(one.id, by=self.actor.name, reason=values.get("reason", ""), now=self.sources.now())

            await act(self.actor, words, work, right=Right.LEAD, county=one.county or None)
            await self.renew_or_say()
            return words("silences.ended_now")

        form = Form(words, ended, classes="form line", said=self.said)
        form.line("reason", words("desk.reason"), required=True)
        form.button(words("silences.end"), plain=True)
