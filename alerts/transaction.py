"""Transactions: tried again where they met another one, with errors that say *later* or *never*."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from alerts.database import DatabaseUnavailable, writing
from alerts.transition import NotAllowed, Unusable

Result = TypeVar("Result")

ATTEMPTS = 5
"""So often a transaction that met another one is tried."""


class Conflict(NotAllowed):
    """Somebody else was faster; says what they did."""


class NeverTaken(ValueError):
    """Never: what was to be written cannot be stored, however often it is tried."""


def transact(engine: Engine, work: Callable[[Session], Result]) -> Result:
    """Run ``work`` in one transaction and commit it.

    Raises:
        Conflict: somebody else changed the same row, each time.
        DatabaseUnavailable: it could not be reached, or did not get its turn.
        NeverTaken: the content cannot be stored.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with writing(engine) as session:
                return work(session)
        except (DataError, Unusable) as error:
            raise NeverTaken(_in_words(error)) from error
        except (StaleDataError, IntegrityError) as error:
            if attempt == ATTEMPTS:
                raise Conflict("somebody else changes it at this very moment; read it again") from error
        except DBAPIError as error:
            if attempt == ATTEMPTS or error.connection_invalidated:
                raise DatabaseUnavailable(_in_words(error)) from error
        except StatementError as error:  # a value that the driver or a column's type does not take
            raise NeverTaken(_in_words(error)) from error
        time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311 - spreads writers, guards nothing
    raise AssertionError("unreachable")


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One session that only reads. Raises ``DatabaseUnavailable``."""
    try:
        with Session(engine) as session:
            yield session
    except DBAPIError as error:
        raise DatabaseUnavailable(_in_words(error)) from error


def _in_words(error: Exception) -> str:
    return str(error.orig) if isinstance(error, StatementError) and error.orig is not None else str(error)
