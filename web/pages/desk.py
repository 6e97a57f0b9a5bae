"""What the pages of alerts, cases, orders and silences share: acting with words for every refusal, and deadlines."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from alerts.repository import Conflict, Incomplete, NotAllowed, NotFound
from alerts.transaction import NeverTaken
from people.roles import Right
from web import figures
from web.pages.acting import Actor
from web.pages.form import Unable
from web.pages.markup import box, link
from web.wording import Wording

T = TypeVar("T")

log = logging.getLogger(__name__)


async def act(actor: Actor, words: Wording, work: Callable[[], T], *, right: Right, county: str | None) -> T:
    """Do something in a thread, if the person may and is still logged in.

    Raises:
        Unable: it was not done; says why in the reader's language.
        DatabaseUnavailable: the form says so.
    """
    if not actor.may(right, county) or not await actor.standing():
        raise Unable(words("people.not_allowed"))
    try:
        return await asyncio.to_thread(work)
    except Conflict as error:
        raise Unable(words("desk.changed", why=str(error))) from error
    except NotFound as error:
        raise Unable(words("desk.gone")) from error
    except Incomplete as error:
        raise Unable(words("desk.incomplete", why=str(error))) from error
    except (NotAllowed, NeverTaken) as error:
        raise Unable(words("desk.not_now", why=str(error))) from error


def within(words: Wording, deadline: datetime, now: datetime) -> tuple[str, bool]:
    """How long is left until a deadline, or how long it has passed, in words; and whether it has."""
    span = deadline - now
    over = span < timedelta(0)
    minutes = int(abs(span).total_seconds()) // 60
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    said = (
        words("desk.days_hours", days=days, hours=hours)
        if days
        else words("desk.hours_minutes", hours=hours, minutes=rest)
        if hours
        else words("desk.minutes", minutes=rest)
    )
    return words("desk.overdue_by" if over else "desk.left", span=said), over


def due_line(words: Wording, deadline: datetime, now: datetime) -> tuple[str, bool]:
    """A deadline with the time that is left; and whether it has passed."""
    said, over = within(words, deadline, now)
    return f"{words('alerts.deadline')} {figures.day_time(deadline)} · {said}", over


def tabs(words: Wording, here: str, *pages: tuple[str, str]) -> None:
    """Links to pages that belong together: (name of the text, address)."""
    with box("nav", "segments tabs", aria_label=words("desk.tabs")):
        for name, href in pages:
            link(href, words(f"nav.{name}"), **({"aria_current": "page"} if name == here else {}))


ALERT_TABS = (("alerts", "/alerts"), ("orders", "/orders"), ("silences", "/silences"))
CASE_TABS = (("cases", "/cases"), ("proposals", "/proposals"))
