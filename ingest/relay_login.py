"""Who speaks on a TCP connection: the standard has no login, so the first frame that is whole says it."""

import re

from hj212.crc import CrcProfile
from hj212.decode import decode
from hj212.message import Fault

_TOPIC_SAFE = re.compile(r"[0-9A-Za-z]{1,32}", re.ASCII)
"""What an MN may be; it also means that no MN can name another topic."""

_WHOLE = frozenset({"undecryptable", "bad_datatime", "unsupported_cn"})
"""Faults of a frame that came through undamaged as far as a relay without keys can tell."""


def login_of(frame: bytes) -> str | None:
    """The MN of a frame that came through whole, with either checksum that loggers are known to send; else None."""
    for profile in CrcProfile:
        decoded = decode(frame, crc=profile)
        if isinstance(decoded, Fault):
            if decoded.reason not in _WHOLE or decoded.message is None:
                continue
            decoded = decoded.message
        return _safe(decoded.mn)
    return None


def sender_of(frame: bytes) -> str | None:
    """The MN that can be read of a frame, damaged or not; None where there is none."""
    decoded = decode(frame)
    message = decoded.message if isinstance(decoded, Fault) else decoded
    return _safe(message.mn) if message is not None else None


def _safe(mn: str | None) -> str | None:
    return mn if mn is not None and _TOPIC_SAFE.fullmatch(mn) else None
