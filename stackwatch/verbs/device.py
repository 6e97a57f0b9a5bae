"""``stackwatch device``: credentials of loggers, and what MQTT brokers are told about them."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from contracts.codec import stamp
from ingest.devices.authority import DEVICE_DAYS
from ingest.devices.broker_rights import Login, UnfitLogin, devices_of
from ingest.devices.store import DeviceStore, DevicesUnusable, HandedOut, write_whole
from stackwatch.errors import UserError
from stackwatch.process import read_rules
from stackwatch.settings import Settings, read_secret, read_settings

Given = ParamSpec("Given")
Result = TypeVar("Result")

_mns = click.argument("mns", nargs=-1, metavar="MN...")
_out = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what the loggers must be given; else handed-out in the folder of credentials.",
)
_certificate = click.option("--certificate", is_flag=True, help="A client certificate instead of a password.")
_days = click.option("--days", type=click.IntRange(1, 7300), default=DEVICE_DAYS, show_default=True)


def _told(work: Callable[Given, Result]) -> Callable[Given, Result]:
    """What is wrong with the folder or with a name ends the verb with one line."""

    @wraps(work)
    def careful(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            return work(*args, **kwargs)
        except (DevicesUnusable, UnfitLogin) as error:
            raise UserError(str(error)) from error

    return careful


@click.group()
def command() -> None:
    """Create, rotate and revoke credentials of loggers, and write what brokers are told about them.

    Kept in the folder STACKWATCH_DEVICES; passwords are in it as hashes only. Each change writes the files of Mosquitto
    and EMQX anew; Mosquitto reads them again at SIGHUP.
    """


@command.command()
@_mns
@click.option("--all", "everybody", is_flag=True, help="Every registered logger that has no credential yet.")
@_certificate
@_days
@_out
@_told
def add(mns: tuple[str, ...], out: Path | None, days: int, *, everybody: bool, certificate: bool) -> None:
    """Give loggers their first credential: a password, or with --certificate a client certificate whose CN is the MN.

    What the logger must be given is written into a file of its own, and nowhere else.
    """
    desk = _Desk()
    known = desk.store.devices()
    wanted = _names(mns, everybody=everybody, all_=(name for name in desk.registered if name not in known))
    if there := [name for name in wanted if name in known and known[name].revoked_at is None]:
        raise UserError(f"{there[0]} has a credential already; a new one: stackwatch device rotate")
    desk.require_registered(wanted)
    desk.hand_out(wanted, certificate=certificate, days=days, keep=False, out=out)


@command.command()
@_mns
@_certificate
@_days
@click.option("--keep", is_flag=True, help="Certificates that the logger has stay valid until they are revoked.")
@_out
@_told
def rotate(mns: tuple[str, ...], out: Path | None, days: int, *, certificate: bool, keep: bool) -> None:
    """Give loggers a new credential in the place of the old one, which counts no more."""
    desk = _Desk()
    wanted = _names(mns)
    desk.require_known(wanted)
    desk.require_registered(wanted)
    known = desk.store.devices()
    if shut_out := [name for name in wanted if known[name].revoked_at is not None]:
        raise UserError(f"{shut_out[0]} is revoked; to let it in again: stackwatch device add")
    desk.hand_out(wanted, certificate=certificate, days=days, keep=keep, out=out)


@command.command()
@_mns
@_told
def revoke(mns: tuple[str, ...]) -> None:
    """Let loggers in no more: their passwords are deleted, their certificates listed as revoked, their rights taken."""
    desk = _Desk()
    wanted = _names(mns)
    desk.require_known(wanted)
    desk.store.revoke(wanted, now=desk.now)
    desk.publish()
    for name in wanted:
        click.echo(f"{name} is revoked")


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
@_told
def list_(*, as_json: bool) -> None:
    """Who has which credential, and who has none.

    Exit code 1: a registered logger cannot log in, or a credential belongs to nobody who is registered.
    """
    desk = _Desk()
    rows = desk.rows()
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        width = max((len(row["login"]) for row in rows), default=0)
        for row in rows:
            until = f" until {row['certificate_until']}" if row["certificate_until"] else ""
            since = f" password since {row['password_since']}" if row["password_since"] else ""
            note = "" if row["registered"] else " (not in the register)"
            click.echo(
                f"{row['login']:<{width}}  {row['state']:<8}{since}{' certificate' if until else ''}{until}{note}"
            )
    click.get_current_context().exit(0 if all(_in_order(row) for row in rows) else 1)


@command.command()
@_told
def acl() -> None:
    """Write the brokers' files anew, after the register has changed: who left it has no right any more."""
    desk = _Desk()
    desk.publish()
    for folder in (desk.store.for_mosquitto, desk.store.for_emqx):
        click.echo(f"wrote {folder}")


