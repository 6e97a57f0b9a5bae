"""Who has an account, with which role: added, changed, let in no more; and the tokens of machines."""

import asyncio
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from fastapi import Request
from nicegui import ui

from alerts.views import EventView
from people.passwords import made_up
from people.roles import Right, Role
from people.tables import PersonRow
from web import figures
from web.access.desk import PeopleDesk
from web.pages.account_actions import done
from web.pages.acting import Actor
from web.pages.form import Form, Values
from web.pages.frame import frame, language_of
from web.pages.markup import box, link, text
from web.pages.tokens import token_form, token_list
from web.sources import Sources
from web.views.board import counties_of
from web.wording import Wording, wording

LINES = 50
"""Lines of the log that are shown, the newest first."""


async def people_page(sources: Sources, request: Request, desk: PeopleDesk) -> None:
    """Build the page, for administrators."""
    words = wording(language_of(request))
    actor = Actor(request)
    if not actor.person.holds(Right.MANAGE_PEOPLE):
        ui.status_code(403)
        with frame(sources, request, "", words("people.forbidden")), box("section", "empty"):
            text("h1", words("people.forbidden"))
            text("p", words("people.forbidden_detail"))
            link("/", words("state.back"), "button")
        return
    with frame(sources, request, "people", words("people.title")):
        text("h1", words("people.title"), "page-head")
        view = _View(sources, words, actor, desk)
        await view.renew()


