"""``stackwatch audit``: who must have a monitor, and has none or has never sent anything (R23)."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from emissions.coverage import Gap, audit, missing
from emissions.event import Packet
from emissions.register import Register
from emissions.rules import Parameters
from rulebook.loader import load_rulebook
from rulebook.register import read_register
from stackwatch.bad_files import told
from stackwatch.errors import UserError

STATUSES = {
    "no_monitor": "no monitor 未安装",
    "never_sent": "has never sent 未联网",
    "exempted": "exempted by the register 免装",
}
GROUNDS = {
    "height": "height 高架源",
    "coal_boiler": "coal boiler 燃煤锅炉",
    "industry": "industry 行业",
    "register": "register 名录",
}


@click.command()
@click.option("--register", required=True, type=click.Path(path_type=Path), help="Folder of the register's CSV files.")
@click.option(
    "--rulebook", type=click.Path(path_type=Path), help="Folder of the rulebook; the shipped one if not given."
)
@click.option("--feed", help="Feed file (- for standard input): also list who has never sent anything in it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def command(register: Path, rulebook: Path | None, feed: str | None, *, as_json: bool) -> None:
    """List the outlets that must have a monitor and have none.

    Exit code 0: none is missing; 1: some are; 2: a file cannot be used.
    """
    with told():
        book = load_rulebook(rulebook)
        watched = read_register(register, book).register
    senders = None if feed is None else _senders(_lines(feed), watched, book.rules().parameters)
    gaps = audit(watched, book.coverage(), senders=senders)
    required = sum(outlet.must_monitor for outlet in watched.outlets.values())
    if as_json:
        click.echo(msgspec.json.encode(_report(watched, gaps, required=required, version=book.version)))
    else:
        _print_table(watched, gaps, required=required)
    click.get_current_context().exit(1 if missing(gaps) else 0)


def _lines(feed: str) -> Iterator[bytes]:
    if feed == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(feed).open("rb") as file:
            yield from file
    except OSError as error:
        raise UserError(f"{feed}: cannot be read: {error.strerror}") from error


def _senders(lines: Iterable[bytes], register: Register, parameters: Parameters) -> set[str]:
    """Outlets from which the feed holds something that was accepted, a heartbeat included."""
    from contracts.codec import BadLine
    from contracts.feed import Acceptance, Heartbeat, MonitorLine, PacketLine, read_line

    acceptance = Acceptance(register, parameters)
    found: set[str] = set()
    for line in lines:
        try:
            event = read_line(line)
        except BadLine:
            continue  # says nothing about any outlet; ``judge`` lists such lines
        if isinstance(event, PacketLine | MonitorLine):
            accepted = acceptance.examine(event).event
            if isinstance(accepted, Packet | Heartbeat):
                found.add(accepted.outlet)
    return found


def _report(register: Register, gaps: list[Gap], *, required: int, version: str) -> dict[str, Any]:
    return {
        "outlets": len(register.outlets),
        "must_monitor": required,
        "missing": len(missing(gaps)),
        "rulebook": version,
        "gaps": [
            {
                "outlet": gap.outlet.id,
                "name": gap.outlet.name,
                "enterprise": gap.outlet.enterprise,
                "county": gap.outlet.county,
                "mn": gap.outlet.mn,
                "height_m": gap.outlet.height_m,
                "status": gap.status,
                "grounds": gap.grounds,
            }
            for gap in gaps
        ],
    }


def _print_table(register: Register, gaps: list[Gap], *, required: int) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if gaps:
        table = Table("county 县区", "enterprise 企业", "outlet 排放口", "status 状态", "grounds 依据")
        for gap in gaps:
            cells = (
                register.divisions[gap.outlet.county].name,
                register.enterprises[gap.outlet.enterprise].name,
                f"{gap.outlet.id} {gap.outlet.name}",
                STATUSES[gap.status],
                ", ".join(GROUNDS[ground] for ground in gap.grounds),
            )
            table.add_row(*map(Text, cells))  # names may hold what looks like markup
        console.print(table)
    click.echo(f"must be monitored {required} of {len(register.outlets)} outlets, missing {len(missing(gaps))}")
