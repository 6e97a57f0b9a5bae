"""``stackwatch restore``: what ``stackwatch backup`` wrote, back into a database and a folder."""

import json
from pathlib import Path

import click

from alerts.database import DatabaseUnavailable, address_of, open_database
from alerts.repository import Repository
from stackwatch.errors import UserError
from stackwatch.keeping.archive import BadArchive
from stackwatch.keeping.backup import WillNot, restore
from stackwatch.settings import read_settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--files", type=click.Path(path_type=Path, file_okay=False), help="Where register, rulebook and devices go."
)
@click.option("--replace", is_flag=True, help="Throw away what the database holds.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(file: Path, files: Path | None, *, replace: bool, as_json: bool) -> int:
    """Write a backup's rows into the database of STACKWATCH_DATABASE: all of them or none.

    Stop the processes first. Alerts then takes in again from Kafka what came after the backup. Exit code 1: the audit
    log in the backup was already broken.
    """
    given = read_settings()
    try:
        address = address_of(given.database, password=given.database_password)
        done = restore(file, address, replace=replace, files=files)
        engine = open_database(address)
        try:
            broken = Repository(engine).broken_audit()
        finally:
            engine.dispose()
    except (DatabaseUnavailable, BadArchive, WillNot, ValueError, OSError) as error:
        raise UserError(str(error)) from error
    if as_json:
        said = {"revision": done.revision, "made_at": done.made_at, "rows": done.rows, "files": done.files}
        click.echo(json.dumps(said))
    else:
        click.echo(f"{sum(done.rows.values())} rows of {len(done.rows)} tables, as they were at {done.made_at}")
        click.echo("register, rulebook and devices were left alone (--files)" if files is None else f"files in {files}")
    if broken:
        click.echo(f"the audit log was broken before the backup: {broken}", err=True)
    return 1 if broken else 0
