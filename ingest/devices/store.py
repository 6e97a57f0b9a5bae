"""The folder of device credentials: one file that is the truth, and beside it what brokers are given, made of it.

Passwords are in it as hashes only. The authority's key is in it, encrypted when there is a password for it.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from ingest.devices.authority import DEVICE_DAYS, BadAuthority, DeviceAuthority, Issued
from ingest.devices.broker_rights import (
    Login,
    emqx_acl,
    emqx_users,
    mosquitto_acl,
    mosquitto_passwords,
)
from ingest.devices.passwords import HashedPassword, hashed, new_password

_VERSION = 1


class DevicesUnusable(Exception):
    """The folder cannot be used; says which file and why, never with a secret."""


class Certificate(msgspec.Struct, forbid_unknown_fields=True):
    """A certificate that was issued. Its key was handed out and is kept nowhere."""

    serial: str
    since: datetime
    until: datetime
    revoked_at: datetime | None = None


class Device(msgspec.Struct, forbid_unknown_fields=True):
    """The credentials of one device."""

    salt: str = ""
    digest: str = ""
    """Hexadecimal; empty: it has no password."""
    password_since: datetime | None = None
    certificates: list[Certificate] = msgspec.field(default_factory=list)
    revoked_at: datetime | None = None

    @property
    def has_password(self) -> bool:
        """Whether a password would let it in."""
        return bool(self.digest) and self.revoked_at is None

    def valid_certificates(self, now: datetime) -> list[Certificate]:
        """Certificates that would let it in."""
        if self.revoked_at is not None:
            return []
        return [one for one in self.certificates if one.revoked_at is None and one.until > now]

    def state(self, now: datetime) -> str:
        """``active``, ``revoked``, or ``expired`` where there were only certificates and all have run out."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.has_password or self.valid_certificates(now) else "expired"


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    version: int = _VERSION
    devices: dict[str, Device] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HandedOut:
    """What a device must be given, once: nobody can read it again."""

    login: str
    password: str = field(default="", repr=False)
    issued: Issued | None = None


