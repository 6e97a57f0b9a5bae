"""``stackwatch simulate``: a fleet of loggers against any platform that speaks HJ 212 over MQTT or TCP."""

import asyncio
import signal
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console

from emissions.beijing import BEIJING, to_beijing
from simulators.driver import Driver
from simulators.expectation import IN_TIME
from simulators.fleet import Fleet
from simulators.ledger import Ledger
from simulators.mqtt import MqttWire
from simulators.posting import MarkDesk, MarkRefused
from simulators.register import write_register
from simulators.roll_call import Stuck
from simulators.scenario import Scenario
from simulators.tcp import TcpWire
from simulators.wire import Wire, WireUnavailable
from stackwatch.clock import HELD, Clock
from stackwatch.demo.play import up_to_now
from stackwatch.demo.scenarios import scenario_of
from stackwatch.errors import UserError
from stackwatch.held_clock import HeldClock, HeldClockError
from stackwatch.logs import set_up_logs
from stackwatch.process import clock_of, mqtt_address
from stackwatch.settings import Settings, read_secret, read_settings

SAY_S = 5.0
"""Distance of the progress lines. [s]"""
FAREWELL_S = 30.0
"""Longest wait for what is still owed at the end. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the command line asks for."""

    scenario: Scenario
    mqtt: str | None
    tcp: str | None
    web: str | None
    speed: float | None
    seconds: float | None
    ledger: Path
    credentials: Path | None


@click.command()
@click.argument("scenario")
@click.option("--mqtt", help="Broker, mqtt://host:port; STACKWATCH_MQTT if neither this nor --tcp is given.")
@click.option("--tcp", help="HJ 212 over TCP instead, host:port.")
@click.option(
    "--web", help="Address of the platform's pages, to enter the scenario's marks; without it they are left out."
)
@click.option("--speed", type=click.FloatRange(min=0.001, max=1_000_000), help="Simulated seconds per real second.")
@click.option("--for", "seconds", type=click.FloatRange(min=0.001), help="End after so many real seconds.")
@click.option(
    "--credentials",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of the loggers' passwords, as stackwatch device hands them out: MN.password.",
)
@click.option("--ledger", type=click.Path(path_type=Path), default=Path("ledger.jsonl"), show_default=True)
@click.option("--register", type=click.Path(path_type=Path), help="Write the scenario's register there, and end.")
def command(
    scenario: str,
    mqtt: str | None,
    tcp: str | None,
    web: str | None,
    speed: float | None,
    seconds: float | None,
    ledger: Path,
    credentials: Path | None,
    register: Path | None,
) -> int:
    """Play SCENARIO, a YAML file or one that is shipped (liaocheng, small, quiet).

    Without --speed its first days are sent as fast as they are acknowledged, up to the present; then it goes on in
    real time. With --speed it is played from its own start. A held clock (STACKWATCH_CLOCK=held:///...) is moved by
    this process. The ledger says what was sent, acknowledged, and must follow. Exit code 1: something was not
    acknowledged.
    """
    if mqtt is not None and tcp is not None:
        raise click.UsageError("either --mqtt or --tcp")
    set_up_logs("warning", process="simulate")
    story = scenario_of(scenario)
    if register is not None:
        write_register(Fleet(story).city, register)
        return 0
    run = Run(
        scenario=up_to_now(story) if speed is None else story,
        mqtt=mqtt,
        tcp=tcp,
        web=web,
        speed=speed,
        seconds=seconds,
        ledger=ledger,
        credentials=credentials,
    )
    try:
        return asyncio.run(_simulate(run, Console(stderr=True)))
    except (WireUnavailable, Stuck, MarkRefused) as error:
        raise UserError(str(error)) from error


async def _simulate(run: Run, console: Console) -> int:
    given = read_settings(**({"mqtt": run.mqtt} if run.mqtt else {}))
    now, hands = _clock(clock_of(given), given.clock)
    wire: Wire = TcpWire(run.tcp) if run.tcp else _mqtt(given, run.credentials)
    fleet = Fleet(run.scenario)
    desk = None if run.web is None else MarkDesk(run.web, token=_token(given))
    with _ledger(run.ledger) as ledger:
        ledger.begin(run.scenario, speed=run.speed)
        driver = Driver(fleet, wire, ledger=ledger, now=now, hands=hands, post_mark=None if desk is None else desk.post)
        await driver.open()
        playing = asyncio.create_task(_play(driver, run))
        saying = asyncio.create_task(_say(driver, console))
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, playing.cancel)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
        try:
            await asyncio.wait({playing}, timeout=run.seconds)
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
            if not playing.cancelled() and (error := playing.exception()) is not None:
                raise error
            await driver.farewell(FAREWELL_S)
        finally:
            saying.cancel()
            await asyncio.gather(saying, return_exceptions=True)
            await driver.close()
            if desk is not None:
                await desk.close()
        last = (driver.progress.at or run.scenario.start) - IN_TIME
        ledger.expected(driver.expectations.hours(first=run.scenario.start, last=last))
        ledger.end(driver.progress.at or run.scenario.start)
    console.print(_line(driver), highlight=False, soft_wrap=True)
    done = driver.progress
    return 0 if done.sent == done.acknowledged and done.answers_due == done.answered else 1


def _mqtt(given: Settings, credentials: Path | None) -> MqttWire:
    """The broker that the settings name, TLS and all, with a password for each logger where there are any."""
    files = credentials.glob("*.password") if credentials is not None else ()
    return MqttWire(mqtt_address(given), passwords={path.stem: path.read_text(encoding="utf-8") for path in files})


async def _play(driver: Driver, run: Run) -> None:
    if run.speed is not None:
        await driver.run_until(datetime.max.replace(tzinfo=BEIJING) - timedelta(days=1), speed=run.speed)
        return
    driver.fleet.live_from = to_beijing(datetime.now(UTC)).replace(second=0, microsecond=0)
    for _ in range(3):
        await driver.run_until(to_beijing(datetime.now(UTC)))
    await driver.run_live()


async def _say(driver: Driver, console: Console) -> None:
    while True:
        await asyncio.sleep(SAY_S)
        console.print(_line(driver), highlight=False, soft_wrap=True)


def _line(driver: Driver) -> str:
    done = driver.progress
    at = "" if done.at is None else f"{done.at:%Y-%m-%d %H:%M} · "
    return (
        f"{at}{done.sent} sent · {done.acknowledged} acknowledged · {done.answered} of {done.answers_due} answered · "
        f"{sum(done.refused.values())} to be refused · {done.resent} resent"
    )


def _clock(now: Clock, text: str) -> tuple[Clock, HeldClock | None]:
    """The platform's clock, and the same to be moved where it is a held one."""
    if not text.startswith(HELD):
        return now, None
    try:
        hands = HeldClock(Path(text.removeprefix(HELD)))
    except (OSError, HeldClockError) as error:
        raise UserError(f"STACKWATCH_CLOCK={text!r}: {error}") from error
    return hands.now, hands


def _token(given: Settings) -> str:
    secret = read_secret("web_token_file", given.web_token_file)
    return "" if secret is None else secret.get_secret_value()


def _ledger(path: Path) -> Ledger:
    try:
        return Ledger(path)
    except OSError as error:
        raise UserError(f"--ledger {path}: {error.strerror}") from error
