"""``stackwatch demo``: the whole system in one command, with a simulated city."""

import logging
import signal
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console

from simulators.city import build_city
from simulators.register import write_register
from simulators.scenario import Scenario
from stackwatch.demo.display import print_report
from stackwatch.demo.parts import Parts, running_parts, wait_until_ready
from stackwatch.demo.people import county_of_the_story
from stackwatch.demo.play import Bounded, play, up_to_now
from stackwatch.demo.scenarios import scenario_of
from stackwatch.errors import UserError


@click.command()
@click.option("--for", "seconds", type=click.FloatRange(min=1), help="Run so long, drain, check, write a report.")
@click.option("--speed", type=click.FloatRange(min=1, max=1_000_000), help="Simulated seconds per real second.")
@click.option("--scenario", "name", default="liaocheng", show_default=True, help="A YAML file, or one that is shipped.")
@click.option("--report", type=click.Path(path_type=Path), help="Folder of the report; with --for.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the pages; 8080 or a free one if not given.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of all data; a new temporary one if not given.")
def command(
    seconds: float | None, speed: float | None, name: str, report: Path | None, port: int | None, data: Path | None
) -> int:
    """Start brokers, gateway, roll call, worker, alerts and pages, and let a simulated city send to them.

    Without --for the last days are sent as fast as the system keeps up, then the city goes on in real time.
    With --for the scenario is played from its own start for SECONDS x SPEED simulated seconds, drained and checked:
    the exit code is 1 if anything is lost or judged differently than expected.
    """
    if report is not None and seconds is None:
        raise click.UsageError("--report goes with --for")
    scenario = scenario_of(name)
    if seconds is None and speed is None:
        scenario = up_to_now(scenario)
    folder = _data_folder(data)
    _log_to(folder / "logs")
    bounded = None
    if seconds is not None:
        bounded = Bounded(seconds=seconds, speed=speed or scenario.speed, report=report or folder / "report")
    return _run(scenario, folder, port, bounded, speed)


def _run(scenario: Scenario, folder: Path, port: int | None, bounded: Bounded | None, speed: float | None) -> int:
    console = Console()
    # Ctrl-C is heard also where a shell has it ignored, as in the background. SIGTERM takes the same way: on Ctrl-C the
    # event loop ends its tasks in order, while an exception out of nowhere may leave one that never ends.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    write_register(build_city(scenario), folder / "register")
    try:
        with running_parts(folder, scenario.start, port=port, county=county_of_the_story(scenario)) as parts:
            _greet(console, parts, scenario)
            result = play(parts, scenario, console, bounded=bounded, speed=speed)
    except KeyboardInterrupt:
        console.print(f"stopped; data stay in {folder}", highlight=False, soft_wrap=True)
        if bounded is None:
            return 0
        raise
    if result is None or bounded is None:
        return 0
    print_report(console, result)
    console.print(f"report in {bounded.report}", highlight=False, soft_wrap=True)
    return 0 if result.right else 1


def _greet(console: Console, parts: Parts, scenario: Scenario) -> None:
    def say(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    say(f"[bold]{scenario.title}[/bold]")
    say(f"data   {parts.folder}")
    wait_until_ready(parts, told=lambda name: say(f"ready  {name}"))
    parts.write_run_file()
    say(f"mqtt   {parts.mqtt}")
    say(f"kafka  {parts.kafka}")
    say(f"pages  {parts.web}")
    sys.stdout.flush()


def _log_to(folder: Path) -> None:
    """The terminal belongs to the display; what happens on the side goes to a file like every process's log."""
    folder.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=folder / "demo.log", level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    )
    for noisy in ("aiokafka", "httpx", "ingest.mqtt", "ingest.mqtt_link"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _data_folder(data: Path | None) -> Path:
    if data is None:
        return Path(tempfile.mkdtemp(prefix="stackwatch-"))
    folder = data.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        raise UserError(f"--data {data}: {error.strerror}") from error
    if occupied:
        raise UserError(f"--data {data}: expected a new or empty folder, this one has something in it")
    return folder
