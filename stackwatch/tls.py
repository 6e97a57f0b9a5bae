"""Whom a client of ours trusts, and with which certificate it shows itself: from files that the settings name."""

import ssl
from pathlib import Path

from stackwatch.errors import UserError
from stackwatch.settings import Settings, variable


def client_context(given: Settings, part: str) -> ssl.SSLContext:
    """What a client needs to speak TLS to one part of the platform: TLS 1.2 or newer, names always checked.

    Args:
        given: The settings; read are ``<part>_ca_file``, ``<part>_certificate_file`` and ``<part>_key_file``.
        part: ``kafka`` or ``mqtt``.

    Raises:
        UserError: a file cannot be read, holds something else, or a certificate has no key; with the variable's name.
    """
    names = [f"{part}_{kind}_file" for kind in ("ca", "certificate", "key")]
    authority, certificate, key = (getattr(given, name) for name in names)
    require_pair(names[1], certificate, names[2], key)
    context = ssl.create_default_context()
    if authority is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_verify_locations(cafile=authority)
        except OSError as error:
            raise _unreadable(names[0], authority, error) from error
    if certificate is not None:
        _load(context, names[1], certificate, key)
    return context


def check_server_certificate(given: Settings, part: str) -> None:
    """Make sure that a part's own certificate can be served, before anything listens; none at all is fine.

    Args:
        given: The settings; read are ``<part>_certificate_file`` and ``<part>_key_file``.
        part: ``web``.

    Raises:
        UserError: as ``client_context``.
    """
    names = [f"{part}_{kind}_file" for kind in ("certificate", "key")]
    certificate, key = (getattr(given, name) for name in names)
    require_pair(names[0], certificate, names[1], key)
    if certificate is not None:
        _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), names[0], certificate, key)


def _load(context: ssl.SSLContext, field: str, certificate: Path, key: Path | None) -> None:
    try:
        # Without a callback OpenSSL would ask for the password of a key at the terminal.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except OSError as error:
        raise _unreadable(field, certificate, error) from error


def require_pair(certificate_name: str, certificate: Path | None, key_name: str, key: Path | None) -> None:
    """A certificate and its key come together.

    Raises:
        UserError: there is only one of them.
    """
    for there, missing, path, other in (
        (certificate_name, key_name, certificate, key),
        (key_name, certificate_name, key, certificate),
    ):
        if path is not None and other is None:
            raise UserError(f"{variable(there)}={str(path)!r}: {variable(missing)} is missing")


def _unreadable(field: str, path: Path, error: OSError) -> UserError:
    reason = error.strerror or str(error)
    if isinstance(error, ssl.SSLError):
        # OpenSSL's own words name its source files, not what is wrong.
        reason = (
            "no certificate and key in PEM that fit together" if "certificate" in field else "no certificates in PEM"
        )
    return UserError(f"{variable(field)}={str(path)!r}: {reason}")
