"""The pages over a year that ``benchmarks.year`` has made: ``python -m benchmarks.pages_server YEAR SCRATCH``."""

import asyncio
import json
import secrets
import shutil
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from alerts.database import open_database
from alerts.names import names_of
from alerts.repository import Repository
from benchmarks.year import NOW, year_register
from emissions.event import Mark
from rulebook.loader import load_rules
from stores.sqlite import SqliteStore
from web.access.configured import Access
from web.access.desk import PeopleDesk
from web.access.limiting import Limits
from web.live import Live
from web.markbook import MarkBook
from web.reports.warming import keep_reports_ready
from web.serving import address_of, listening_socket, serve
from web.site import build_site
from web.sources import Sources, keep_exceedances


class NoFeed:
    """Nothing is written while pages are measured."""

    async def send(self, mark: Mark) -> None:
        """Take nothing."""
        raise NotImplementedError(mark)

    async def put(self, lines: Sequence[tuple[str, bytes]]) -> None:
        """Take nothing."""
        raise NotImplementedError(lines)

    async def close(self) -> None:
        """Nothing to let go of."""


def main() -> None:
    """Serve until stopped; one line of JSON says where, and with which token."""
    home, scratch = map(Path, sys.argv[1:3])
    shutil.copy(home / "alerts.db", scratch / "alerts.db")
    register, rules = year_register(), load_rules()
    engine = open_database(f"sqlite:///{scratch}/alerts.db")
    sources = Sources(
        store=SqliteStore(home / "series.db"),
        register=register,
        parameters=rules.parameters,
        rules=rules,
        alerts=Repository(engine, name_of=names_of(register)),
        marks=MarkBook(engine),
        feed=NoFeed(),
        live=Live(following=True),
        now=lambda: NOW,
        simulated=True,
    )
    desk = PeopleDesk(engine, counties=frozenset(register.divisions))
    access = Access(desk=desk, secret=secrets.token_hex(32), limits=Limits(questions="1000000/minute"))
    token = desk.issue_token(name="pages", role="city_supervisor", county=None, lasts=timedelta(days=1), by="benchmark")
    with listening_socket("127.0.0.1", 0) as listening:
        print(json.dumps({"address": address_of(listening).rstrip("/"), "token": token}), flush=True)
        site = build_site(
            sources, access, beside=[partial(keep_exceedances, sources), partial(keep_reports_ready, sources)]
        )
        asyncio.run(serve(site, listening, asyncio.Event()))


if __name__ == "__main__":
    main()
