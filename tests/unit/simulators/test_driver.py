"""In lockstep nothing leaves before all that left earlier has got through, and time stands still meanwhile."""

import asyncio
from datetime import timedelta
from itertools import takewhile

import pytest

from simulators import driver as driver_module
from simulators.driver import Driver
from simulators.fleet import Fleet
from simulators.ledger import Ledger, account
from simulators.roll_call import Stuck
from simulators.scenario import load_scenario, shipped
from tests.unit.simulators.platform import Platform

SMALL = load_scenario(shipped("small"))
END = SMALL.start + timedelta(hours=12)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        yield ledger


@pytest.fixture
def platform(tmp_path):
    return Platform(Fleet(SMALL), tmp_path / "register")


def driver_of(platform, ledger, **changes):
    settings = {"watched": True, "post_mark": platform.post, "patience_s": 5.0, "hands": platform, **changes}
    driver = Driver(Fleet(SMALL), platform, ledger=ledger, now=platform.now, **settings)
    platform.driver = driver
    return driver


async def run(driver, **arguments):
    await driver.open()
    await driver.run_until(END, **arguments)
    await driver.close()


async def test_everything_is_received_at_the_moment_it_was_sent(platform, ledger):
    await run(driver_of(platform, ledger))
    wanted = [(s.at, s.mn, s.frame) for s in takewhile(lambda s: s.at < END, Fleet(SMALL).sendings())]
    assert platform.received == wanted
    assert platform.now() == END
    assert platform.closed


async def test_the_account_balances(platform, ledger):
    driver = driver_of(platform, ledger)
    await run(driver)
    progress = driver.progress
    assert progress.sent == progress.acknowledged == progress.relayed == len(platform.received)
    assert progress.answers_due == progress.answered > 0
    assert progress.refused["crc"] > 0
    assert progress.marks == 3
    ledger.flush()
    total = account(ledger.path)
    assert total.sent == progress.sent
    assert {how: len(numbers) for how, numbers in total.acknowledged.items()} == {
        "puback": progress.sent,
        "answer": progress.answers_due,
        "relayed": progress.sent,
    }


async def test_each_hour_waits_for_its_roll_call(platform, ledger):
    await run(driver_of(platform, ledger))
    assert platform.called == [SMALL.start + timedelta(hours=number) for number in range(11)]


async def test_a_missing_roll_call_is_told_in_words(platform, ledger):
    driver = driver_of(platform, ledger, patience_s=0.2)
    driver.called = lambda _outlet, _hour: None
    with pytest.raises(Stuck, match=r"the roll call of 2026-10-31T00:00:00\+08:00 has reached 0 of 8 outlets"):
        await run(driver)


async def test_a_platform_that_says_nothing_is_told_in_words(platform, ledger):
    platform.silent = True
    with pytest.raises(Stuck, match=r"at 2026-10-31T00:02:00.*10 without PUBACK, 8 without answer, 10 without place"):
        await run(driver_of(platform, ledger, patience_s=0.2))


async def test_what_is_not_answered_is_sent_again(platform, ledger, monkeypatch):
    monkeypatch.setattr(driver_module, "RETRY_S", 0.01)
    monkeypatch.setattr(driver_module, "LOOK_S", 0.02)
    lost = set()

    def lose_once(number):
        frame = platform.received[number]
        first = frame[1:] not in lost and number % 50 == 0
        lost.add(frame[1:])
        return first

    platform.lose_answer = lose_once
    driver = driver_of(platform, ledger)
    await run(driver)
    assert driver.progress.resent > 0
    assert driver.progress.answered == driver.progress.answers_due
    again = [frame for frame, count in platform.frames().items() if count > 1]
    assert again, "the very same frame, request number and all"


async def test_the_pace_is_kept(platform, ledger):
    driver = driver_of(platform, ledger)
    await driver.open()
    begun = asyncio.get_running_loop().time()
    await driver.run_until(SMALL.start + timedelta(hours=1), speed=3600 / 0.3)
    assert asyncio.get_running_loop().time() - begun >= 0.29
    await driver.close()


async def test_without_a_desk_marks_are_left_out(platform, ledger):
    driver = driver_of(platform, ledger, post_mark=None)
    await run(driver)
    assert driver.progress.marks == 0


async def test_a_run_in_two_parts_is_the_same_run(platform, ledger):
    driver = driver_of(platform, ledger)
    await driver.open()
    await driver.run_until(SMALL.start + timedelta(hours=5))
    await driver.run_until(END)
    await driver.close()
    wanted = [(s.at, s.mn, s.frame) for s in takewhile(lambda s: s.at < END, Fleet(SMALL).sendings())]
    assert platform.received == wanted


async def test_in_real_time_nothing_waits(platform, ledger):
    begun = asyncio.get_running_loop().time()

    def now():
        return SMALL.start + timedelta(seconds=(asyncio.get_running_loop().time() - begun) * 36_000)

    driver = driver_of(platform, ledger, watched=False, hands=None)
    driver._now = now
    await driver.open()
    await driver.run_live(SMALL.start + timedelta(hours=2))
    await driver.farewell(5.0)
    await driver.close()
    assert driver.progress.sent == driver.progress.acknowledged > 20
    assert driver.progress.answered == driver.progress.answers_due
