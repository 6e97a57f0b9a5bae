"""Passwords: which are good enough, and how they are kept."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from people.roles import Unfit

SHORTEST = 12
LONGEST = 256
"""Longer ones only keep the machine busy."""

_COMMON = ("password", "passw0rd", "12345678", "qwertyui", "11111111", "00000000", "abcd1234", "stackwatch", "admin123")


class Passwords:
    """Hashes and compares with Argon2id. Blocks for some tens of milliseconds: call it from a thread."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobodys = self._hasher.hash(secrets.token_urlsafe(24))

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        return self._hasher.hash(password)

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether this is the password. Takes as long where there is no such person as where there is."""
        try:
            return self._hasher.verify(kept or self._nobodys, password[:LONGEST]) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, kept: str) -> bool:
        """Whether it should be hashed again, with the parameters of today."""
        return self._hasher.check_needs_rehash(kept)


def good_enough(password: str, *, login: str) -> str:
    """The password, if it may be used.

    Raises:
        Unfit: it is too short, too long, made of the name, or among the first that are tried.
    """
    if len(password) < SHORTEST:
        raise Unfit(f"a password has at least {SHORTEST} characters", "short", least=SHORTEST)
    if len(password) > LONGEST:
        raise Unfit(f"a password has at most {LONGEST} characters", "long", most=LONGEST)
    plain = password.lower()
    if login and login.lower() in plain:
        raise Unfit("a password must not hold the name to log in with", "holds_login")
    if any(common in plain for common in _COMMON) or len(set(plain)) < 5:
        raise Unfit("this password is among the first that are tried", "common")
    return password


def made_up(*, login: str) -> str:
    """A random password for somebody who changes it at the first log-in."""
    while True:
        try:
            return good_enough(secrets.token_urlsafe(15), login=login)
        except Unfit:
            # By chance it holds a short name, or something that is tried first.
            continue
