"""``stackwatch replay``: the feed once more, for a look at a time range or to make all anew that follows from it."""

import asyncio
import tempfile
from datetime import datetime
from pathlib import Path

import click
from aiokafka.errors import KafkaError

from stackwatch.errors import UserError
from stackwatch.logs import set_up_logs
from stackwatch.moments import Moment
from stackwatch.process import kafka_address, read_rules, series_store
from stackwatch.progress import Progress
from stackwatch.rebuild import Rebuilder, WorkerDied, Workers, WorkersRun
from stackwatch.replaying import FEED, JUDGED, Fetched, fetch, judge_again
from stackwatch.settings import Settings, read_settings
from stores.port import StoreRefused, StoreUnavailable


@click.command()
@click.option("--from", "start", type=Moment(), help="Lines that came at this moment or later; else all.")
@click.option("--to", "end", type=Moment(), help="Lines that came before this moment; else all.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help=f"Folder for {FEED} and {JUDGED}.")
@click.option("--series", help="Another series store, a new bucket say, that gets readings, hours and rates.")
@click.option("--as-of", type=Moment(), help="Call the roll up to here where the range has no roll call in it.")
@click.option("--rebuild", is_flag=True, help="Empty the workers' state and fold the whole feed anew.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that fold it.")
@click.option("--reset-only", is_flag=True, help="With --rebuild: only reset; you start the workers, and they fold it.")
def command(
    start: datetime | None,
    end: datetime | None,
    out: Path | None,
    series: str | None,
    as_of: datetime | None,
    workers: int,
    *,
    rebuild: bool,
    reset_only: bool,
) -> None:
    """Read a time range of the feed again: into files (--out), or judged into another series store (--series).

    Nothing that runs notices. The state is the replay's own and begins empty, so a month is judged right when the range
    begins with it. What counts of a line is when it was received; of a roll call, when it was due; of a mark, when it
    was entered.

    With --rebuild all that follows from the feed is made anew: workers' state, series, hours, rates, findings. Stop the
    workers first; gateway, roll call, alerts and pages may go on. People are not told again of what they know already.
    """
    given = read_settings() if series is None else read_settings(series=series)
    set_up_logs("warning", process="replay", silent=("aiokafka",))
    try:
        if rebuild:
            if start or end or out or series or as_of:
                raise click.UsageError("a rebuild takes the whole feed: no --from, --to, --out, --series or --as-of")
            asyncio.run(_rebuild(given, workers=workers, reset_only=reset_only))
            return
        if reset_only or not (out or series):
            raise click.UsageError("say where to: --out, --series or both; or --rebuild")
        if start is not None and end is not None and start >= end:
            raise click.UsageError(f"--from {start.isoformat()} is not before --to {end.isoformat()}")
        _replay(given, start, end, out, as_of, into_series=series is not None)
    except KafkaError as error:
        raise UserError(f"Kafka at {given.kafka}: {error}") from error
    except (StoreUnavailable, StoreRefused) as error:
        raise UserError(f"the series store: {error}") from error
    except OSError as error:
        raise UserError(f"{error.filename or out}: {error.strerror or error}") from error
    except (WorkersRun, WorkerDied, ValueError) as error:
        raise UserError(str(error)) from error


def _replay(
    given: Settings,
    start: datetime | None,
    end: datetime | None,
    out: Path | None,
    as_of: datetime | None,
    *,
    into_series: bool,
) -> None:
    register, rules = read_rules(given)
    with tempfile.TemporaryDirectory(prefix="stackwatch-replay-") as own:
        folder = Path(own) if out is None else out
        folder.mkdir(parents=True, exist_ok=True)
        fetched = asyncio.run(_fetch(given, folder / FEED, start, end))
        store = series_store(given) if into_series else None
        try:
            judged = judge_again(fetched, register, rules, as_of=as_of, store=store)
        finally:
            if store is not None:
                store.close()
        if out is not None:
            with (out / JUDGED).open("wb") as file:
                file.writelines(line + b"\n" for line in judged.messages())
    click.echo(
        f"{fetched.lines} lines: {len(judged.hours)} hours, {len(judged.rates)} rates, {len(judged.findings)} findings"
        f", {len(judged.cases)} cases, {len(judged.rejected)} lines refused"
    )


async def _fetch(given: Settings, path: Path, start: datetime | None, end: datetime | None) -> Fetched:
    _, rules = read_rules(given)
    with Progress("reading the feed", unit="messages") as shown:
        return await fetch(kafka_address(given), path, rules, start=start, end=end, progress=shown.reach)


async def _rebuild(given: Settings, *, workers: int, reset_only: bool) -> None:
    patience_s = given.kafka_session_s + 2  # Kafka counts a worker that was killed among its group for so long
    rebuilder = Rebuilder(kafka_address(given), idempotent=given.kafka_idempotence, patience_s=patience_s)
    reset = await rebuilder.reset()
    click.echo(f"{reset.segments} segments of state emptied; {reset.messages} messages of the feed to fold")
    if reset_only:
        click.echo("start the workers now: they fold the feed from its beginning")
        return
    with (
        tempfile.TemporaryDirectory(prefix="stackwatch-rebuild-") as folder,
        Workers(workers, Path(folder)) as running,
        Progress("rebuild", unit="messages") as shown,
    ):
        await rebuilder.finished(lambda done: shown.reach(done, reset.messages), look=running.look)
    click.echo("rebuilt: series, hours, rates and findings are as the feed says; start the workers again")