@command.command()
@click.option("--name", default="Stackwatch devices", show_default=True, help="What people see as the issuer.")
@_told
def ca(name: str) -> None:
    """Make the authority of client certificates, once; after that, show it.

    Its key stays in the folder of credentials, encrypted with STACKWATCH_DEVICES_KEY_PASSWORD_FILE if that is set.
    """
    desk = _Desk()
    if not desk.store.has_authority:
        desk.store.create_authority(name=name, now=desk.now)
        desk.publish()
    authority = desk.store.authority()
    click.echo(f"SHA-256 {authority.fingerprint}\nvalid until {stamp(authority.until)}")


class _Desk:
    """What every verb needs: the settings, the register's devices, the store, and the moment."""

    def __init__(self) -> None:
        given = read_settings()
        self.now = datetime.now(UTC)
        self.store = _store(given)
        self.registered: dict[str, Login] = devices_of(read_rules(given)[0])
        self._handed_out = given.devices / "handed-out"

    def require_registered(self, names: Iterable[str]) -> None:
        """Refuse names that are not in the register."""
        for name in names:
            if name not in self.registered:
                raise UserError(f"{name} is not a logger of the register (STACKWATCH_REGISTER)")

    def require_known(self, names: Iterable[str]) -> None:
        """Refuse names that never had a credential."""
        known = self.store.devices()
        for name in names:
            if name not in known:
                raise UserError(f"{name} has no credential; the first one: stackwatch device add")

    def hand_out(self, names: Sequence[str], *, certificate: bool, days: int, keep: bool, out: Path | None) -> None:
        """Give credentials, write them for the loggers, and tell the brokers."""
        if certificate:
            given = self.store.give_certificates(names, now=self.now, days=days, keep=keep)
        else:
            given = self.store.give_passwords(names, now=self.now)
        for one in given:
            for path in _write(one, out or self._handed_out):
                click.echo(f"{one.login}: {path}")
        self.publish()

    def publish(self) -> None:
        """Write the brokers' files."""
        self.store.publish(self.registered, now=self.now)

    def rows(self) -> list[dict[str, Any]]:
        """What is known of each device, registered or not."""
        known = self.store.devices()
        rows = []
        for name in sorted({*self.registered, *known}):
            device = known.get(name)
            valid = device.valid_certificates(self.now) if device else []
            rows.append(
                {
                    "login": name,
                    "state": device.state(self.now) if device else "none",
                    "registered": name in self.registered,
                    "password_since": _shown(device.password_since if device and device.has_password else None),
                    "certificate_until": _shown(max((one.until for one in valid), default=None)),
                }
            )
        return rows


def _in_order(row: dict[str, Any]) -> bool:
    return row["registered"] is (row["state"] == "active")


def _shown(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def _store(given: Settings) -> DeviceStore:
    secret = read_secret("devices_key_password_file", given.devices_key_password_file)
    return DeviceStore(given.devices, key_password=secret.get_secret_value() if secret else None)


def _names(mns: tuple[str, ...], *, everybody: bool = False, all_: Iterable[str] = ()) -> list[str]:
    if everybody and mns:
        raise click.UsageError("either MNs or --all")
    names = sorted(all_) if everybody else list(dict.fromkeys(mns))
    if not names and not everybody:
        raise click.UsageError("which loggers? (MN...)")
    return names


def _write(given: HandedOut, folder: Path) -> list[Path]:
    """The files of one device, for its owner's eyes only."""
    if given.issued is None:
        files = {folder / f"{given.login}.password": given.password.encode()}
    else:
        files = {
            folder / f"{given.login}.crt": given.issued.certificate,
            folder / f"{given.login}.key": given.issued.key,
        }
    for path, content in files.items():
        write_whole(path, content, mode=0o600)
    return list(files)
