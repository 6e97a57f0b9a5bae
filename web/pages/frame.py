"""What every page has around it: head, navigation, the platform's clock, the language, and how errors look."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from alerts.repository import DatabaseUnavailable
from emissions.beijing import to_beijing
from people.roles import Right
from stores.port import StoreUnavailable
from web.access import csrf
from web.access.asking import person_of
from web.access.language import language_of
from web.pages.markup import box, link, say, text
from web.sources import Sources
from web.wording import LANGUAGES, Wording, wording

__all__ = ["Notice", "broken", "frame", "language_of", "not_found", "page"]

log = logging.getLogger(__name__)

STYLE_PATH = "/assets/stackwatch.css"
TICK_SECONDS = 1.0
PAGE_SECONDS = 20.0
RETRY_SECONDS = 5
AWAY = (StoreUnavailable, DatabaseUnavailable)
"""What a page outlives: it says so and tries again."""

_PAGES = (
    ("board", "/"),
    ("alerts", "/alerts"),
    ("cases", "/cases"),
    ("marks", "/marks"),
    ("explain", "/explain"),
    ("coverage", "/coverage"),
    ("account", "/account"),
    ("quarantine", "/quarantine"),
    ("reports", "/reports"),
)


def _pages(request: Request) -> Iterator[tuple[str, str]]:
    """What a reader may choose from."""
    yield from _PAGES
    if person_of(request).holds(Right.MANAGE_PEOPLE):
        yield "people", "/people"


@contextmanager
def frame(sources: Sources, request: Request, current: str, title: str) -> Iterator[Wording]:
    """Build a page's frame around what the block builds."""
    words = wording(language_of(request))
    ui.page_title(f"{title} · {words('app.name')}")
    ui.add_head_html(f'<script>document.documentElement.lang = "{words.tag}"</script>')
    link("#main", words("app.skip"), "skip")
    with box("header", "top"), box("div", "top-inner"):
        with box("a", "brand", href="/"):
            text("span", words("app.name"), "brand-name")
            text("span", words("app.title"), "brand-title")
        with box("nav", "nav", aria_label=words("nav.label")):
            for name, href in _pages(request):
                here = {"aria_current": "page"} if name == current else {}
                link(href, words(f"nav.{name}"), **here)
        clock = _clock(sources, words)
        other = "en" if words.language == "zh" else "zh"
        back = urlencode({"back": request.url.path + (f"?{request.url.query}" if request.url.query else "")})
        link(f"/language/{other}?{back}", words("app.language"), "language", lang=LANGUAGES[other])
        _account(request, words)
    with box("main", "main", id="main"):
        yield words
    # A timer waits for the browser, and with that lets the page go out as it is: so it comes after all that is awaited.
    ui.timer(TICK_SECONDS, lambda: say(clock, _now(sources)))


def _now(sources: Sources) -> str:
    return f"{to_beijing(sources.now()):%Y-%m-%d %H:%M:%S}"


def _clock(sources: Sources, words: Wording) -> TextElement:
    classes = "clock simulated" if sources.simulated else "clock"
    hint = words("app.simulated_hint") if sources.simulated else words("app.clock_beijing")
    with box("div", classes, title=hint):
        text("span", words("app.simulated") if sources.simulated else words("app.clock_beijing"), "clock-label")
        return text("time", _now(sources), "clock-time")


def _account(request: Request, words: Wording) -> None:
    """Who is logged in, and the way out: a form of its own, so that it works before any script has run."""
    person = person_of(request)
    with box("div", "account"):
        link("/me", person.name, "account-name", title=f"{words('me.title')} · {words(f'role.{person.role.value}')}")
        if person.token:
            return
        with box("form", method="post", action="/logout"):
            box("input", type="hidden", name=csrf.FIELD, value=str(request.session.get(csrf.FIELD, "")))
            text("button", words("me.log_out"), "language", type="submit")


class Notice:
    """A line above the page's content that says when its figures cannot be renewed."""

    def __init__(self, words: Wording) -> None:
        self._words = words
        self._line = text("p", "", "notice", role="status")
        self._line.set_visibility(False)

    def show(self, message: str | None) -> None:
        """Say something, or nothing."""
        say(self._line, message or "")
        if self._line.visible is not (message is not None):
            self._line.set_visibility(message is not None)

    async def guard(self, renew: Callable[[], Awaitable[None]]) -> None:
        """Renew; while a store is away say that what stands there is older."""
        try:
            await renew()
        except AWAY as error:
            log.warning("a page cannot be renewed: %s", error)
            self.show(self._words("state.stale"))
        else:
            self.show(None)


def page(path: str) -> ui.page:
    """Serve a page at a path; one that is slow on a busy machine is waited for, not given up."""
    return ui.page(path, response_timeout=PAGE_SECONDS)


def broken(error: Exception) -> None:
    """The page in place of one that could not be built: a store that is away is tried again by itself."""
    away = isinstance(error, AWAY)
    request = ui.context.client.request
    words = wording(language_of(request))
    log.log(logging.WARNING if away else logging.ERROR, "a page could not be built: %s", error, exc_info=not away)
    ui.page_title(words("app.name"))
    if away:
        ui.add_head_html(f'<meta http-equiv="refresh" content="{RETRY_SECONDS}">')
    with box("main", "main", id="main"), box("section", "empty", role="alert"):
        text("h1", words("state.unavailable" if away else "state.broken"))
        text("p", words("state.broken_detail"))
        link(str(request.url.path), words("state.again"), "button")


def not_found(sources: Sources, request: Request, what: str) -> None:
    """The page for something that is not there."""
    ui.status_code(404)
    words = wording(language_of(request))
    with frame(sources, request, "", words("state.not_found")), box("section", "empty"):
        text("h1", words("state.not_found"))
        text("p", words("state.not_found_detail", what=what))
        link("/", words("state.back"), "button")
