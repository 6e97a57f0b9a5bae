"""SM4 as the 2025 edition uses it: whole 16-byte blocks of CP in ECB, a shorter tail in clear text.

An encrypted frame prints its ciphertext as ``CP=&&{0xE4,0x3E,…}tail&&``; its header gives the length, and its end the
checksum, of the plain text. The 2025 edition was read through public codecs only.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

BLOCK = 16
"""Bytes of a block and of a key."""

OPENING = b"CP=&&{0x"
"""How an encrypted CP begins."""

_CIPHERTEXT = re.compile(rb"CP=&&\{((?:0x[0-9A-F]{1,2}[, ]*)+)\}", re.IGNORECASE)
_BYTE = re.compile(rb"0x([0-9A-F]{1,2})", re.IGNORECASE)


def is_encrypted(segment: bytes) -> bool:
    """Whether the segment carries an encrypted CP."""
    return OPENING in segment


@lru_cache(maxsize=1024)
def _cipher(key: bytes) -> "Cipher[modes.ECB]":
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    # ECB is what the standard prescribes; it hides neither repeats nor tampering, so TLS carries the frames as well.
    return Cipher(algorithms.SM4(key), modes.ECB())  # noqa: S305


def encrypt_content(content: bytes, key: bytes) -> bytes:
    """The content of CP as an encrypted frame prints it.

    Args:
        content: What stands between ``&&`` and ``&&``.
        key: 16 bytes.

    Raises:
        ValueError: the key is not 16 bytes long.
    """
    if len(key) != BLOCK:
        raise ValueError(f"a key of SM4 has {BLOCK} bytes, this one {len(key)}")
    whole = len(content) - len(content) % BLOCK
    if not whole:
        return content
    cipher = _cipher(key).encryptor().update(content[:whole])
    return b"{" + b",".join(b"0x%02X" % byte for byte in cipher) + b"}" + content[whole:]


class Sealed:
    """An encrypted data segment, taken apart but not opened."""

    __slots__ = ("_ciphertext", "_tail", "head")

    def __init__(self, segment: bytes) -> None:
        found = _CIPHERTEXT.search(segment)
        self.head = segment.partition(OPENING)[0] + b"CP=&&"
        """All up to ``CP=&&``, which is never encrypted."""
        self._ciphertext = b"" if found is None else bytes(int(byte, 16) for byte in _BYTE.findall(found[1]))
        self._tail = b"" if found is None else segment[found.end() :]

    @property
    def whole(self) -> bool:
        """Whether there is a closed list of at least one block."""
        return len(self._ciphertext) >= BLOCK

    @property
    def plain_length(self) -> int:
        """Bytes of the plain segment."""
        return len(self.head) + len(self._ciphertext) + len(self._tail)

    def open(self, key: bytes) -> bytes | None:
        """The plain segment under this key; right or wrong is for the checksum to say. None: no key, no block."""
        if len(key) != BLOCK or not self.whole:
            return None
        blocks = len(self._ciphertext) - len(self._ciphertext) % BLOCK
        plain = _cipher(key).decryptor().update(self._ciphertext[:blocks])
        # Some write the tail into the list as well, byte by byte, and in clear all the same.
        return self.head + plain + self._ciphertext[blocks:] + self._tail
