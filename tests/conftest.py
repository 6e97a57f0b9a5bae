"""What every test finds as it was: verbs set up logging for themselves, and all tests run in one process."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A property holds or does not, however slow the machine is at the moment.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

SHOTS = Path(__file__).parents[1] / "artefacts" / "browser"
_BEGAN = time.time()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the screenshots are that the browser's tests have made."""
    made = [shot for shot in SHOTS.glob("*.png") if shot.stat().st_mtime >= _BEGAN]
    if made:
        terminalreporter.write_line(f"{len(made)} screenshots of the pages: {SHOTS}")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Put loggers back: a verb that ran in this process has replaced handlers and quieted libraries for good."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    known = {
        name: (logger.level, logger.disabled, logger.propagate)
        for name, logger in logging.root.manager.loggerDict.items()
        if isinstance(logger, logging.Logger)
    }
    yield
    root.handlers[:], root.level = handlers, level
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger):
            logger.level, logger.disabled, logger.propagate = known.get(name, (logging.NOTSET, False, True))
    logging.root.manager._clear_cache()
