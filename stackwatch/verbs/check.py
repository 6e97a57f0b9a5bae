"""``stackwatch check``: whether a file or a run is as it has to be."""

from pathlib import Path

import click

from rulebook.loader import check_rulebook, load_rulebook
from rulebook.register import read_register
from stackwatch.bad_files import told

EXISTING = click.Path(path_type=Path)
"""A folder; whether it is there is told by the loader, in the same words as everything else."""


@click.group()
def command() -> None:
    """Check a register or a rulebook. Exit code 0: fine; 2: not, with each problem on a line of stderr."""


@command.command()
@click.option("--rulebook", type=EXISTING, help="Rulebook that the register names; the shipped one if not given.")
@click.argument("folder", type=EXISTING)
def register(folder: Path, rulebook: Path | None) -> None:
    """Check the CSV files in FOLDER: divisions, enterprises, outlets."""
    with told():
        found = read_register(folder, load_rulebook(rulebook))
    for warning in found.warnings:
        click.echo(f"warning: {warning}", err=True)
    register = found.register
    monitored = sum(outlet.must_monitor for outlet in register.outlets.values())
    click.echo(
        f"{folder}: fine: divisions {len(register.divisions)}, enterprises {len(register.enterprises)}, "
        f"outlets {len(register.outlets)}, of which must be monitored {monitored}"
    )


@command.command()
@click.argument("folder", type=EXISTING, required=False)
def rulebook(folder: Path | None) -> None:
    """Check the YAML files in FOLDER, or the rulebook that comes with the software."""
    with told():
        book = check_rulebook(folder)
    rows = [row for standard in book.standards.values() for row in standard.rows]
    unverified = sum(not row.verified for row in rows)
    click.echo(
        f"{folder or 'shipped rulebook'}: fine: standards {len(book.standards)}, limits {len(rows)}, "
        f"of which not compared with the printed text {unverified}; version {book.version}"
    )
