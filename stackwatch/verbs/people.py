"""``stackwatch people``: accounts and tokens from the command line; the first administrator above all."""

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click

from alerts.database import DatabaseUnavailable, prepare
from people.accounts import NobodyThere
from people.passwords import made_up
from people.roles import Role, Unfit
from people.tables import PersonRow, TokenRow
from people.tokens import NoSuchToken
from stackwatch.access import desk_of
from stackwatch.errors import UserError
from stackwatch.process import read_rules
from stackwatch.settings import read_settings
from web.access.desk import PeopleDesk

ROLES = click.Choice([role.value for role in Role])


@click.group()
def command() -> None:
    """Add, list, disable people; make passwords and tokens. Works on STACKWATCH_DATABASE, also while the pages run."""


@contextmanager
def _desk(county: str | None = None) -> Iterator[PeopleDesk]:
    """The desk of the database that the settings name; what cannot be done is one line and exit code 2.

    The register is read only where a county is named.
    """
    given = read_settings()
    register = read_rules(given)[0] if county else None
    try:
        engine = prepare(given.database, password=given.database_password)
    except (ValueError, DatabaseUnavailable) as error:
        raise UserError(str(error)) from error
    try:
        yield PeopleDesk(engine) if register is None else desk_of(engine, register)
    except (Unfit, NobodyThere, NoSuchToken, DatabaseUnavailable) as error:
        raise UserError(str(error)) from error
    finally:
        engine.dispose()


@command.command()
@click.argument("login")
@click.option("--role", type=ROLES, required=True)
@click.option("--county", help="Code of the county that the role is held for; needed by inspector and county_head.")
@click.option("--name", default="", help="What people call this person; the login if not given.")
@click.option("--password-file", type=click.Path(path_type=Path), help="File with the password; - is standard input.")
@click.option("--generate", is_flag=True, help="Make up a password, show it once, have it replaced at first log-in.")
@click.option("--provider", is_flag=True, help="No password: this person logs in by the identity provider.")
def add(
    login: str,
    role: str,
    county: str | None,
    name: str,
    password_file: Path | None,
    *,
    generate: bool,
    provider: bool,
) -> None:
    """Add somebody. Without an option about the password it is asked for, twice."""
    if sum((password_file is not None, generate, provider)) > 1:
        raise click.UsageError("--password-file, --generate and --provider go one at a time")
    with _desk(county) as desk:
        made = made_up(login=login) if generate else None
        password = None if provider else made or _password(password_file)
        person = desk.add(login=login, name=name, role=role, county=county, password=password, by=_by(), first=generate)
    click.echo(f"{person.login}: {person.role}" + (f" of {person.county}" if person.county else " of the whole city"))
    if made is not None:
        click.echo(f"password, to be replaced at the first log-in: {made}")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def list_(*, as_json: bool) -> None:
    """List everybody."""
    with _desk() as desk:
        rows = [_described(row) for row in desk.everybody()]
    _show(rows, as_json=as_json)


@command.command()
@click.argument("login")
def disable(login: str) -> None:
    """Let somebody in no more; open pages and tokens of theirs end."""
    with _desk() as desk:
        desk.disable(desk.find(login).id, by=_by())
    click.echo(f"{login}: disabled")


@command.command()
@click.argument("login")
def enable(login: str) -> None:
    """Let somebody in again."""
    with _desk() as desk:
        desk.enable(desk.find(login).id, by=_by())
    click.echo(f"{login}: enabled")


@command.command()
@click.argument("login")
@click.option("--password-file", type=click.Path(path_type=Path), help="File with the password; - is standard input.")
def reset(login: str, password_file: Path | None) -> None:
    """Give somebody another password, made up unless given; it is to be replaced at the next log-in."""
    with _desk() as desk:
        given = None if password_file is None else _password(password_file)
        made = desk.reset(desk.find(login).id, by=_by(), password=given)
    click.echo(f"{login}: another password" + ("" if given else f", to be replaced at the next log-in: {made}"))


@command.group()
def token() -> None:
    """Tokens of machines."""


@token.command("add")
@click.argument("name")
@click.option("--role", type=ROLES, required=True)
@click.option("--county", help="Code of the county that the role is held for.")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long it counts.")
def token_add(name: str, role: str, county: str | None, days: int) -> None:
    """Make a token and show it, once."""
    with _desk(county) as desk:
        text = desk.issue_token(name=name, role=role, county=county, lasts=timedelta(days=days), by=_by())
    click.echo(text)


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def token_list(*, as_json: bool) -> None:
    """List tokens that have not been revoked."""
    with _desk() as desk:
        rows = [_token(row) for row in desk.tokens()]
    _show(rows, as_json=as_json)


@token.command("revoke")
@click.argument("number", type=int)
def token_revoke(number: int) -> None:
    """Take a token back, by its number."""
    with _desk() as desk:
        desk.revoke_token(number, by=_by())
    click.echo(f"token {number}: revoked")


def _by() -> str:
    """Who is at the command line, as the log has it."""
    return f"{getpass.getuser()} (command line)"


def _password(file: Path | None) -> str:
    if file is None:
        if not sys.stdin.isatty():
            raise UserError("no terminal to ask for the password: give --password-file (- is standard input)")
        return str(click.prompt("password", hide_input=True, confirmation_prompt=True, err=True))
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--password-file {file}: {error}") from error
    return text.rstrip("\r\n")


def _described(row: PersonRow) -> dict[str, str]:
    return {
        "login": row.login,
        "name": row.name,
        "role": row.role,
        "county": row.county or "",
        "log-in": "provider" if row.password is None else "password",
        "last": f"{row.logged_in_at:%Y-%m-%d %H:%M}" if row.logged_in_at else "",
        "state": "disabled" if row.disabled_at else "",
    }


def _token(row: TokenRow) -> dict[str, str]:
    return {
        "number": str(row.id),
        "name": row.name,
        "role": row.role,
        "county": row.county or "",
        "until": f"{row.expires_at:%Y-%m-%d %H:%M}",
        "by": row.created_by,
    }


def _show(rows: list[dict[str, str]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo("  ".join(value for value in row.values() if value))
