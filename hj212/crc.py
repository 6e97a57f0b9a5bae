"""The checksum of HJ 212, and the Modbus one that some loggers send in its place."""

from enum import Enum

_POLYNOMIAL = 0xA001


class CrcProfile(Enum):
    """Which checksum a logger computes."""

    STANDARD = "standard"
    """What annex A of the standard prescribes."""
    MODBUS = "modbus-crc"
    """CRC-16/MODBUS, low byte first, as a few loggers in the field send it."""


def _shifted(value: int) -> int:
    for _ in range(8):
        value, lowest = value >> 1, value & 1
        if lowest:
            value ^= _POLYNOMIAL
    return value


_TABLE = tuple(_shifted(byte) for byte in range(256))
_HIGH = bytes(entry >> 8 for entry in _TABLE)
"""The register drops its low byte at each step, so only its high byte lives on: 256 states in all."""

_PERIOD = 8
"""Bytes after which a state comes back: eight steps of ``_HIGH`` leave every one of its 256 values as it was."""


def crc16(data: bytes) -> int:
    """Checksum of a data segment as the standard computes it. 0 ≤ result ≤ 0xFFFF.

    Not CRC-16/MODBUS: the register's low byte is dropped before each byte is taken in, so it has only 256 values.
    ``crc16(b"123456789") == 0x2F80``.

    A step is linear over exclusive or, and eight steps change nothing. So bytes that stand a multiple of eight apart
    may be added up first, which whole integers do at once; the last eight bytes then go through the table. The same
    holds against damage: two bytes that change places eight apart go unnoticed, so length, fields and times are
    checked as well.

    Source: HJ 212-2017, annex A.
    """
    size = len(data)
    if not size:
        return 0xFFFF
    folded = int.from_bytes(data, "big") ^ (0xFF << (8 * (size - 1)))
    while size > _PERIOD:
        size = (size + 2 * _PERIOD - 1) // (2 * _PERIOD) * _PERIOD
        folded = (folded >> (8 * size)) ^ (folded & ((1 << (8 * size)) - 1))
    high, table = 0, _HIGH
    for byte in folded.to_bytes(_PERIOD, "big")[:-1]:
        high = table[high ^ byte]
    return _TABLE[high ^ (folded & 0xFF)]


def modbus_crc(data: bytes) -> int:
    """CRC-16/MODBUS. ``modbus_crc(b"123456789") == 0x4B37``."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def checksum(data: bytes, profile: CrcProfile = CrcProfile.STANDARD) -> str:
    """The four hexadecimal digits that a frame of the profile carries."""
    if profile is CrcProfile.MODBUS:
        crc = modbus_crc(data)
        return f"{crc & 0xFF:02X}{crc >> 8:02X}"
    return f"{crc16(data):04X}"
