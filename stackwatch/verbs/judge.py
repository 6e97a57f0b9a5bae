"""``stackwatch judge``: the rules over a recorded feed, without any service."""

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
import msgspec

from rulebook.loader import load_rules
from rulebook.register import load_register
from stackwatch.bad_files import told
from stackwatch.batch import judge_feed
from stackwatch.compare import differences
from stackwatch.errors import UserError
from stackwatch.moments import Moment


def feed_lines(feed: str) -> Iterator[bytes]:
    """Lines of a feed file, or of standard input for ``-``."""
    if feed == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(feed).open("rb") as file:
            yield from file
    except OSError as error:
        raise UserError(f"{feed}: cannot be read: {error.strerror}") from error


@click.command()
@click.option("--register", required=True, type=click.Path(path_type=Path), help="Folder of the register's CSV files.")
@click.option(
    "--rulebook", type=click.Path(path_type=Path), help="Folder of the rulebook; the shipped one if not given."
)
@click.option(
    "--as-of", type=Moment(), help="Call the roll up to here where the feed does not; its last moment if not given."
)
@click.option("--revisions", is_flag=True, help="Every revision of each hour, not only the last.")
@click.option(
    "--diff", type=click.Path(path_type=Path), help="Print only what differs from the output of an earlier run."
)
@click.argument("feed")
def command(
    register: Path,
    rulebook: Path | None,
    as_of: datetime | None,
    feed: str,
    diff: Path | None,
    *,
    revisions: bool,
) -> int:
    """Judge FEED (a file of feed lines, or - for standard input): hours, rates, findings and cases as JSON lines.

    With --diff the exit code is 1 where anything differs.
    """
    try:
        old = None if diff is None else diff.read_bytes().splitlines()
    except OSError as error:
        raise UserError(f"{diff}: cannot be read: {error.strerror}") from error
    with told():
        watched, rules = load_register(register, rulebook=rulebook), load_rules(rulebook)
    judged = judge_feed(feed_lines(feed), watched, rules, as_of=as_of)
    new = judged.messages(revisions=revisions)
    out = sys.stdout.buffer
    if old is None:
        for line in new:
            out.write(line + b"\n")
        out.flush()
        return 0
    changed = False
    for difference in differences(old, new):
        changed = True
        out.write(msgspec.json.encode(difference) + b"\n")
    out.flush()
    return 1 if changed else 0
