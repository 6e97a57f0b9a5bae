"""Who acts on a page, whether they may, and what is said when an action is refused."""

import asyncio
from collections.abc import Callable

from fastapi import Request

from alerts.repository import Incomplete, NotAllowed, NotFound
from alerts.transaction import NeverTaken
from people.person import may
from people.roles import Right
from web.access.asking import person_of
from web.access.gate import Standing
from web.pages.frame import AWAY
from web.wording import Wording


class Actor:
    """The person who looks at a page."""

    def __init__(self, request: Request) -> None:
        self.person = person_of(request)
        self.name = self.person.by
        """How the person stands in logs and time lines."""
        self.standing: Standing = request.state.standing

    def may(self, right: Right, county: str | None) -> bool:
        """Whether the person may do this to a thing of the county: buttons for anything else are not shown."""
        return may(self.person, right, county)


async def attempt(
    actor: Actor, words: Wording, act: Callable[[], object], *, right: Right, county: str | None
) -> str | None:
    """Act in a thread, if the person may and is still logged in. None when it was done, else why not."""
    if not actor.may(right, county) or not await actor.standing():
        return words("people.not_allowed")
    try:
        await asyncio.to_thread(act)
    except (NotAllowed, Incomplete, NotFound, NeverTaken) as error:
        return words("alerts.failed", why=str(error))
    except AWAY:
        return words("state.unavailable")
    return None
