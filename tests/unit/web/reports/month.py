"""A month that was settled and then changed, judged by the oracle and put into the stores as the services would."""

import json
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from alerts.database import open_database, upgrade
from alerts.names import names_of
from alerts.repository import Repository
from contracts.codec import Message
from emissions.finding import Case, Finding
from emissions.register import Register
from emissions.rules import Rules
from emissions.transmission import Rate
from rulebook.loader import load_rules
from rulebook.register import load_register
from stackwatch import batch
from stackwatch.batch import Judged
from stores.sqlite import SqliteStore
from tests.golden import story
from tests.golden.test_months import MONTHS
from tests.unit.web.conftest import ListFeed
from web.live import Live
from web.markbook import MarkBook
from web.packets import Line
from web.sources import Sources

# 阳谷县 loses five days and brings back one and a half of them two days after the settlement: 84.95 % when the month is
# settled, 89.78 % now, so it stays in last place and its case stays open. 东昌府区's enterprises exceed for some hours.
STORY = {
    "from": "2026-10-01T00:00",
    "to": "2026-11-07T22:00",
    "as_of": "2026-11-08T00:00",
    "except": [
        {"outlets": ["E4-1"], "from": "2026-10-10T00:00", "to": "2026-10-13T04:00", "silent": True},
        {
            "outlets": ["E4-1"],
            "from": "2026-10-13T04:00",
            "to": "2026-10-14T16:00",
            "received": "2026-11-06T08:00",
        },
        {"outlets": ["E1-1"], "from": "2026-10-05T06:00", "to": "2026-10-05T09:00", "values": {"a21026": "80.00"}},
        {"outlets": ["E3-1"], "from": "2026-10-20T01:00", "to": "2026-10-20T02:00", "values": {"a21026": "41.00"}},
        {"outlets": ["E2-1"], "from": "2026-10-03T00:00", "to": "2026-10-03T12:00", "flag": "C"},
    ],
}


@dataclass(slots=True)
class Published(Judged):
    """Keeps every rate in the order in which it was published."""

    said: list[Rate] = field(default_factory=list)

    def take(self, output: Message, number: int) -> None:
        Judged.take(self, output, number)
        if isinstance(output, Rate):
            self.said.append(output)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The month's feed, what the oracle said of it, and the rules."""

    register: Register
    rules: Rules
    feed: list[bytes]
    judged: Published


def judge() -> Month:
    register, rules = load_register(MONTHS / "register"), load_rules()
    feed = story.feed(STORY, register)
    as_of = datetime.fromisoformat(f"{STORY['as_of']}+08:00")
    with patch.object(batch, "Judged", Published):
        judged = batch.judge_feed(feed, register, rules, as_of=as_of)
    assert isinstance(judged, Published)
    return Month(register=register, rules=rules, feed=feed, judged=judged)


@dataclass(frozen=True, slots=True)
class FeedFile:
    """A feed that can be read again."""

    lines: list[bytes]

    async def sweep(self, names: frozenset[str], *, since: datetime, until: datetime) -> AsyncIterator[bytes]:
        for line in self.lines:
            said = json.loads(line)
            at = datetime.fromisoformat(said.get("received_at") or said["entered_at"])
            if said["mn"] in names and since <= at <= until:
                yield line

    async def find(self, name: str, *, since: datetime, until: datetime) -> list[Line]:
        return []

    async def close(self) -> None:
        return None


def series_of(month: Month, folder: Path) -> SqliteStore:
    """A series store with the month: its hours, what was settled, and the last word on each rate."""
    store = SqliteStore(folder / "series.db")
    settled = [rate for rate in month.judged.said if rate.settled and rate.window == "month"]
    store.write([*month.judged.hours.values(), *settled, *month.judged.rates.values()])
    return store


def alerts_of(month: Month, folder: Path) -> Path:
    """The file of an alert database that has taken in the month's findings and cases, each when it became known."""
    file = folder / "alerts.db"
    upgrade(f"sqlite:///{file}")
    repository = Repository(open_database(f"sqlite:///{file}"), name_of=names_of(month.register))
    told = [*month.judged.findings.values(), *month.judged.cases.values()]
    for line in sorted(told, key=_known):
        assert not repository.take_in([line], now=_known(line))
    repository.engine.dispose()
    return file


def _known(line: Finding | Case) -> datetime:
    return line.known_at if isinstance(line, Finding) else line.opened_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The month in a series store that nobody writes into, and in an alert database to be copied."""

    month: Month
    store: SqliteStore
    alerts: Path

    @contextmanager
    def sources(self, folder: Path, now: datetime) -> Iterator[Sources]:
        """All of it, with an alert database of one's own."""
        copy = shutil.copy(self.alerts, folder / "own-alerts.db")
        repository = Repository(open_database(f"sqlite:///{copy}"), name_of=names_of(self.month.register))
        yield Sources(
            store=self.store,
            register=self.month.register,
            parameters=self.month.rules.parameters,
            rules=self.month.rules,
            alerts=repository,
            marks=MarkBook(repository.engine),
            feed=ListFeed(),
            live=Live(),
            now=lambda: now,
            packets=FeedFile(self.month.feed),
        )
        repository.engine.dispose()
