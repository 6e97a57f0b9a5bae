"""The interface keeps what its own OpenAPI document promises, whatever it is asked."""

from collections.abc import Iterator

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from alerts.database import open_database, upgrade
from alerts.names import names_of
from alerts.repository import Repository
from emissions.register import Register
from emissions.rules import Parameters
from stores.sqlite import SqliteStore
from tests.unit.web import crowd, town
from tests.unit.web.conftest import ListFeed
from web.access.limiting import Limits
from web.app import build_api
from web.live import Live
from web.markbook import MarkBook
from web.periods import bounds
from web.sources import Sources

EXAMPLES = 6
"""For each operation; what was found by many is kept as tests of its own."""

NOT_OF_ONE_FIELD = {
    "GET /api/v1/rates": "a period must be one of the window that is asked for",
    "GET /api/v1/rates/explain": "the same",
    "GET /api/v1/account": "from must be before to, and not too long before",
    "GET /api/v1/outlets/{outlet_id}/hours": "the same",
    "GET /api/v1/outlets/{outlet_id}/readings": "the same",
    "GET /api/v1/quarantine": "the same",
    "GET /api/v1/reports/monthly": "there is no thirteenth month",
}
"""What a schema has no word for, so that a question may be refused though it fits the schema.

A change may be as well, always: who acts, and what the rulebook names, are no matter of the schema.
"""


@pytest.fixture(scope="module")
def interface(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastAPI, str]]:
    """The interface over a small city, and a token of the city's supervision."""
    folder = tmp_path_factory.mktemp("openapi")
    register: Register = town.register()
    judged = list(town.hours(register, start=bounds("day", "2026-11-09")[0]))
    store = SqliteStore(folder / "series.db")
    store.write([*judged, *town.rates(judged)])
    url = f"sqlite:///{folder}/alerts.db"
    upgrade(url)
    repository = Repository(open_database(url), name_of=names_of(register))
    repository.take_in([*town.findings(judged), *town.cases()], now=town.NOW)
    sources = Sources(
        store=store,
        register=register,
        parameters=Parameters(),
        alerts=repository,
        marks=MarkBook(repository.engine),
        feed=ListFeed(),
        live=Live(),
        now=lambda: town.NOW,
        simulated=True,
    )
    often = "1000000/minute"
    limits = Limits(questions=often, bad_tokens=often, log_ins_by_address=often, log_ins_by_name=often)
    access = crowd.access_to(repository.engine, register, limits=limits)
    yield build_api(sources, access), crowd.token(access)
    store.close()
    repository.engine.dispose()


def test_every_answer_is_one_that_the_document_describes(interface: tuple[FastAPI, str]):
    app, token = interface
    # An event stream never ends; it has tests of its own.
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app).exclude(path="/api/v1/events")
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 40
    wrong = []
    for operation in operations:
        try:
            _press(operation, token)
        except (schemathesis.errors.SchemathesisError, BaseExceptionGroup, Exception) as error:  # noqa: BLE001 - all are told at once
            wrong.append(f"{operation.label}: {_told(error)}")
    assert wrong == [], "\n\n".join(wrong)


def _press(operation: schemathesis.APIOperation, token: str) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=crowd.bearing(token), excluded_checks=excluded)

    excluded = [positive_data_acceptance] if operation.method != "get" or operation.label in NOT_OF_ONE_FIELD else []
    ask()


def _told(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "\n".join(map(_told, error.exceptions))
    return f"{type(error).__name__}: {error}"
