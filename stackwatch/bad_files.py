"""How a verb ends that was given a register or a rulebook that cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from rulebook.errors import BadFile


@contextmanager
def told() -> Iterator[None]:
    """End the verb with exit code 2 and one line on stderr for each thing that is wrong."""
    try:
        yield
    except BadFile as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        click.get_current_context().exit(2)
