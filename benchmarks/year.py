"""A year of a city in the stores, to measure pages with: 60 outlets, three pollutants, every hour judged.

Made once and kept in the folder that is given; what it holds depends on nothing but this file.
"""

import hashlib
import math
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from alerts.database import open_database, upgrade
from alerts.names import names_of
from alerts.repository import Repository
from emissions.beijing import BEIJING, HOUR
from emissions.finding import Case, Finding, finding_id
from emissions.hourly import Hour
from emissions.periods import next_month, period_of
from emissions.reading import Reading
from emissions.register import Division, Enterprise, Outlet, Register
from emissions.tally import Tally
from emissions.transmission import TRACKS, WINDOWS, Rate, rate_of
from stores.port import SeriesStore
from stores.sqlite import SqliteStore

NOW = datetime(2026, 11, 10, 14, 20, tzinfo=BEIJING)
AS_OF = NOW.replace(minute=0)
START = datetime(2025, 11, 10, 14, tzinfo=BEIJING)
CITY = "371500"
SHARES = (10, 10, 8, 6, 6, 5, 5, 4, 3, 3)
"""Outlets of each county."""
LIMITS = {"a34013": 5.0, "a21026": 35.0, "a21002": 50.0}
LEVELS = {"a34013": 2.4, "a21026": 18.0, "a21002": 38.0}
BATCH = 20_000


def year_register() -> Register:
    """The city: two outlets to an enterprise."""
    divisions = {CITY: Division(code=CITY, name="基准市", parent="")}
    enterprises: dict[str, Enterprise] = {}
    outlets: dict[str, Outlet] = {}
    for index, share in enumerate(SHARES):
        county = f"3715{index + 2:02}"
        divisions[county] = Division(code=county, name=f"第{index + 1}县", parent=CITY)
        for number in range(share):
            enterprise = f"E{county}-{number // 2}"
            enterprises[enterprise] = Enterprise(
                id=enterprise, name=f"第{index + 1}县热电{number // 2 + 1}号", county=county, industry="power"
            )
            id_ = f"O{county}-{number:02}"
            outlets[id_] = Outlet(
                id=id_,
                enterprise=enterprise,
                county=county,
                city=CITY,
                name=f"{number + 1}号机组",
                mn=f"MN{county}{number:04}",
                category="coal",
                standard="DB37-664-2019",
                height_m=120.0,
                reference_o2_pct=6.0,
                pollutants=tuple(LIMITS),
                connected_from=START,
            )
    return Register(divisions=divisions, enterprises=enterprises, outlets=outlets)


def judged(outlet: Outlet, number: int, pollutant: str, hour: datetime) -> Hour:
    """One judged hour, with about three in a hundred lost and one in a thousand over its limit."""
    tick = int(hour.timestamp()) // 3600
    state, reason, rule = "valid", "ok", "R7.8"
    if (tick + 5 * number) % 61 == 0:
        state, reason, rule = "missing", "not_received", "R7.2"
    elif (tick + number) % 72 == 9:
        state, reason, rule = "invalid", "flag_C", "R7.4"
    converted = round(LEVELS[pollutant] * (1 + 0.16 * math.sin(tick / 3.7 + number)), 2)
    if pollutant == "a21026" and (tick + 3 * number) % 353 == 0:
        converted = round(LIMITS[pollutant] * 1.18, 2)
    sent, valid = state != "missing", state == "valid"
    received = hour + HOUR + timedelta(minutes=3, seconds=number % 50)
    return Hour(
        outlet=outlet.id,
        pollutant=pollutant,
        hour=hour,
        state=state,
        reason=reason,
        in_time=sent,
        in_time_state=state,
        in_time_reason=reason,
        raw_mg_m3=round(converted * 1.03, 2) if sent else None,
        converted_mg_m3=converted if sent else None,
        limit_mg_m3=LIMITS[pollutant],
        verdict=("exceeded" if converted > LIMITS[pollutant] else "within") if valid else "not_judged",
        revision=0,
        cause=None,
        known_at=received,
        enterprise=outlet.enterprise,
        county=outlet.county,
        city=outlet.city,
        evidence={"rule": rule, "limit_source": "DB37-664-2019 coal", "rulebook": "0123456789abcdef"}
        | ({"qn": f"{received:%Y%m%d%H%M%S}123", "received_at": received.isoformat(), "o2_pct": 5.7} if sent else {}),
    )


