"""Tokens on a page: those that count, and a form for a new one, whose text is shown once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from people.person import Person
from people.roles import RIGHTS, Right, Role
from people.tables import TokenRow
from web import figures
from web.access.desk import PeopleDesk
from web.pages.account_actions import done
from web.pages.acting import Actor
from web.pages.form import Form, Unable, Values
from web.pages.markup import box, say, text
from web.wording import Wording


def token_list(words: Wording, tokens: Sequence[TokenRow], revoke: Callable[[int], Awaitable[None]]) -> None:
    """A table with a button for each."""
    if not tokens:
        text("p", words("people.no_tokens"), "hint")
        return
    failed = text("p", "", "failed", role="alert")
    with box("table", "grid cards", aria_label=words("people.tokens")):
        with box("thead"), box("tr"):
            for key in ("token_name", "role", "county", "token_until", "token_by", "manage"):
                text("th", words(f"people.{key}"), scope="col")
        with box("tbody"):
            for token in tokens:
                with box("tr"):
                    text("th", token.name, "subject", scope="row")
                    text("td", words(f"role.{token.role}"), data_label=words("people.role"))
                    text("td", token.county or words("people.whole_city"), data_label=words("people.county"))
                    text("td", figures.minute(token.expires_at), data_label=words("people.token_until"))
                    text("td", token.created_by, data_label=words("people.token_by"))
                    with box("td"):
                        button = text("button", words("people.token_revoke"), "button plain", type="button")

                    async def pressed(token_id: int = token.id) -> None:
                        try:
                            await revoke(token_id)
                        except Unable as error:
                            say(failed, str(error))

                    button.on("click", pressed)


def token_form(
    words: Wording,
    actor: Actor,
    desk: PeopleDesk,
    made: Callable[[str], Awaitable[str]],
    *,
    counties: Mapping[str, str],
    owner: Person | None = None,
) -> None:
    """A form for a new token; ``owner``: whose it is, and of whom it is never more. None: a machine's."""

    async def make(values: Values) -> str:
        days = values.get("days", "")
        work = partial(
            desk.issue_token,
            name=values.get("name", ""),
            role=values.get("role", ""),
            county=values.get("county") or None,
            lasts=timedelta(days=int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0),
            by=actor.name,
            owner=owner,
        )
        return await made(await done(words, actor, Right.SEE if owner is not None else Right.MANAGE_PEOPLE, work))

    roles = [role for role in Role if owner is None or RIGHTS[role] <= RIGHTS[owner.role]]
    text("p", words("people.tokens_hint"), "note")
    form = Form(words, make)
    form.line("name", words("people.token_name"), required=True, autocomplete="off")
    form.choice("role", words("people.role"), {role.value: words(f"role.{role.value}") for role in roles})
    form.choice("county", words("people.county"), counties)
    form.line("days", words("people.token_days"), kind="number", value="90", min="1", max="366")
    form.button(words("people.token_add"))
