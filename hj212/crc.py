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


def crc16(data: bytes) -> int:
    """Checksum of a data segment as the standard computes it. 0 ≤ result ≤ 0xFFFF.

    Not CRC-16/MODBUS: the register's low byte is dropped before each byte is taken in, so it has only 256 values.
    ``crc16(b"123456789") == 0x2F80``.

    Source: HJ 212-2017, annex A.
    """
    if not data:
        return 0xFFFF
    high, table = 0xFF, _HIGH
    for byte in data[:-1]:
        high = table[high ^ byte]
    return _TABLE[high ^ data[-1]]


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
