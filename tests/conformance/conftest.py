"""Real engines, started once for all tests; one that cannot be had fails the tests that need it."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.engines import InfluxEngine, influxdb
from stores import SeriesStore
from tests.conformance.places import InfluxPlace, Place, SqlitePlace

FIRST_BUILD_S = 1800
"""A machine that has no engine yet builds it in the first test that needs one."""

NEED_AN_ENGINE = {"influx_engine", "place"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and NEED_AN_ENGINE.intersection(
            getattr(item, "fixturenames", ())
        ):
            item.add_marker(pytest.mark.timeout(FIRST_BUILD_S))


@pytest.fixture(scope="session")
def influx_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxEngine]:
    with influxdb(tmp_path_factory.mktemp("influxdb")) as engine:
        yield engine


@pytest.fixture(params=["sqlite", "influxdb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        return SqlitePlace(tmp_path)
    return InfluxPlace(request.getfixturevalue("influx_engine"), f"bucket-{uuid.uuid4()}")


@pytest.fixture
def store(place: Place) -> Iterator[SeriesStore]:
    store = place.open()
    yield store
    store.close()
