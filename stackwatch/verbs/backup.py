"""``stackwatch backup``: database, register, rulebook, attached files and the loggers' credentials in one file."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from alerts.database import DatabaseUnavailable, address_of
from emissions.beijing import to_beijing
from rulebook.loader import SHIPPED
from stackwatch.errors import UserError
from stackwatch.keeping.backup import back_up
from stackwatch.progress import Progress
from stackwatch.settings import read_settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(file: Path, *, as_json: bool) -> None:
    """Write all that is neither in Kafka nor in InfluxDB to FILE (tar.gz), as it is at one moment.

    That is the database (alerts, cases, people, marks, audit log, refused lines), the register, the rulebook, attached
    files where they have a folder, and the loggers' credentials. Processes may go on working meanwhile. Secrets given
    by _FILE variables are not in it. Keep the file as you keep passwords.
    """
    given = read_settings()
    folders = {
        "register": given.register_folder,
        "rulebook": given.rulebook_dir or SHIPPED,
        "devices": given.devices,
    }
    if given.attachments is not None:
        folders["attachments"] = given.attachments
    try:
        address = address_of(given.database, password=given.database_password)
        with Progress("backup", unit="rows") as shown:
            done = back_up(file, address, folders, now=to_beijing(datetime.now(UTC)), reach=shown.reach)
    except (DatabaseUnavailable, ValueError, OSError) as error:
        raise UserError(str(error)) from error
    said = {
        "file": str(file),
        "revision": done.revision,
        "made_at": done.made_at,
        "rows": done.rows,
        "files": done.files,
    }
    if as_json:
        click.echo(json.dumps(said))
        return
    parts = ", ".join(f"{count} files of {name}" for name, count in done.files.items())
    click.echo(f"{file}: {sum(done.rows.values())} rows of {len(done.rows)} tables, {parts}")
