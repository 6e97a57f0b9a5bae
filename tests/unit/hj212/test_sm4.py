"""Encrypted frames of the 2025 edition."""

import pytest

from hj212.decode import decode
from hj212.encode import message
from hj212.message import Fault, Message
from hj212.sm4 import Sealed, encrypt_content

KEY = b"0" * 16
MN = "010000A8900016F000169DC0"
VALUES = {"a34013": {"Rtd": "12.34", "Flag": "N"}, "a21026": {"Rtd": "5.67", "Flag": "N"}}


def made(key: bytes | None, crc_frame: bytes = b"") -> bytes:
    return crc_frame or message(
        qn="20240520210600001",
        st="31",
        cn="2011",
        mn=MN,
        flag=9,
        data_time="20240520210600",
        values=VALUES,
        key=key,
    )


PLAIN, SENT = made(None), made(KEY)


def refused(frame: bytes, key: bytes | None = KEY) -> Fault:
    decoded = decode(frame, key=key)
    assert isinstance(decoded, Fault), decoded
    return decoded


def test_the_block_cipher_is_the_one_of_the_national_standard():
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    listed = encrypt_content(block, block)
    assert bytes.fromhex(listed.decode().strip("{}").replace("0x", "").replace(",", "")) == bytes.fromhex(
        "681edf34d206965e86b3e94f536e4246"
    )


def test_content_shorter_than_a_block_stays_as_it_is():
    assert encrypt_content(b"RtdInterval=30", KEY) == b"RtdInterval=30"


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(SENT, id="as the standard prints it"),
        pytest.param(SENT.rstrip(), id="without a line end"),
        pytest.param(SENT.replace(b"0x", b"0X", 0).replace(b",0x", b", 0x"), id="blanks in the list"),
        pytest.param(b"##%04d" % (len(SENT.rstrip()) - 10) + SENT[6:], id="the length of what is sent"),
    ],
)
def test_an_encrypted_frame_says_what_the_plain_one_says(frame):
    opened, plain = decode(frame, key=KEY), decode(PLAIN)
    assert isinstance(opened, Message)
    assert opened == plain


def test_a_tail_listed_byte_by_byte_is_clear_text():
    tail = SENT[SENT.index(b"}") + 1 : SENT.rindex(b"&&")]
    listed = SENT.replace(b"}" + tail, b"".join(b",0x%02X" % byte for byte in tail) + b"}")
    opened = decode(listed, key=KEY)
    assert isinstance(opened, Message), opened
    assert opened.values == VALUES


@pytest.mark.parametrize(
    ("frame", "key", "reason"),
    [
        pytest.param(SENT, None, "undecryptable", id="no key"),
        pytest.param(SENT, b"1" * 16, "undecryptable", id="another key"),
        pytest.param(SENT, b"short", "undecryptable", id="half a key"),
        pytest.param(SENT.replace(b"}", b""), KEY, "undecryptable", id="the list is not closed"),
        pytest.param(SENT[:120], KEY, "undecryptable", id="cut within the list"),
        pytest.param(SENT[: SENT.index(b"{0x") + 3], KEY, "undecryptable", id="cut at its first byte"),
        pytest.param(b"##0001" + SENT[6:], KEY, "length_mismatch", id="a wrong length"),
        pytest.param(SENT.rstrip()[:-4] + b"ZZZZ", KEY, "crc_field_not_hex", id="a checksum that is no number"),
        pytest.param(SENT.rstrip()[:-4] + b"0000", KEY, "undecryptable", id="another checksum"),
        pytest.param(b"##xxxx" + SENT[6:], KEY, "bad_length_field", id="no length"),
    ],
)
def test_what_cannot_be_opened_is_refused(frame, key, reason):
    assert refused(frame, key).reason == reason


def test_the_header_of_a_sealed_frame_can_be_read_without_its_key():
    seen = refused(SENT, None).message
    assert seen is not None
    assert (seen.mn, seen.cn, seen.qn, seen.values, seen.other) == (MN, "2011", "20240520210600001", {}, {})
    assert seen.crc_given == PLAIN.rstrip()[-4:].decode()


def test_the_length_is_known_before_the_frame_is_opened():
    sealed = Sealed(SENT.rstrip()[6:-4])
    assert sealed.plain_length == len(PLAIN.rstrip()) - 10
