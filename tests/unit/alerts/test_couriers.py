import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from alerts import outbox
from alerts.couriers import CannotCarry, Channel, Courier
from alerts.database import open_database
from alerts.grouping import Flapping, Grouping
from alerts.notifiers import NotDelivered, Notice
from alerts.outbox import Letter, Patience
from alerts.policy import Policy
from alerts.repository import Repository
from alerts.routing import Channel as ChannelEntry
from tests.unit.alerts.scene import T0, exceedance

QUICK = Patience(first=timedelta(milliseconds=1), longest=timedelta(milliseconds=5))
AT_ONCE = Grouping(wait=timedelta(0), interval=timedelta(0))
DESK, HALL = "channel:desk", "channel:hall"


class Scripted:
    """A carrier that fails as it is told, and remembers."""

    def __init__(self, *failures: int) -> None:
        self.available = True
        self.failures = list(failures)
        self.carried: list[str] = []

    async def send(self, letters: Sequence[Letter]) -> list[str | None]:
        errors: list[str | None] = []
        for letter in letters:
            failing = bool(self.failures and self.failures.pop(0))
            errors.append("refused" if failing else None)
            if not failing:
                self.carried.append(letter.dedupe_key)
        return errors


@pytest.fixture
def desk(fresh: str) -> Iterator[Repository]:
    channels = [ChannelEntry(name=name, notifier="webhook", url="http://x/") for name in ("desk", "hall")]
    repository = Repository(
        open_database(fresh), policy=Policy(channels=channels, grouping=AT_ONCE, flapping=Flapping(free=100))
    )
    yield repository
    repository.engine.dispose()


def raise_alerts(desk: Repository, *names: str) -> None:
    """One after the other: what comes together would be one notice."""
    for name in names:
        assert desk.take_in([exceedance(name=name)], now=T0) == []


@asynccontextmanager
async def at_work(*couriers: Courier) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(courier.run()) for courier in couriers]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def settled(desk: Repository, destination: str) -> None:
    deadline = time.monotonic() + 10
    while destination in await asyncio.to_thread(desk.backlog):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def courier(desk: Repository, destination: str, carrier, batch: int = 1) -> Courier:
    return Courier(desk.engine, destination, carrier, patience=QUICK, batch=batch)


async def test_everything_is_carried_in_order(desk: Repository) -> None:
    raise_alerts(desk, *(f"f{n}" for n in range(7)))
    carrier = Scripted()
    async with at_work(courier(desk, DESK, carrier, batch=3)):
        await settled(desk, DESK)
    assert carrier.carried == [f"f{n}:{n + 1}:{DESK}" for n in range(7)]


async def test_a_failure_is_tried_again_and_each_attempt_is_logged(desk: Repository) -> None:
    desk.take_in([exceedance()], now=T0)
    carrier = Scripted(1, 1, 0)
    async with at_work(courier(desk, DESK, carrier)):
        await settled(desk, DESK)
    log = outbox.attempts(desk.engine, f"f1:1:{DESK}")
    assert [(delivered, error) for _, delivered, error in log] == [(False, "refused"), (False, "refused"), (True, "")]
    assert carrier.carried == [f"f1:1:{DESK}"]


async def test_a_destination_that_fails_holds_up_no_other(desk: Repository) -> None:
    raise_alerts(desk, *(f"f{n}" for n in range(5)))
    good = Scripted()
    async with at_work(courier(desk, DESK, Scripted(*[1] * 10_000)), courier(desk, HALL, good)):
        await settled(desk, HALL)
    assert len(good.carried) == 5
    assert desk.backlog()[DESK] == 5


async def test_one_letter_that_fails_holds_up_no_other(desk: Repository) -> None:
    raise_alerts(desk, *(f"f{n}" for n in range(3)))
    carrier = Scripted(1, 0, 0, 0)
    async with at_work(courier(desk, DESK, carrier, batch=3)):
        await settled(desk, DESK)
    assert carrier.carried[-1] == f"f0:1:{DESK}"


async def test_no_attempt_is_made_while_the_other_side_is_away(desk: Repository) -> None:
    desk.take_in([exceedance()], now=T0)
    carrier = Scripted()
    carrier.available = False
    waiting = courier(desk, DESK, carrier)
    async with at_work(waiting):
        for _ in range(10):
            waiting.wake()
            await asyncio.sleep(0)
        assert outbox.attempts(desk.engine, f"f1:1:{DESK}") == []
        carrier.available = True
        waiting.wake()
        await settled(desk, DESK)


async def test_to_empty_is_to_carry_all_or_to_say_why_not(desk: Repository) -> None:
    raise_alerts(desk, *(f"f{n}" for n in range(5)))
    carrier = Scripted(0, 0, 1)
    events = courier(desk, outbox.KAFKA, carrier, batch=2)
    with pytest.raises(CannotCarry, match="refused"):
        await events.empty()
    assert desk.backlog()[outbox.KAFKA] == 2
    await events.empty()
    assert outbox.KAFKA not in desk.backlog()


async def test_a_channel_hands_its_notifier_the_whole_notice(desk: Repository) -> None:
    raise_alerts(desk, "f1", "f2")
    got: list[Notice] = []

    class Notifier:
        def send(self, notice: Notice) -> None:
            if notice.id == "f2":
                raise NotDelivered("nobody there")
            got.append(notice)

    channel = Channel("desk", Notifier())
    letters = outbox.waiting(desk.engine, DESK)
    assert await channel.send(letters) == [None, "nobody there"]
    channel.close()
    assert (got[0].event_id, got[0].event, got[0].severity, got[0].kind) == ("f1:1", "raised", "warning", "alert")
    assert "40.00 mg/m³" in got[0].body


@pytest.mark.parametrize(
    ("attempts", "pause"),
    [
        pytest.param(1, 2, id="two seconds first"),
        pytest.param(2, 4, id="then twice as long"),
        pytest.param(9, 512, id="and so on"),
        pytest.param(10, 600, id="up to ten minutes"),
        pytest.param(10_000, 600, id="for ever after"),
    ],
)
def test_patience(attempts: int, pause: int) -> None:
    assert Patience().wait(attempts) == timedelta(seconds=pause)
