"""What an action on a page says when it is refused, and how deadlines are worded."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from alerts.database import DatabaseUnavailable
from alerts.repository import Conflict, Incomplete, NotAllowed, NotFound
from people.roles import Right
from tests.unit.web import town
from web.pages.desk import act, due_line, within
from web.pages.form import Unable
from web.wording import wording

EN = wording("en")


@dataclass
class Somebody:
    """A person as a page knows them."""

    holds: bool = True
    stands: bool = True

    def may(self, _right: Right, _county: str | None) -> bool:
        return self.holds

    async def standing(self) -> bool:
        return self.stands


async def doing(work, who: Somebody | None = None):
    return await act(who or Somebody(), EN, work, right=Right.ANSWER_ALERTS, county="371502")


def failing(error: Exception):
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(
            Conflict("now acknowledged, by 王五"), "it has changed since you read it", id="somebody was faster"
        ),
        pytest.param(NotFound("there is no alert"), "not there any more", id="it is gone"),
        pytest.param(Incomplete("a reason is needed"), "a reason is needed", id="something is missing"),
        pytest.param(NotAllowed("cannot be closed"), "cannot be closed", id="its state does not allow it"),
    ],
)
async def test_what_is_refused_is_said_in_words(error, said):
    with pytest.raises(Unable) as refused:
        await doing(failing(error))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "who",
    [
        pytest.param(Somebody(holds=False), id="no right"),
        pytest.param(Somebody(stands=False), id="logged out meanwhile"),
    ],
)
async def test_who_may_not_does_nothing(who):
    done = []
    with pytest.raises(Unable):
        await doing(lambda: done.append(1), who)
    assert done == []


async def test_a_database_that_is_away_is_for_the_form_to_say():
    with pytest.raises(DatabaseUnavailable):
        await doing(failing(DatabaseUnavailable("away")))


async def test_what_was_done_comes_back():
    assert await doing(lambda: 7) == 7


@pytest.mark.parametrize(
    ("left", "said", "over"),
    [
        pytest.param(timedelta(minutes=30), "30 min left", False, id="minutes"),
        pytest.param(timedelta(hours=3, minutes=20), "3 h 20 min left", False, id="hours"),
        pytest.param(timedelta(days=2, hours=5, minutes=59), "2 d 5 h left", False, id="days"),
        pytest.param(timedelta(0), "0 min left", False, id="the very moment is not late"),
        pytest.param(-timedelta(seconds=1), "overdue by 0 min", True, id="a second later is"),
        pytest.param(-timedelta(hours=26), "overdue by 1 d 2 h", True, id="long ago"),
    ],
)
def test_how_much_time_is_left(left, said, over):
    assert within(EN, town.NOW + left, town.NOW) == (said, over)
    assert due_line(EN, town.NOW + left, town.NOW)[0].endswith(said)
