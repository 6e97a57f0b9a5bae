"""``stackwatch doctor``: what is reachable, with which version, and what is wrong."""

import json
import sys

import click

from stackwatch.checkup import Finding, examine
from stackwatch.logs import set_up_logs
from stackwatch.settings import list_settings, read_settings


@click.command()
@click.option("--env", is_flag=True, help="List every variable with its value and default; no secret is shown.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def command(*, env: bool, as_json: bool) -> None:
    """Say what is reachable, with which version, and what is wrong, in words to act on.

    The exit code is 1 when something is wrong.
    """
    given = read_settings()
    if env:
        rows = [
            dict(zip(("variable", "value", "default", "meaning"), row, strict=True)) for row in list_settings(given)
        ]
        if as_json:
            click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        width = max(len(row["variable"]) for row in rows)
        for row in rows:
            default = "" if row["value"] == row["default"] else f"   (default {row['default'] or 'empty'})"
            click.echo(
                f"{row['variable']:<{width}}  {row['value'] or '(empty)'}{default}\n{'':<{width}}  {row['meaning']}"
            )
        return
    set_up_logs("error", process="doctor", silent=("aiokafka",))
    findings = examine(given)
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            click.echo(_line(finding))
    if not all(finding.ok for finding in findings):
        sys.exit(1)


def _line(finding: Finding) -> str:
    verdict = click.style("ok   ", fg="green") if finding.ok else click.style("WRONG", fg="red")
    return f"{verdict}  {finding.part:<9} {finding.place}: {finding.words}"