def fill(store: SeriesStore, register: Register) -> None:
    """Write the year, month by month."""
    counts: dict[tuple[str, str, str, str], Counter[str]] = {}
    first = START
    while first < NOW:
        after = datetime.combine(next_month(first.date()), datetime.min.time(), BEIJING)
        batch: list[Hour | Rate | Reading] = []
        for number, outlet in enumerate(register.outlets.values()):
            hour = first
            while hour < after and hour + 2 * HOUR <= AS_OF:
                windows = [(window, period_of(hour.date(), window)) for window in WINDOWS]
                for pollutant in outlet.pollutants:
                    one = judged(outlet, number, pollutant, hour)
                    batch.append(one)
                    for level, id_ in _subjects(outlet):
                        for window, period in windows:
                            counts.setdefault((level, id_, window, period), Counter())[one.state] += 1
                if len(batch) >= BATCH:
                    store.write(batch)
                    batch = []
                hour += HOUR
        store.write(batch)
        first = after
    counties = {id_: outlet.county for outlet in register.outlets.values() for _, id_ in _subjects(outlet)[:3]}
    store.write([rate for key, states in counts.items() for rate in _rates(*key, states, counties)])
    store.write([reading for outlet in register.outlets.values() for reading in _readings(outlet)])


def _subjects(outlet: Outlet) -> tuple[tuple[str, str], ...]:
    return (
        ("outlet", outlet.id),
        ("enterprise", outlet.enterprise),
        ("county", outlet.county),
        ("city", outlet.city),
    )


def _rates(
    level: str, id_: str, window: str, period: str, states: Counter[str], counties: dict[str, str]
) -> Iterator[Rate]:
    tally = Tally(due=states.total(), excluded=0, received=states["valid"] + states["invalid"], valid=states["valid"])
    for track in TRACKS:
        yield rate_of(
            tally,
            level=level,
            id=id_,
            window=window,
            period=period,
            track=track,
            as_of=AS_OF,
            settled=window == "month" and period < period_of(NOW.date(), "month"),
            county="" if level == "city" else counties[id_],
            city=CITY,
        )


def _readings(outlet: Outlet) -> Iterator[Reading]:
    """A day of minute and real-time data and a month of hour packets."""
    for cn, suffix, step, count in (("2011", "Rtd", 60, 1440), ("2051", "Avg", 600, 144), ("2061", "Avg", 3600, 720)):
        newest = int(NOW.timestamp()) // step * step
        for index in range(count):
            at = datetime.fromtimestamp(newest - index * step, BEIJING)
            numbers = {f"{code}-{suffix}": level for code, level in LEVELS.items()} | {f"a19001-{suffix}": 5.7}
            numbers |= {f"{code}-Zs{suffix}": level for code, level in LEVELS.items()}
            yield Reading(
                outlet=outlet.id,
                enterprise=outlet.enterprise,
                county=outlet.county,
                cn=cn,
                at=at,
                received_at=at + timedelta(seconds=2),
                numbers=numbers,
                flags={f"{code}-Flag": "N" for code in LEVELS},
            )


def fill_alerts(repository: Repository, register: Register) -> None:
    """An alert for every tenth day and outlet of the last three months, and a case."""
    for number, outlet in enumerate(register.outlets.values()):
        for days in range(5, 90, 10):
            at = (NOW - timedelta(days=days, hours=number % 24)).replace(minute=0)
            hour = {"hour": at.isoformat(), "converted_mg_m3": 41.3, "limit_mg_m3": 35.0}
            finding = Finding(
                id=finding_id("hourly_exceedance", outlet.id, "a21026", at.isoformat()),
                rule="hourly_exceedance",
                subject={"outlet": outlet.id},
                from_=at,
                to=at + HOUR,
                severity="warning",
                county=outlet.county,
                known_at=at + HOUR,
                evidence={"pollutant": "a21026", "hours": [hour], "peak_mg_m3": 41.3, "peak_multiple": 1.18},
            )
            repository.take_in([finding], now=at + HOUR)
    opened = datetime(2026, 11, 5, tzinfo=BEIJING)
    evidence = {"effective_pct": 86.12, "valid": 1861, "expected": 2161, "settled": True, "period": "2026-10"}
    repository.take_in(
        [
            Case(
                id=finding_id("case", "371502", "rate", "2026-10"),
                county="371502",
                trigger="rate",
                opened_at=opened,
                period="2026-10",
                evidence={"periods": {"2026-10": evidence | {"opened_at": opened.isoformat()}}},
            )
        ],
        now=opened,
    )


def made(folder: Path) -> Path:
    """The folder of the year's SQLite files, made if it is not there or was made by another version of this file."""
    home = folder / hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        register = year_register()
        store = SqliteStore(home / "series.db")
        fill(store, register)
        store.close()
        upgrade(f"sqlite:///{home}/alerts.db")
        repository = Repository(open_database(f"sqlite:///{home}/alerts.db"), name_of=names_of(register))
        fill_alerts(repository, register)
        repository.engine.dispose()
        (home / "complete").touch()
    return home
