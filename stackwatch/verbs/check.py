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
    """Check a register, a rulebook, an audit log, or what a run left behind.

    Exit code 0: fine; 1: a run lost something, or a log was changed; 2: a bad file, each problem on a line of stderr.
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


@command.command()
@click.option("--against", type=EXISTING, help="File with lines of cems.alerts: what was published once must be there.")
@click.option("--kafka", is_flag=True, help="The same with the topic itself, as STACKWATCH_KAFKA names it.")
@click.argument("database_url", required=False)
def audit(database_url: str | None, against: Path | None, kafka: bool) -> int:
    """Check the audit logs in DATABASE_URL, or in the database of the environment.

    Every line is sealed together with all before it. A line that was changed, taken out or put in another place breaks
    the seals after it; a log that was cut at its end, or made anew as a whole, disagrees with what was published
    (--against, --kafka). The first bad line of each log is named. Exit code 1: something is not what was written.
    """
    from stackwatch.audit_check import anchors_of_file, anchors_of_kafka, check_audit
    from stackwatch.process import kafka_address
    from stackwatch.settings import read_settings

    given = read_settings()
    anchors = dict(anchors_of_file(against)) if against is not None else {}
    if kafka:
        anchors |= anchors_of_kafka(kafka_address(given))
    password = given.database_password if database_url is None else None
    broken, lengths = check_audit(database_url or given.database, password=password, anchors=anchors)
    for one in broken:
        click.echo(f"{one.log}: broken at line {one.sequence}: {one.why}")
    for log, (length, seal) in lengths.items():
        if log not in {one.log for one in broken}:
            click.echo(f"{log}: fine: {length} lines, the last sealed {seal}")
    if anchors:
        click.echo(f"compared with {len(anchors)} published seals")
    return 1 if broken else 0
