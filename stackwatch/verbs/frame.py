"""``stackwatch frame``: one HJ 212 frame from what a person types, with length and checksum."""

import sys
from datetime import datetime

import click

from emissions.beijing import BEIJING
from hj212.commands import is_known
from hj212.encode import Unencodable, message
from hj212.moments import data_time, qn_of, text_of
from stackwatch.errors import UserError


def _moment(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str:
    # The wall clock, as a logger would read its own; nothing is judged here.
    text = text or text_of(datetime.now(BEIJING))
    if data_time(text) is None:
        raise click.BadParameter(f"14 digits of a moment such as 20261124100000 are expected, not {text!r}")
    return text


def _command(_context: click.Context, _parameter: click.Parameter, cn: str) -> str:
    if not is_known(cn):
        raise click.BadParameter(f"no edition of HJ 212 has a command {cn!r}")
    return cn


@click.command()
@click.option("--mn", required=True, help="The logger's MN.")
@click.option("--cn", default="2011", show_default=True, callback=_command, help="Command: 2011, 2051, 2061, 2031 ...")
@click.option("--data-time", "at", callback=_moment, help="14 digits, Beijing time; now if not given.")
@click.option("--st", default="31", show_default=True, help="System code.")
@click.option(
    "--flag", type=click.IntRange(0, 255), default=5, show_default=True, help="5: edition 2017, answer wanted."
)
@click.argument("values", nargs=-1, metavar="CODE-SUFFIX=VALUE...")
def command(mn: str, cn: str, at: str, st: str, flag: int, values: tuple[str, ...]) -> None:
    """Print one frame, ready to be published: stackwatch frame --mn MN a21026-Rtd=12.40 a21026-Flag=N."""
    factors: dict[str, dict[str, str]] = {}
    for item in values:
        key, equals, value = item.partition("=")
        code, dash, suffix = key.rpartition("-")
        if not (equals and dash and code and suffix):
            raise click.BadParameter(f"{item!r} is not CODE-SUFFIX=VALUE such as a21026-Rtd=12.40")
        factors.setdefault(code, {})[suffix] = value
    try:
        frame = message(qn=qn_of(datetime.now(BEIJING)), st=st, cn=cn, mn=mn, flag=flag, data_time=at, values=factors)
    except Unencodable as error:
        raise UserError(str(error)) from error
    sys.stdout.buffer.write(frame)
    sys.stdout.buffer.flush()
