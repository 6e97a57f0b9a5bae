"""The demo's ready accounts, one for each role, and the token its simulator asks with. Made anew for each run."""

import json
import secrets
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from alerts.database import prepare
from people.roles import OF_A_COUNTY, Role
from simulators.scenario import Scenario
from web.access.configured import ShownLogin
from web.access.desk import PeopleDesk

_NAMES = {
    Role.VIEWER: ("viewer", "访客"),
    Role.INSPECTOR: ("inspector", "县区监察员"),
    Role.COUNTY_HEAD: ("county-head", "县区负责人"),
    Role.CITY_SUPERVISOR: ("city-supervisor", "市级督查"),
    Role.ADMINISTRATOR: ("administrator", "系统管理员"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPeople:
    """What the demo's processes and its simulator are given."""

    secret_file: Path
    shown_logins_file: Path
    token: str
    """Of the simulator, which enters marks for every county's enterprises."""


def make_people(folder: Path, database: str, county: str) -> DemoPeople:
    """Make the accounts, those of a county for ``county``, and write the files that the web process reads."""
    desk = PeopleDesk(prepare(database))
    shown = []
    for role, (login, name) in _NAMES.items():
        held_for = county if role in OF_A_COUNTY else None
        password = f"demo-{secrets.token_hex(4)}"
        desk.add(login=login, name=name, role=role, county=held_for, password=password, by="demo", first=False)
        shown.append(ShownLogin(login=login, password=password, role=role, county=held_for))
    token = desk.issue_token(
        name="simulator", role=Role.CITY_SUPERVISOR, county=None, lasts=timedelta(days=366), by="demo"
    )
    desk.engine.dispose()
    secret_file, shown_logins_file = folder / "session-secret", folder / "shown-logins.json"
    _write(secret_file, secrets.token_hex(32))
    _write(shown_logins_file, json.dumps([asdict(one) for one in shown], ensure_ascii=False, indent=2))
    return DemoPeople(secret_file=secret_file, shown_logins_file=shown_logins_file, token=token)


def county_of_the_story(scenario: Scenario) -> str:
    """The county where most goes over the limit: whoever looks at it has something to do."""
    told = Counter(part.where.county for part in scenario.faults if part.fault == "exceedance" and part.where.county)
    told.update({division.code: 0 for division in scenario.divisions})
    return max(told, key=lambda code: told[code])


def _write(path: Path, content: str) -> None:
    """A file that only we may read."""
    path.touch(mode=0o600)
    path.write_text(content, encoding="utf-8")