class DeviceStore:
    """Credentials in a folder. One process at a time changes them; what is written is whole or not there."""

    def __init__(self, folder: Path, *, key_password: str | None = None) -> None:
        """``key_password`` opens the authority's key; None: it is not encrypted."""
        self._folder = folder
        self._key_password = key_password
        self.for_mosquitto = folder / "mosquitto"
        """What Mosquitto is given: passwords, acl, and with an authority ca.crt and crl.pem."""
        self.for_emqx = folder / "emqx"
        """What EMQX is given: users.csv, acl.conf, and the same two."""

    def devices(self) -> Mapping[str, Device]:
        """All devices that ever had a credential, by login.

        Raises:
            DevicesUnusable: the file cannot be read.
        """
        return self._read().devices

    def give_passwords(self, logins: Iterable[str], *, now: datetime) -> list[HandedOut]:
        """A new password for each; one that it had before is gone. A revoked device is let in again."""
        given = []
        with self._changing() as content:
            for login in logins:
                password = new_password()
                kept = hashed(password)
                device = content.devices.setdefault(login, Device())
                device.salt, device.digest = kept.salt, kept.digest.hex()
                device.password_since, device.revoked_at = now, None
                given.append(HandedOut(login, password=password))
        return given

    def give_certificates(
        self, logins: Iterable[str], *, now: datetime, days: int = DEVICE_DAYS, keep: bool = False
    ) -> list[HandedOut]:
        """A new certificate for each; those that it had before are revoked, unless they are to be kept.

        Raises:
            DevicesUnusable: there is no authority, or its key cannot be opened.
        """
        authority = self.authority()
        given = []
        with self._changing() as content:
            for login in logins:
                device = content.devices.setdefault(login, Device())
                if not keep:
                    _revoke(device.certificates, now)
                issued = authority.issue(login, now=now, days=days)
                device.certificates.append(Certificate(serial=issued.serial, since=now, until=issued.until))
                device.revoked_at = None
                given.append(HandedOut(login, issued=issued))
        return given

    def revoke(self, logins: Iterable[str], *, now: datetime) -> None:
        """Let none of them in any more.

        Raises:
            KeyError: one of them never had a credential; nothing has been changed.
        """
        with self._changing() as content:
            for login in logins:
                device = content.devices[login]
                device.salt = device.digest = ""
                device.revoked_at = device.revoked_at or now
                _revoke(device.certificates, now)

    def publish(self, registered: Mapping[str, Login], *, now: datetime) -> None:
        """Write what brokers are given: rights for every device that is registered and not shut out, and its passwords.

        A device that left the register keeps its credential and has no right at all.

        Raises:
            DevicesUnusable: a file cannot be read or written.
        """
        devices = self._read().devices
        shut_out = {login for login, device in devices.items() if device.revoked_at is not None}
        rights = [login for name, login in sorted(registered.items()) if name not in shut_out]
        passwords = {
            name: HashedPassword(device.salt, bytes.fromhex(device.digest))
            for name, device in devices.items()
            if device.has_password and name in registered
        }
        files: dict[Path, bytes] = {
            self.for_mosquitto / "passwords": mosquitto_passwords(passwords).encode(),
            self.for_mosquitto / "acl": mosquitto_acl(rights).encode(),
            self.for_emqx / "users.csv": emqx_users(passwords).encode(),
            self.for_emqx / "acl.conf": emqx_acl(rights).encode(),
        }
        if self.has_authority:
            authority = self.authority()
            revoked = [
                (certificate.serial, certificate.revoked_at)
                for device in devices.values()
                for certificate in device.certificates
                if certificate.revoked_at is not None
            ]
            for folder in (self.for_mosquitto, self.for_emqx):
                files[folder / "ca.crt"] = authority.certificate_pem
                files[folder / "crl.pem"] = authority.revocations(revoked, now=now)
        for path, content in files.items():
            # Brokers run as other users than we, and are given these two folders; nobody else gets past ours.
            write_whole(path, content, mode=0o644, folder_mode=0o755)

    @property
    def has_authority(self) -> bool:
        """Whether certificates can be issued."""
        return (self._folder / "ca.crt").exists()

    def create_authority(self, *, name: str, now: datetime) -> DeviceAuthority:
        """Make the authority; its key is encrypted if this store was given a password for it.

        Raises:
            DevicesUnusable: there is one already, or it cannot be written.
        """
        if self.has_authority:
            raise DevicesUnusable(f"{self._folder / 'ca.crt'}: there is an authority already")
        authority = DeviceAuthority.create(name=name, now=now)
        write_whole(self._folder / "ca.key", authority.key_pem(password=self._key_password), mode=0o600)
        write_whole(self._folder / "ca.crt", authority.certificate_pem, mode=0o644)
        return authority

    def authority(self) -> DeviceAuthority:
        """The authority.

        Raises:
            DevicesUnusable: there is none, or its key cannot be opened.
        """
        paths = self._folder / "ca.crt", self._folder / "ca.key"
        try:
            certificate, key = (path.read_bytes() for path in paths)
            return DeviceAuthority.load(certificate, key, password=self._key_password)
        except FileNotFoundError as error:
            raise DevicesUnusable(f"{error.filename}: there is no authority yet (stackwatch device ca)") from error
        except OSError as error:
            raise DevicesUnusable(f"{error.filename}: {error.strerror}") from error
        except BadAuthority as error:
            raise DevicesUnusable(f"{self._folder}: ca.crt and ca.key: {error}") from error

    def _read(self) -> _Content:
        path = self._folder / "devices.json"
        try:
            content = msgspec.json.decode(path.read_bytes(), type=_Content)
        except FileNotFoundError:
            return _Content()
        except OSError as error:
            raise DevicesUnusable(f"{path}: {error.strerror}") from error
        except msgspec.DecodeError as error:
            raise DevicesUnusable(f"{path}: {error}") from error
        if content.version != _VERSION:
            raise DevicesUnusable(f"{path}: version {content.version}; this software reads version {_VERSION}")
        return content

    @contextmanager
    def _changing(self) -> Iterator[_Content]:
        """The content, written back at the end of the block if nothing went wrong in it."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self._folder / ".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                content = self._read()
                yield content
                text = json.dumps(msgspec.to_builtins(content), indent=1, sort_keys=True) + "\n"
                write_whole(self._folder / "devices.json", text.encode(), mode=0o600)
        except OSError as error:
            raise DevicesUnusable(f"{error.filename or self._folder}: {error.strerror}") from error


def _revoke(certificates: Iterable[Certificate], now: datetime) -> None:
    for certificate in certificates:
        certificate.revoked_at = certificate.revoked_at or now


def write_whole(path: Path, content: bytes, *, mode: int, folder_mode: int = 0o700) -> None:
    """Write a file that is there as a whole or as it was before; unchanged content is not written again.

    Raises:
        DevicesUnusable: it cannot be written.
    """
    try:
        if path.exists() and path.read_bytes() == content:
            return
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, parents=True)
            path.parent.chmod(folder_mode)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        _finish(handle, Path(draft), path, content, mode)
    except OSError as error:
        raise DevicesUnusable(f"{path}: {error.strerror}") from error


def _finish(handle: int, draft: Path, path: Path, content: bytes, mode: int) -> None:
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), mode)
        draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
