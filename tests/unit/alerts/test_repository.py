from pathlib import Path

import pytest
from pydantic import SecretStr

from alerts.database import address_of, open_database, upgrade
from alerts.repository import DatabaseUnavailable, Repository
from tests.unit.alerts.repository_suite import RepositorySuite
from tests.unit.alerts.scene import T0, exceedance


class TestSqlite(RepositorySuite):
    @pytest.fixture
    def url(self, fresh: str) -> str:
        return fresh


def test_a_database_in_a_folder_that_is_not_there_yet_is_made(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path}/new folder/alerts.sqlite")
    assert (tmp_path / "new folder" / "alerts.sqlite").is_file()


def test_a_database_without_schema_is_unavailable_not_a_crash(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/empty.sqlite")
    desk = Repository(engine)
    with pytest.raises(DatabaseUnavailable):
        desk.alerts()
    with pytest.raises(DatabaseUnavailable):
        desk.take_in([exceedance()], now=T0)
    engine.dispose()


def test_a_database_out_of_reach_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        upgrade("postgresql://somebody:secret@127.0.0.1:9/none?connect_timeout=2")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("alerts.sqlite", "address", id="no URL"),
        pytest.param("mysql://host/alerts", "sqlite or postgresql", id="an engine that is not supported"),
    ],
)
def test_an_address_that_cannot_be_used(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        address_of(url)


def test_the_password_comes_from_elsewhere() -> None:
    address = address_of("postgresql://stackwatch@db/alerts", password=SecretStr("p@ss/word"))
    assert (address.drivername, address.password) == ("postgresql+psycopg", "p@ss/word")
