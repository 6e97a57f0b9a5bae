"""The seeded site of the browser tests, in a process of its own: ``python -m tests.browser.site FOLDER``.

The pages' framework keeps one site in a process, and a browser must not share a loop with what it looks at.
"""

import asyncio
import signal
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from alerts.database import open_database, upgrade
from alerts.names import names_of
from alerts.policy import load_policy
from alerts.repository import Repository
from contracts.codec import bundle
from contracts.topics import FINDINGS, READINGS
from emissions.register import Register
from emissions.rules import Parameters
from stores.sqlite import SqliteStore
from tests.unit.web import crowd, town
from tests.unit.web.conftest import ListFeed
from tests.unit.web.refusals import STRANGER, refusal
from web.exceedances import Exceedances
from web.live import Live
from web.markbook import MarkBook
from web.periods import bounds
from web.quarantine_book import Refusal
from web.serving import address_of, listening_socket, serve
from web.site import build_site
from web.sources import Sources

HEAD_OF_THE_SUPERVISED = ("钱七", "county_head", town.COUNTIES[2][0])
SHARES = (5, 3, 2, 2, 1, 1, 1, 1, 1, 1)


def with_gaps(register: Register) -> Register:
    """The register with an outlet that has no monitor, and one that has never sent anything."""
    known = register.outlets["O371581-01"]
    silent = replace(known, id="O371581-98", name="2号焦炉烟囱", mn="MN3715810098")
    bare = replace(known, id="O371581-99", name="3号焦炉烟囱", mn="", height_m=60.0)
    return replace(register, outlets={**register.outlets, silent.id: silent, bare.id: bare})


def seeded(folder: Path) -> Sources:
    """The city, ten days of it, with alerts and a case made by the alert database's own ways."""
    register = town.register(shares=SHARES, hostile=False)
    judged = list(town.hours(register, start=bounds("month", "2026-11")[0]))
    senders, register = register, with_gaps(register)
    live_readings = [reading for outlet in senders.outlets.values() for reading in town.readings(outlet)]
    readings = [*(reading for reading in live_readings if reading.cn != "2061"), *town.hour_packets(judged)]
    store = SqliteStore(folder / "series.db")
    store.write([*judged, *town.rates(judged)])
    store.write(readings)
    store.write(list(town.accounts(senders)))
    url = f"sqlite:///{folder}/alerts.db"
    upgrade(url)
    repository = Repository(open_database(url), policy=load_policy(), name_of=names_of(register))
    findings = town.findings(judged)
    repository.take_in([*findings, *town.cases()], now=town.NOW)
    live = Live()
    live.hear(FINDINGS.name, bundle(findings))
    live.hear(READINGS.name, bundle(live_readings))
    exceedances = Exceedances(*bounds("month", "2026-11"))
    exceedances.hear(judged)
    live.watch_exceedances(exceedances)
    sources = Sources(
        store=store,
        register=register,
        parameters=Parameters(),
        alerts=repository,
        marks=MarkBook(repository.engine),
        feed=ListFeed(),
        live=live,
        now=_now,
        simulated=True,
        packets=town.TownPackets(register, readings),
        rules=town.rules(),
    )
    sources.quarantine.book.follow(refusals(register), next_offset=4)
    return sources


def refusals(register: Register) -> list[Refusal]:
    """Two packets that are right by now, one that is not, and one of a logger that nobody knows."""
    mine, other = register.outlets["O371502-01"].mn, register.outlets["O371503-01"].mn
    return [
        refusal(mine, "unknown_mn"),
        refusal(mine, "unsupported_cn", cn="4711", minutes=1),
        refusal(other, "unknown_mn", minutes=2),
        refusal(STRANGER, "unknown_mn", minutes=3),
    ]


def _now() -> datetime:
    return town.NOW


async def _serve(folder: Path) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with listening_socket("127.0.0.1", 0) as listening:
        sources = seeded(folder)
        access = crowd.access_to(sources.alerts.engine, sources.register)
        crowd.let_in(access)
        name, role, county = HEAD_OF_THE_SUPERVISED
        access.desk.add(
            login="qian", name=name, role=role, county=county, password=crowd.PASSWORD, by="tests", first=False
        )
        site = build_site(sources, access)
        print(address_of(listening), flush=True)
        await serve(site, listening, stop)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
