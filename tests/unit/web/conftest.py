"""A city in a store and an alert database, and a client that asks the interface about it."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest

from alerts.database import open_database, upgrade
from alerts.names import names_of
from alerts.repository import Repository
from contracts.codec import bundle
from contracts.topics import FINDINGS, READINGS
from emissions.event import Mark
from emissions.hourly import Hour
from emissions.register import Register
from emissions.rules import Parameters
from stores.sqlite import SqliteStore
from tests.unit.web import crowd, town
from web.access.configured import Access
from web.app import build_api
from web.exceedances import Exceedances
from web.feed import FeedUnavailable
from web.live import Live
from web.markbook import MarkBook
from web.periods import bounds
from web.serving import address_of, listening_socket, serve
from web.site import build_site
from web.sources import Sources


@dataclass
class ListFeed:
    """A feed that keeps what it is given, or is away."""

    sent: list[Mark] = field(default_factory=list)
    lines: list[tuple[str, bytes]] = field(default_factory=list)
    away: bool = False

    async def send(self, mark: Mark) -> None:
        if self.away:
            raise FeedUnavailable("nobody answers")
        self.sent.append(mark)

    async def put(self, lines: Sequence[tuple[str, bytes]]) -> None:
        if self.away:
            raise FeedUnavailable("nobody answers")
        self.lines += lines

    async def close(self) -> None:
        return None


@pytest.fixture(scope="session")
def register() -> Register:
    return town.register()


@pytest.fixture(scope="session")
def judged(register: Register) -> list[Hour]:
    return list(town.hours(register, start=bounds("month", "2026-11")[0]))


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory, register: Register, judged: list[Hour]) -> Iterator[SqliteStore]:
    filled = SqliteStore(tmp_path_factory.mktemp("series") / "series.db")
    filled.write([*judged, *town.rates(judged)])
    filled.write([reading for outlet in register.outlets.values() for reading in town.readings(outlet)])
    yield filled
    filled.close()


@pytest.fixture
def repository(tmp_path: Path, judged: list[Hour]) -> Iterator[Repository]:
    url = f"sqlite:///{tmp_path}/alerts.db"
    upgrade(url)
    engine = open_database(url)
    filled = Repository(engine)
    refused = filled.take_in([*town.findings(judged), *town.cases()], now=town.NOW)
    assert not refused
    yield filled
    engine.dispose()


@pytest.fixture
def feed() -> ListFeed:
    return ListFeed()


@pytest.fixture
def sources(
    store: SqliteStore, register: Register, repository: Repository, feed: ListFeed, judged: list[Hour]
) -> Sources:
    live = Live()
    exceedances = Exceedances(*bounds("month", "2026-11"))
    exceedances.hear(judged)
    live.watch_exceedances(exceedances)
    return Sources(
        store=store,
        register=register,
        parameters=Parameters(),
        alerts=repository,
        marks=MarkBook(repository.engine),
        feed=feed,
        live=live,
        now=lambda: town.NOW,
        simulated=True,
    )


@pytest.fixture
def access(sources: Sources, register: Register) -> Access:
    return crowd.access_to(sources.alerts.engine, register)


@pytest.fixture
async def client(sources: Sources, access: Access) -> AsyncIterator[httpx.AsyncClient]:
    """Asks as a machine of the city's supervision."""
    transport = httpx.ASGITransport(app=build_api(sources, access), raise_app_exceptions=False)
    headers = crowd.bearing(crowd.token(access))
    async with httpx.AsyncClient(transport=transport, base_url="http://stackwatch", headers=headers) as asking:
        yield asking


@pytest.fixture(scope="session")
def shown(tmp_path_factory, register, store, judged) -> Sources:
    url = f"sqlite:///{tmp_path_factory.mktemp('pages')}/alerts.db"
    upgrade(url)
    repository = Repository(open_database(url), name_of=names_of(register))
    repository.take_in([*town.findings(judged), *town.cases()], now=town.NOW)
    live = Live()
    live.hear(FINDINGS.name, bundle(town.findings(judged)))
    live.hear(READINGS.name, bundle([r for o in register.outlets.values() for r in town.readings(o)]))
    exceedances = Exceedances(*bounds("month", "2026-11"))
    exceedances.hear(judged)
    live.watch_exceedances(exceedances)
    return Sources(
        store=store,
        register=register,
        parameters=Parameters(),
        alerts=repository,
        marks=MarkBook(repository.engine),
        feed=ListFeed(),
        live=live,
        now=lambda: town.NOW,
        simulated=True,
    )


@pytest.fixture(scope="session")
def shown_access(shown: Sources) -> Access:
    return crowd.access_to(shown.alerts.engine, shown.register)


@pytest.fixture(scope="session")
def site(shown: Sources, shown_access: Access) -> Iterator[str]:
    """The whole application on a port, in a thread with a loop of its own; once, for the framework keeps one site."""
    with listening_socket("127.0.0.1", 0) as listening:
        loop, stop = asyncio.new_event_loop(), asyncio.Event()
        serving = partial(loop.run_until_complete, serve(build_site(shown, shown_access), listening, stop))
        thread = threading.Thread(target=serving)
        thread.start()
        address = address_of(listening)
        deadline = time.monotonic() + 30
        while True:
            try:
                if httpx.get(f"{address}healthz").status_code == 200:
                    break
            except httpx.TransportError:
                assert time.monotonic() < deadline
        yield address.rstrip("/")
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        assert not thread.is_alive()
        loop.close()


@pytest.fixture(scope="session")
def reader(site: str, shown_access: Access) -> Iterator[httpx.Client]:
    """Looks as a machine of the city's supervision."""
    with httpx.Client(headers=crowd.bearing(crowd.token(shown_access)), timeout=60) as looking:
        yield looking
