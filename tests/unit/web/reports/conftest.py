"""The judged month, once for all tests of reports."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from emissions.beijing import BEIJING
from tests.unit.web.reports.month import Month, Ready, alerts_of, judge, series_of
from web.reports.document import Document
from web.reports.monthly import Monthly
from web.reports.monthly_document import monthly_document
from web.reports.reading import read_monthly
from web.sources import Sources
from web.wording import wording

NOW = datetime(2026, 11, 8, 9, 30, tzinfo=BEIJING)


@pytest.fixture(scope="session")
def month() -> Month:
    return judge()


@pytest.fixture(scope="session")
def ready(month: Month, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    folder = tmp_path_factory.mktemp("october")
    store = series_of(month, folder)
    yield Ready(month=month, store=store, alerts=alerts_of(month, folder))
    store.close()


@pytest.fixture(scope="session")
def october(ready: Ready, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    with ready.sources(tmp_path_factory.mktemp("read-only"), NOW) as sources:
        yield sources


@pytest.fixture(scope="session")
def report(october: Sources) -> Monthly:
    return read_monthly(october, "2026-10", by="王五")


@pytest.fixture(scope="session", params=["zh", "en"])
def document(request: pytest.FixtureRequest, october: Sources, report: Monthly) -> Document:
    return monthly_document(report, wording(request.param), october.name_of)
