"""The two ways to run the demo: a fixed span with its account at the end, or up to the present and on."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiokafka.errors import KafkaError
from rich.console import Console

from emissions.beijing import BEIJING, midnight, to_beijing
from simulators.driver import Driver
from simulators.fleet import Fleet
from simulators.ledger import Ledger
from simulators.mqtt import MqttWire
from simulators.posting import MarkDesk, MarkRefused
from simulators.roll_call import Stuck
from simulators.scenario import Scenario
from simulators.watching import FeedWatch
from simulators.wire import WireUnavailable
from stackwatch.demo.display import shown
from stackwatch.demo.parts import Parts
from stackwatch.demo.verify import Report, verify
from stackwatch.errors import UserError

RUN_FILE_S = 1.0
"""How often ``run.json`` is brought up to date. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """A run of a fixed simulated span."""

    seconds: float
    speed: float
    report: Path

    @property
    def span(self) -> timedelta:
        """Simulated time, exactly."""
        return timedelta(seconds=round(self.seconds * self.speed))


def up_to_now(scenario: Scenario, now: datetime | None = None) -> Scenario:
    """The same story told so that its first days end at the present: it begins at a midnight."""
    today = midnight(to_beijing(now or datetime.now(UTC)).date())
    days = -(-scenario.history // timedelta(days=1))
    return scenario.model_copy(update={"start": today - timedelta(days=days)})


def play(
    parts: Parts, scenario: Scenario, console: Console, *, bounded: Bounded | None, speed: float | None
) -> Report | None:
    """Run the fleet against the running parts.

    Args:
        parts: Everything else.
        scenario: Who sends what.
        console: Where progress is shown.
        bounded: A fixed span with its account; None: for ever.
        speed: For ever: simulated seconds per real second; None: history as fast as it goes, then real time.

    Raises:
        UserError: the fleet cannot get in, or the system does not keep up.
        KeyboardInterrupt: Ctrl-C or SIGTERM.
    """
    try:
        return asyncio.run(_play(parts, scenario, console, bounded=bounded, speed=speed))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except (WireUnavailable, Stuck, MarkRefused, KafkaError) as error:
        raise UserError(f"{error} (logs: {parts.folder / 'logs'})") from error


async def _play(
    parts: Parts, scenario: Scenario, console: Console, *, bounded: Bounded | None, speed: float | None
) -> Report | None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with Ledger(parts.folder / "ledger.jsonl") as ledger:
        fleet = Fleet(scenario)
        if bounded is None and speed is None:
            fleet.live_from = to_beijing(datetime.now(UTC)).replace(second=0, microsecond=0)
        ledger.begin(scenario, speed=bounded.speed if bounded else speed)
        async with _connected(parts, fleet, ledger) as driver, _run_file(parts):
            begun = time.monotonic()
            if bounded is None:
                async with shown(console, parts, driver, end=None):
                    await _for_ever(parts, driver, speed, console)
                return None
            end = scenario.start + bounded.span
            async with shown(console, parts, driver, end=end):
                await driver.run_until(end, speed=bounded.speed)
            sending_s = time.monotonic() - begun
            await driver.close()
            ledger.expected(driver.expectations.hours(first=scenario.start, last=end - timedelta(hours=2)))
            ledger.end(end)
            return await verify(
                parts,
                driver,
                end=end,
                folder=bounded.report,
                sending_s=sending_s,
                told=lambda line: console.print(line, style="dim", highlight=False),
            )


async def _for_ever(parts: Parts, driver: Driver, speed: float | None, console: Console) -> None:
    if speed is not None:
        await driver.run_until(datetime.max.replace(tzinfo=BEIJING) - timedelta(days=1), speed=speed)
        return
    # While history is sent the present moves on; the last step is small.
    for _ in range(3):
        await driver.run_until(to_beijing(datetime.now(UTC)))
    parts.clock.set(to_beijing(datetime.now(UTC)))
    parts.clock.run(1)
    console.print(f"live   the clock is the real one now, and {parts.web} shows what comes in", soft_wrap=True)
    await driver.run_live()


@asynccontextmanager
async def _connected(parts: Parts, fleet: Fleet, ledger: Ledger) -> AsyncIterator[Driver]:
    desk = MarkDesk(parts.web, token=parts.token)
    driver = Driver(
        fleet,
        MqttWire(parts.mqtt),
        ledger=ledger,
        now=parts.clock.now,
        hands=parts.clock,
        watched=True,
        post_mark=desk.post,
    )
    watch = FeedWatch(parts.kafka, driver)
    await watch.start()
    try:
        await driver.open()
        yield driver
    finally:
        await driver.close()
        await watch.stop()
        await desk.close()


@asynccontextmanager
async def _run_file(parts: Parts) -> AsyncIterator[None]:
    """Keep ``run.json`` true while processes are started again."""

    async def keep() -> None:
        known = parts.supervisor.pids()
        while True:
            await asyncio.sleep(RUN_FILE_S)
            if (pids := parts.supervisor.pids()) != known:
                known = pids
                await asyncio.to_thread(parts.write_run_file)

    task = asyncio.create_task(keep(), name="run-file")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
