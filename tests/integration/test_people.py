"""People on a real PostgreSQL: log-ins at once, each counted; sessions, tokens and the log as on SQLite."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from alerts import audit
from alerts.database import prepare
from deploy.engines import postgresql
from tests.unit.web.crowd import CHEAP, PASSWORD
from web.access.desk import LogInRefused, PeopleDesk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeopleDesk]:
    with postgresql(tmp_path_factory.mktemp("postgresql")) as running:
        engine = prepare(running.url)
        yield PeopleDesk(engine, passwords=CHEAP)
        engine.dispose()


def added(desk: PeopleDesk, login: str) -> int:
    desk.add(login=login, name="", role="viewer", county=None, password=PASSWORD, by="tests", first=False)
    return desk.find(login).id


def test_guesses_at_once_are_all_counted(desk):
    added(desk, "zhang")

    def guess(_: int) -> bool:
        try:
            desk.log_in("zhang", "a wrong one", address="10.0.0.1")
        except LogInRefused as error:
            return not error.wait
        return False

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(guess, range(5)))
    with pytest.raises(LogInRefused) as refused:
        desk.log_in("zhang", PASSWORD, address="10.0.0.1")
    assert timedelta(0) < refused.value.wait <= timedelta(seconds=30)


def test_a_session_and_a_token_end_with_the_account(desk):
    id_ = added(desk, "wang")
    entered = desk.log_in("wang", PASSWORD, address="10.0.0.1")
    token = desk.issue_token(
        name="脚本", role="viewer", county=None, lasts=timedelta(days=1), by="wang", owner=entered.person
    )
    assert desk.person_of_session(entered.key) == entered.person
    assert desk.person_of_token(token).token == "脚本"
    desk.disable(id_, by="tests")
    assert desk.person_of_session(entered.key) is None
    assert desk.person_of_token(token) is None
    desk.enable(id_, by="tests")
    assert desk.person_of_session(entered.key) is None


def test_the_log_of_people_is_whole(desk):
    with Session(desk.engine) as session:
        assert audit.verify(session) == []
