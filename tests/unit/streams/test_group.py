import logging

import pytest

from streams import group


@pytest.fixture
def exits(monkeypatch):
    """Exit codes instead of exits."""
    codes = []
    monkeypatch.setattr(group, "end", codes.append)
    return codes


async def test_an_unforeseen_error_ends_the_process_and_is_told(exits, caplog):
    async def breaks():
        raise ZeroDivisionError("by nought")

    with caplog.at_level(logging.ERROR):
        await group.or_end("judging", breaks())
    assert exits == [group.BROKEN]
    assert "judging cannot go on" in caplog.text
    assert "by nought" in caplog.text


async def test_work_that_ends_well_ends_nothing(exits):
    async def works():
        return None

    await group.or_end("judging", works())
    assert exits == []
