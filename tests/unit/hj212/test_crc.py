"""The standard's own checksum, and the Modbus one beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hj212.crc import CrcProfile, checksum, crc16, modbus_crc


def by_the_letter(data: bytes) -> int:
    """Annex A step by step, as a person would write it down."""
    register = 0xFFFF
    for byte in data:
        register = (register >> 8) ^ byte
        for _ in range(8):
            register, lowest = register >> 1, register & 1
            if lowest:
                register ^= 0xA001
    return register


@pytest.mark.parametrize(
    ("segment", "digits"),
    [
        pytest.param(
            b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&",
            "1C80",
            id="the example of the 2017 edition",
        ),
        pytest.param(
            b"QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&",
            "2200",
            id="the example of the 2025 edition",
        ),
        pytest.param(b"123456789", "2F80", id="the usual check string"),
        pytest.param(b"", "FFFF", id="nothing at all"),
    ],
)
def test_known_checksums(segment, digits):
    assert checksum(segment) == digits


def test_modbus_is_another_checksum_and_is_sent_low_byte_first():
    assert modbus_crc(b"123456789") == 0x4B37
    assert checksum(b"123456789", CrcProfile.MODBUS) == "374B"


@given(st.binary(max_size=2000))
def test_the_table_computes_what_annex_a_says(data):
    assert crc16(data) == by_the_letter(data)


@given(st.binary(min_size=1, max_size=100), st.data())
def test_any_one_byte_changed_is_noticed(data, draw):
    place = draw.draw(st.integers(0, len(data) - 1))
    other = draw.draw(st.integers(0, 255).filter(lambda b: b != data[place]))
    changed = data[:place] + bytes([other]) + data[place + 1 :]
    assert crc16(changed) != crc16(data)


@pytest.mark.parametrize("size", [*range(1, 66), 1023, 1024, 9999])
def test_every_length_is_folded_right(size):
    data = bytes((7 * place + size) % 256 for place in range(size))
    assert crc16(data) == by_the_letter(data)


def test_bytes_that_change_places_eight_apart_go_unnoticed():
    """A weakness of the standard's checksum: it is why nothing is accepted by its checksum alone."""
    assert by_the_letter(b"1-------2") == by_the_letter(b"2-------1")
    assert by_the_letter(b"1------2") != by_the_letter(b"2------1")
