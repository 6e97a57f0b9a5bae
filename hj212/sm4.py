"""SM4 as the 2025 edition uses it: whole 16-byte blocks of CP in ECB, a shorter tail in clear text.

A frame that is encrypted prints the ciphertext as ``{0xE4,0x3E,…}``; its header gives the length, and its end the
checksum, of the plain text. Source: R3; the 2025 edition was read through public codecs only.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

BLOCK = 16
"""Bytes of a block and of a key."""

_OPEN = b"CP=&&{0x"
_CIPHERTEXT = re.compile(rb"\{((?:0x[0-9A-Fa-f]{1,2},?)*)\}", re.ASCII)


def is_encrypted(body: bytes) -> bool:
    """Whether a frame's body carries an encrypted CP."""
    return _OPEN in body


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
    whole = len(content) - len(content) % BLOCK
    if not whole:
        return content
    cipher = _cipher(key).encryptor().update(content[:whole])
    return b"{" + b",".join(b"0x%02X" % byte for byte in cipher) + b"}" + content[whole:]


def decrypt_segment(segment: bytes, key: bytes) -> bytes | None:
    """The plain data segment of an encrypted one; None where the ciphertext is damaged or the key is no key."""
    found = _CIPHERTEXT.search(segment)
    if found is None or len(key) != BLOCK:
        return None
    numbers = [int(text, 16) for text in found[1].split(b",") if text]
    if not numbers or len(numbers) % BLOCK:
        return None
    plain = _cipher(key).decryptor().update(bytes(numbers))
    return segment[: found.start()] + plain + segment[found.end() :]
