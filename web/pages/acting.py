"""Who acts on a page, until there is a log-in; and what is said when an action is refused."""

import asyncio
from collections.abc import Callable
from urllib.parse import unquote

from fastapi import Request
from nicegui.events import GenericEventArguments

from alerts.repository import Incomplete, NotAllowed, NotFound
from alerts.transaction import NeverTaken
from web.pages.frame import AWAY
from web.pages.markup import box, text
from web.wording import Wording

_KEEP = """(event) => {
  document.cookie = "actor=" + encodeURIComponent(event.target.value) + ";path=/;max-age=31536000;samesite=lax";
  emit(event.target.value);
}"""
"""The browser remembers the name, so that it is typed once."""

LONGEST_NAME = 100


class Actor:
    """The field for the name of the person who acts."""

    def __init__(self, request: Request, words: Wording) -> None:
        self.name = unquote(request.cookies.get("actor", ""))[:LONGEST_NAME]
        with box("label", "field"):
            text("span", words("alerts.name"))
            field = box("input", "text", type="text", autocomplete="name", maxlength=str(LONGEST_NAME), value=self.name)
        field.on("change", self._named, js_handler=_KEEP)

    def _named(self, event: GenericEventArguments) -> None:
        self.name = str(event.args)[:LONGEST_NAME]


async def attempt(actor: Actor, words: Wording, act: Callable[[], object]) -> str | None:
    """Act in a thread. None when it was done, else why not."""
    if not actor.name.strip():
        return words("alerts.name_missing")
    try:
        await asyncio.to_thread(act)
    except (NotAllowed, Incomplete, NotFound, NeverTaken) as error:
        return words("alerts.failed", why=str(error))
    except AWAY:
        return words("state.unavailable")
    return None
