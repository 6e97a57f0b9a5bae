"""``stackwatch redrive``: refused lines examined again, and into the feed where they are right now."""

import asyncio
import getpass
import sys
from collections.abc import Callable
from datetime import datetime

import click
import msgspec
from aiokafka.errors import KafkaError

from alerts.database import DatabaseUnavailable, prepare
from alerts.transition import Incomplete
from contracts.feed import Acceptance
from stackwatch.errors import UserError
from stackwatch.logs import set_up_logs
from stackwatch.moments import Moment
from stackwatch.process import clock_of, kafka_address, read_rules
from stackwatch.progress import Progress
from stackwatch.settings import Settings, read_settings
from web.feed import FeedUnavailable, KafkaFeed
from web.quarantine_book import QuarantineBook, Selection
from web.quarantine_following import catch_up
from web.redriving import MOST, Redrive, Redriver


@click.command()
@click.option("--id", "ids", multiple=True, help="This line; may be given several times.")
@click.option("--reason", help="Lines refused for this reason, such as unknown_mn.")
@click.option("--mn", help="Lines of this data logger, or of the outlet of a JSON monitor.")
@click.option("--from", "start", type=Moment(), help="Received at this moment or later.")
@click.option("--to", "end", type=Moment(), help="Received before this moment.")
@click.option("--all", "everything", is_flag=True, help="All lines that wait.")
@click.option("--by", help="Who does it, for the audit log; the log-in name if not given.")
@click.option("--most", type=click.IntRange(1), default=MOST, show_default=True, help="No more lines than this.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(
    ids: tuple[str, ...],
    reason: str | None,
    mn: str | None,
    start: datetime | None,
    end: datetime | None,
    by: str | None,
    most: int,
    *,
    everything: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Examine refused lines again, with the register and the rules of now, and put those into the feed that are right.

    A line keeps when it was received. Driving a line twice does no harm. Exit code 1: some lines are still wrong.
    """
    if not (ids or reason or mn or start or end or everything):
        raise click.UsageError("say which lines: --id, --reason, --mn, --from, --to, or --all")
    selection = Selection(ids=list(ids) or None, reason=reason, name=mn, start=start, end=end)
    given = read_settings()
    set_up_logs("warning", process="redrive", silent=("aiokafka",))
    try:
        done = asyncio.run(_drive(given, selection, by=by or getpass.getuser(), most=most, dry_run=dry_run))
    except (KafkaError, FeedUnavailable) as error:
        raise UserError(f"Kafka at {given.kafka}: {error}") from error
    except (DatabaseUnavailable, Incomplete, ValueError) as error:
        raise UserError(str(error)) from error
    _say(done, as_json=as_json)
    return 1 if done.refused or done.derived else 0


async def _drive(given: Settings, selection: Selection, *, by: str, most: int, dry_run: bool) -> Redrive:
    register, rules = read_rules(given)
    engine = prepare(given.database, password=given.database_password)
    book = QuarantineBook(engine)
    feed = KafkaFeed(kafka_address(given), idempotent=given.kafka_idempotence)
    try:
        await catch_up(kafka_address(given), book)
        with Progress("redrive", unit="lines") as shown:
            redriver = Redriver(book, feed, register, Acceptance(register, rules.parameters), now=clock_of(given))
            return await redriver.drive(selection, by=by, dry_run=dry_run, most=most, progress=_counting(shown.reach))
    finally:
        await feed.close()
        engine.dispose()


def _counting(reach: Callable[[int], None]) -> Callable[[Redrive], None]:
    return lambda done: reach(done.examined)


def _say(done: Redrive, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(_plain(done)) + b"\n")
        return
    verb = "would go back" if done.dry_run else "are back"
    click.echo(f"lines examined: {done.examined}, of which {done.accepted} {verb} in the feed")
    for reason, count in done.refused.most_common():
        example = next((o for o in done.outcomes if o.reason == reason), None)
        click.echo(f"  {count} still wrong: {reason}" + (f" ({example.detail})" if example else ""))
    if done.derived:
        click.echo(f"  {done.derived} are no lines of the feed: they follow from it, and a rebuild makes them anew")
    if done.more:
        click.echo("  there are more: run it again")


def _plain(done: Redrive) -> dict[str, object]:
    return {
        "id": None if done.dry_run else done.id,
        "dry_run": done.dry_run,
        "examined": done.examined,
        "accepted": done.accepted,
        "refused": dict(done.refused),
        "derived": done.derived,
        "more": done.more,
        "items": done.outcomes,
    }
