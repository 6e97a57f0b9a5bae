"""``stackwatch check``: whether a file or a run is as it has to be."""

from pathlib import Path

import click
import msgspec

from rulebook.loader import check_rulebook, load_rulebook
from rulebook.register import read_register
from stackwatch.bad_files import told

EXISTING = click.Path(path_type=Path)
"""A folder; whether it is there is told by the loader, in the same words as everything else."""


@click.group()
def command() -> None:
    """Check a register, a rulebook, or what a run left behind.

    Exit code 0: fine; 1: a run lost something or got something wrong; 2: a bad file, each problem on a line of stderr.
    """


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


@command.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
@click.argument("run", type=EXISTING)
def ledger(run: Path, as_json: bool) -> int:
    """Follow every value that a logger had acknowledged through the RUN folder that ``demo --report`` leaves behind.

    Says what is lost, wrong, late, reordered or there twice, by outlet and stage: feed, quarantine, readings in the
    series store, hours as judged and as stored, rates, findings, cases, alerts. Exit code 1 on any loss or wrong.
    """
    from rich.console import Console

    from stackwatch.ledger_check.check import check_run
    from stackwatch.ledger_check.run_folder import read_run
    from stackwatch.ledger_check.table import show

    checked = check_run(read_run(run))
    if as_json:
        click.echo(msgspec.json.encode(checked.content()).decode())
    else:
        show(Console(soft_wrap=True), checked)
    return 0 if checked.right else 1
