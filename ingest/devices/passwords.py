"""Passwords of devices: made by us, shown once, and kept only as the hash that brokers compare with."""

import base64
import hashlib
import secrets
from dataclasses import dataclass

ITERATIONS = 101
"""Of PBKDF2, as Mosquitto makes them itself. A password of ours is random and cannot be guessed, so a slow hash would
protect nothing; it would cost the broker seconds when thousands of loggers come back at the same time."""

_HASH_BYTES = 64
_SALT_LETTERS = 12
_PASSWORD_BYTES = 24


@dataclass(frozen=True, slots=True)
class HashedPassword:
    """A password as PBKDF2 with HMAC-SHA-512."""

    salt: str
    """Twelve ASCII letters: Mosquitto wants twelve bytes, EMQX wants text."""
    digest: bytes

    @property
    def for_mosquitto(self) -> str:
        """As a line of Mosquitto's password file has it behind the user."""
        salt = base64.b64encode(self.salt.encode()).decode()
        return f"$7${ITERATIONS}${salt}${base64.b64encode(self.digest).decode()}"

    def fits(self, password: str) -> bool:
        """Whether this is the hash of the password."""
        return secrets.compare_digest(_digest(password, self.salt), self.digest)


def new_password() -> str:
    """192 random bits, in letters that every logger's set-up page takes."""
    return secrets.token_hex(_PASSWORD_BYTES)


def hashed(password: str) -> HashedPassword:
    """The password's hash, with a salt of its own."""
    salt = secrets.token_hex(_SALT_LETTERS // 2)
    return HashedPassword(salt, _digest(password, salt))


def _digest(password: str, salt: str) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt.encode(), ITERATIONS, _HASH_BYTES)
