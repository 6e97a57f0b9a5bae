"""What is done to accounts on pages: by somebody who may, and said in the reader's language where it cannot be."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from people.accounts import NobodyThere
from people.roles import Right, Unfit
from people.tokens import NoSuchToken
from web.pages.acting import Actor
from web.pages.form import Unable
from web.wording import Wording

T = TypeVar("T")


async def done(words: Wording, actor: Actor, right: Right, act: Callable[[], T]) -> T:
    """Do it. Raises ``Unable``."""
    if not actor.person.holds(right) or not await actor.standing():
        raise Unable(words("people.not_allowed"))
    try:
        return await asyncio.to_thread(act)
    except Unfit as error:
        raise Unable(words(f"unfit.{error.key}", **error.values)) from error
    except (NobodyThere, NoSuchToken) as error:
        raise Unable(words("alerts.failed", why=str(error))) from error
