"""One seeded site and one browser for all tests of a file, a page of its own for each test, and its screenshots."""

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout

from alerts.database import open_database
from alerts.names import names_of
from alerts.policy import load_policy
from alerts.repository import Repository
from deploy.engines.chromium import Chromium, chromium
from tests.browser.site import SHARES
from tests.unit.web import crowd, town

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "artefacts" / "browser"
"""Screenshots, for people to look at; not kept in git."""

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
STARTED_S = 60
WAIT_MS = 60_000
"""How long a browser waits for something to appear before a test fails."""


@dataclass(frozen=True)
class Site:
    """The site under test, and the desk behind it as another process would hold it."""

    address: str
    desk: Repository


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The seeded site in a process of its own."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "tests.browser.site", str(folder)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip().rstrip("/")
            assert address, (folder / "log").read_text()
            engine = open_database(f"sqlite:///{folder}/alerts.db")
            names = names_of(town.register(shares=SHARES, hostile=False))
            yield Site(address, Repository(engine, policy=load_policy(), name_of=names))
            engine.dispose()
        finally:
            process.terminate()
            process.communicate(timeout=STARTED_S)
        said = (folder / "log").read_text()
    assert "Traceback" not in said, said


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Chromium:
    """Chromium, got on first use; where it cannot be had the tests fail."""
    return chromium(tmp_path_factory.mktemp("chromium"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(program: Chromium) -> AsyncIterator[Browser]:
    """The browser."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=program.executable, env=program.env, args=list(program.options), chromium_sandbox=False
        )
        yield started
        await started.close()


@dataclass
class Visit:
    """Somebody's window on the site: what it shows, and what went wrong in it."""

    page: Page
    address: str
    name: str
    troubles: list[str]

    async def open(self, path: str) -> int:
        """Go to a page and wait until it is connected; returns the status."""
        reply = await self.page.goto(f"{self.address}{path}")
        assert reply is not None
        return reply.status

    async def shot(self, name: str) -> None:
        """Keep what is to be seen, from top to bottom."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}.png"
        try:
            await self.page.screenshot(path=path, full_page=True, timeout=WAIT_MS / 3)
        except PlaywrightTimeout:
            # Seen once, on a machine with too much to do: the browser never gave the frame it was asked for.
            await self.page.screenshot(path=path, full_page=True)

    async def width(self) -> int:
        """How wide the page is that one could scroll to."""
        return int(await self.page.evaluate("document.documentElement.scrollWidth"))

    async def says(self, text: str | re.Pattern[str]) -> None:
        """Wait until a text is to be seen."""
        await self.page.get_by_text(text).first.wait_for(state="visible")


Enter = Callable[..., Awaitable[Visit]]

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember what failed, so that its windows can be kept as they were."""
    outcome = yield
    if outcome.get_result().failed:
        item.stash[FAILED] = True


@pytest_asyncio.fixture(loop_scope="session")
async def enter(browser: Browser, site: Site, request: pytest.FixtureRequest) -> AsyncIterator[Enter]:
    """Open a window and log in: ``await enter("wang", phone=True, language="en")``; ``None`` stays outside."""
    opened: list[tuple[BrowserContext, Visit]] = []

    async def entering(login: str | None, *, phone: bool = False, language: str = "zh") -> Visit:
        context = await browser.new_context(
            viewport=PHONE if phone else DESK,
            has_touch=phone,
            locale={"zh": "zh-CN", "en": "en-GB"}[language],
            timezone_id="America/New_York",
        )
        context.set_default_timeout(WAIT_MS)
        page = await context.new_page()
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if _is_trouble(said.type, said.text) else None)
        visit = Visit(page, site.address, login or "nobody", troubles)
        opened.append((context, visit))
        if login is not None:
            await visit.open("/login")
            await page.fill("input[name=login]:not([type=hidden])", login)
            await page.fill("input[name=password]:not([type=hidden])", crowd.PASSWORD)
            await page.click(".login-form button[type=submit]")
            await page.wait_for_url(re.compile(r"/$"))
        return visit

    yield entering
    for context, visit in opened:
        if request.node.stash.get(FAILED, False):
            await visit.shot(f"failed-{request.node.originalname}-{visit.name}")
        await context.close()
        assert not visit.troubles, (visit.name, visit.troubles)


def _is_trouble(kind: str, text: str) -> bool:
    """What a browser complains of; that an address is not there is what some tests ask for."""
    return kind == "error" and "404 (Not Found)" not in text
