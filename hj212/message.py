"""A decoded data segment 数据段, with every value as the text that was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Edition = Literal[2005, 2017, 2025]

_EDITIONS: dict[int, Edition] = {0: 2005, 1: 2017, 2: 2025}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """The field ``Flag`` 拆分包及应答标志: bit 0 wants an answer, bit 1 announces PNUM and PNO, then a version."""

    raw: str
    version: int
    needs_answer: bool
    has_packet_number: bool

    @property
    def edition(self) -> Edition:
        """Edition that the version bits stand for; a version still unknown is read like the newest."""
        return _EDITIONS.get(self.version, 2025)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message. Fields that the sender left out are None."""

    qn: str | None = None
    st: str | None = None
    cn: str | None = None
    pw: str | None = None
    mn: str | None = None
    flag: Flag | None = None
    pnum: int | None = None
    pno: int | None = None
    rf: str | None = None
    data_time: str | None = None
    values: Mapping[str, dict[str, str]] = field(default_factory=dict)
    """By code and suffix, both as sent."""
    other: Mapping[str, str] = field(default_factory=dict)
    """Items of CP whose key has no suffix, DataTime excepted."""
    crc_given: str | None = None
    crc_computed: str | None = None

    @property
    def edition(self) -> Edition:
        """Edition the sender follows; without a Flag the oldest."""
        return 2005 if self.flag is None else self.flag.edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a frame was not accepted: one reason of R3, the first that applies."""

    reason: str
    detail: str
    """What was wrong, in words a person can act on."""
    message: Message | None = None
    """What could still be read."""


def flag_of(text: str) -> Flag | None:
    """The flag of its decimal text; None where it is not a number from 0 to 255."""
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 255):
        return None
    bits = int(text)
    return Flag(raw=text, version=bits >> 2, needs_answer=bool(bits & 1), has_packet_number=bool(bits & 2))
