"""One's own account: role and county, another password, and tokens for one's own programs."""

import asyncio
from functools import partial

from fastapi import Request

from people.passwords import SHORTEST
from people.roles import Right
from web.access import csrf
from web.access.desk import PeopleDesk
from web.pages.account_actions import done
from web.pages.acting import Actor
from web.pages.frame import frame, language_of
from web.pages.markup import box, link, text
from web.pages.tokens import token_form, token_list
from web.sources import Sources
from web.wording import LANGUAGES, Wording, wording


async def me_page(sources: Sources, request: Request, desk: PeopleDesk) -> None:
    """Build the page. ``?said=`` and ``?unfit=`` say what came of the last form."""
    words = wording(language_of(request))
    actor = Actor(request)
    with frame(sources, request, "me", words("me.title")):
        text("h1", words("me.title"), "page-head")
        _said(words, request)
        _facts(sources, words, actor)
        if actor.person.id is not None and not actor.person.token:
            _password(words, request)
        if actor.person.id is not None and not actor.person.must_change:
            await _Tokens(sources, words, actor, desk).renew()


def _said(words: Wording, request: Request) -> None:
    query = request.query_params
    if request.state.person.must_change:
        text("p", words("me.password_first"), "notice", role="status")
    said = {"changed": words("me.changed"), "differ": words("me.differ")}.get(query.get("said", ""))
    if (unfit := query.get("unfit", "")) and f"unfit.{unfit}" in words.known:
        said = words(f"unfit.{unfit}", least=SHORTEST, most=256)
    if (wait := query.get("wait", "")).isdigit():
        said = words("login.wait", seconds=wait)
    if said:
        text("p", said, "notice", role="alert")


def _facts(sources: Sources, words: Wording, actor: Actor) -> None:
    person = actor.person
    county = sources.register.divisions.get(person.county or "")
    with box("section", "panel block"), box("dl", "facts"):
        for key, value in (
            ("people.login", person.login),
            ("people.name", person.name),
            ("people.role", words(f"role.{person.role.value}")),
            ("people.county", county.name if county is not None else person.county or words("people.whole_city")),
        ):
            text("dt", words(key))
            text("dd", value)
        text("dt", words("me.language"))
        with box("dd"):
            for language in LANGUAGES:
                link(f"/language/{language}?back=/me", wording("en" if language == "zh" else "zh")("app.language"))
                text("span", " ")


def _password(words: Wording, request: Request) -> None:
    """A plain form: with the password the session changes, and that takes an answer of its own."""
    with box("section", "panel block"):
        text("h2", words("me.password"))
        with box("form", "form panel-body", method="post", action="/me/password"):
            box("input", type="hidden", name=csrf.FIELD, value=str(request.session.get(csrf.FIELD, "")))
            with box("div", "fields"):
                for name in ("old", "new", "again"):
                    with box("label", "field"):
                        text("span", words(f"me.{name}"))
                        filled = "current-password" if name == "old" else "new-password"
                        box("input", "text", type="password", name=name, autocomplete=filled, required="required")
            text("p", words("me.hint", least=SHORTEST), "note")
            with box("div", "buttons"):
                text("button", words("me.password"), "button", type="submit")


class _Tokens:
    def __init__(self, sources: Sources, words: Wording, actor: Actor, desk: PeopleDesk) -> None:
        self.words, self.actor, self.desk = words, actor, desk
        county = actor.person.county
        own = {county: sources.name_of(county)} if county is not None else {"": words("people.whole_city")}
        with box("section", "panel block"):
            text("h2", words("people.tokens"))
            self.list = box("div")
            with box("div", "panel-body"):
                token_form(words, actor, desk, self._made, counties=own, owner=actor.person)

    async def renew(self) -> None:
        """Show the person's own tokens as they stand."""
        found = await asyncio.to_thread(self.desk.tokens, self.actor.person)
        self.list.clear()
        with self.list:
            token_list(self.words, found, self._revoke)

    async def _made(self, token: str) -> str:
        await self.renew()
        return self.words("people.token_made", token=token)

    async def _revoke(self, token_id: int) -> None:
        work = partial(self.desk.revoke_token, token_id, by=self.actor.name, owner=self.actor.person)
        await done(self.words, self.actor, Right.SEE, work)
        await self.renew()
