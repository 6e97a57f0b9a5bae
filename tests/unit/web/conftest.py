"""A city in a store and an alert database, and a client that asks the interface about it."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from alerts.database import open_database, upgrade
from alerts.repository import Repository
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