class _View:
    def __init__(self, sources: Sources, words: Wording, actor: Actor, desk: PeopleDesk) -> None:
        self.words, self.actor, self.desk = words, actor, desk
        counties = counties_of(sources.register, sources.now().date())
        self.counties = {"": words("people.whole_city")} | {one.code: one.name for one in counties}
        self.roles = {role.value: words(f"role.{role.value}") for role in Role}
        with box("section", "panel block"):
            self.people = box("div")
        self._adding()
        with box("section", "panel block"):
            text("h2", words("people.tokens"))
            self.tokens = box("div")
        self._token_form()
        with box("section", "panel block"):
            text("h2", words("people.log"))
            self.log = box("div")

    async def renew(self) -> None:
        """Show everybody and all tokens as they stand."""
        people, tokens = await asyncio.to_thread(lambda: (self.desk.everybody(), self.desk.tokens()))
        lines = await asyncio.to_thread(self.desk.latest, LINES)
        self.people.clear()
        with self.people:
            self._list(people)
        self.tokens.clear()
        with self.tokens:
            token_list(self.words, tokens, self._revoke)
        self.log.clear()
        with self.log:
            self._log(lines)

    def _log(self, lines: list[EventView]) -> None:
        words = self.words
        with box("table", "grid cards", aria_label=words("people.log")):
            with box("thead"), box("tr"):
                for key in ("at", "by", "what", "detail"):
                    text("th", words(f"people.{key}"), scope="col")
            with box("tbody"):
                for line in lines:
                    with box("tr"):
                        text("th", figures.full(line.at), "subject", scope="row")
                        text("td", line.by, data_label=words("people.by"))
                        text("td", words.of("people_event", line.name), data_label=words("people.what"))
                        detail = " · ".join(_plain(line.detail))
                        text("td", detail, "quiet", data_label=words("people.detail"))

    def _list(self, people: list[PersonRow]) -> None:
        words = self.words
        with box("table", "grid cards", aria_label=words("people.title")):
            with box("thead"), box("tr"):
                for key in ("login", "role", "county", "last", "state", "manage"):
                    text("th", words(f"people.{key}"), scope="col")
            with box("tbody"):
                for row in people:
                    with box("tr", "quiet" if row.disabled_at else ""):
                        self._line(row)

    def _line(self, row: PersonRow) -> None:
        words = self.words
        with box("th", "subject", scope="row"):
            text("span", row.name)
            text("span", row.login, "note")
        text("td", self.roles[row.role], data_label=words("people.role"))
        county = self.counties.get(row.county or "", row.county or "")
        text("td", county, data_label=words("people.county"))
        seen = words("people.never") if row.logged_in_at is None else figures.minute(row.logged_in_at)
        text("td", seen, data_label=words("people.last"))
        state = words("people.disabled" if row.disabled_at else "people.active")
        if row.password is None:
            state = f"{state} · {words('people.by_provider')}"
        text("td", state, data_label=words("people.state"))
        with box("td"), box("details"):
            text("summary", words("people.change"))
            self._changing(row)

    def _changing(self, row: PersonRow) -> None:
        words, by, id_ = self.words, self.actor.name, row.id

        async def act(values: Values) -> str:
            pressed = values.get("button", "save")
            role, county = values.get("role", ""), values.get("county") or None
            if pressed == "reset":
                made = await done(words, self.actor, Right.MANAGE_PEOPLE, partial(self.desk.reset, id_, by=by))
                return words("people.reset_done", password=made)
            work = partial(self.desk.change_role, id_, role=role, county=county, by=by)
            if pressed in {"disable", "enable"}:
                work = partial(self.desk.disable if pressed == "disable" else self.desk.enable, id_, by=by)
            await done(words, self.actor, Right.MANAGE_PEOPLE, work)
            await self.renew()
            said = {"disable": "people.disabled_now", "enable": "people.enabled_now"}
            return words(said.get(pressed, "people.changed"))

        form = Form(words, act, classes="form line")
        form.choice("role", words("people.role"), self.roles, value=row.role)
        form.choice("county", words("people.county"), self.counties, value=row.county or "")
        form.button(words("people.save"), "save")
        if row.password is not None:
            form.button(words("people.reset"), "reset", plain=True)
        pressed = "enable" if row.disabled_at else "disable"
        form.button(words(f"people.{pressed}"), pressed, plain=True)

    def _adding(self) -> None:
        words = self.words

        async def add(values: Values) -> str:
            how = values.get("how", "password")
            login = values.get("login", "")
            password = None if how == "provider" else made_up(login=login)
            work = partial(
                self.desk.add,
                login=login,
                name=values.get("name", ""),
                role=values.get("role", ""),
                county=values.get("county") or None,
                password=password,
                by=self.actor.name,
            )
            await done(words, self.actor, Right.MANAGE_PEOPLE, work)
            await self.renew()
            if password is None:
                return words("people.added", login=login)
            return words("people.added_password", login=login, password=password)

        with box("section", "panel block"):
            text("h2", words("people.add"))
            with box("div", "panel-body"):
                form = Form(words, add)
                form.line("login", words("people.login"), required=True, autocapitalize="none", autocomplete="off")
                form.line("name", words("people.name"), autocomplete="off")
                form.choice("role", words("people.role"), self.roles, value=Role.INSPECTOR.value)
                form.choice("county", words("people.county"), self.counties)
                ways = {way: words(f"people.how_{way}") for way in ("password", "provider")}
                form.choice("how", words("people.how"), ways, value="password")
                form.button(words("people.add"))

    async def _made(self, token: str) -> str:
        await self.renew()
        return self.words("people.token_made", token=token)

    def _token_form(self) -> None:
        words = self.words
        with box("section", "panel block"):
            text("h2", words("people.token_add"))
            with box("div", "panel-body"):
                token_form(words, self.actor, self.desk, self._made, counties=self.counties)

    async def _revoke(self, token_id: int) -> None:
        work = partial(self.desk.revoke_token, token_id, by=self.actor.name)
        await done(self.words, self.actor, Right.MANAGE_PEOPLE, work)
        await self.renew()


def _plain(detail: Mapping[str, Any]) -> Iterator[str]:
    """The values of a line's details; what was before stands behind an arrow."""
    for name, value in detail.items():
        if isinstance(value, Mapping):
            yield f"← {', '.join(_plain(value))}" if name == "before" else ", ".join(_plain(value))
        elif value not in (None, ""):
            yield str(value)
