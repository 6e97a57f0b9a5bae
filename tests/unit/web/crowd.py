"""People and tokens of tests: one for each role, and two of different counties."""

from datetime import timedelta

from argon2 import PasswordHasher
from sqlalchemy import Engine

from emissions.register import Register
from people.passwords import Passwords
from web.access.configured import Access
from web.access.desk import PeopleDesk
from web.access.limiting import Limits

SECRET = "a secret of tests, as long as it has to be"
PASSWORD = "rain over the river 42"
ROLES = {
    "guan": ("管理员", "administrator", None),
    "shi": ("市局督查", "city_supervisor", None),
    "li": ("李四", "county_head", "371502"),
    "wang": ("王五", "inspector", "371502"),
    "zhao": ("赵六", "inspector", "371503"),
    "kan": ("看板", "viewer", "371502"),
}
"""Login: name, role, county."""

CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
_HASHES: dict[str, str] = {}


def access_to(engine: Engine, register: Register, **changes: object) -> Access:
    """How people are known in tests: many questions a minute, cheap hashes."""
    desk = PeopleDesk(engine, counties=frozenset(register.divisions), passwords=CHEAP)
    limits = Limits(questions="100000/minute", log_ins_by_address="1000/minute")
    return Access(**({"desk": desk, "secret": SECRET, "limits": limits} | changes))


def let_in(access: Access, *logins: str) -> None:
    """Give accounts to some of the above."""
    for login in logins or ROLES:
        name, role, county = ROLES[login]
        access.desk.add(login=login, name=name, role=role, county=county, password=PASSWORD, by="tests", first=False)


def token(access: Access, role: str = "city_supervisor", county: str | None = None, name: str = "tests") -> str:
    """A token of a machine."""
    return access.desk.issue_token(name=name, role=role, county=county, lasts=timedelta(days=1), by="tests")


def bearing(text: str) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {text}"}
