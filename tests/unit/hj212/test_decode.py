"""One frame in, a message or one reason out (R3, R4)."""

import pytest

from hj212.crc import CrcProfile
from hj212.decode import decode
from hj212.encode import frame, message
from hj212.message import Fault, Message

MN = "010000A8900016F000169DC0"
VALUES = {"a21026": {"Avg": "12.30", "Flag": "N"}}
HEAD = f"QN=20261124110005001;ST=31;CN=2061;PW=123456;MN={MN};Flag=5"
GOOD = message(
    qn="20261124110005001", st="31", cn="2061", mn=MN, flag=5, data_time="20261124100000", values=VALUES
).rstrip()


def framed(segment: str) -> bytes:
    return frame(segment.encode()).rstrip()


def with_cp(content: str, head: str = HEAD) -> Message:
    decoded = decode(framed(f"{head};CP=&&{content}&&"))
    assert isinstance(decoded, Message), decoded
    return decoded


CP = "CP=&&DataTime=20261124100000;a21026-Avg=1&&"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "no_header", id="nothing"),
        pytest.param(b"QN=1;CN=2011", "no_header", id="no ## at the start"),
        pytest.param(b"#" + GOOD[1:].replace(b"#", b""), "no_header", id="one # only"),
        pytest.param(b"##01A4" + GOOD[6:], "bad_length_field", id="a letter in the length"),
        pytest.param(b"##", "bad_length_field", id="no length at all"),
        pytest.param(GOOD[:-10], "length_mismatch", id="cut off"),
        pytest.param(GOOD + b"XX", "length_mismatch", id="something behind the checksum"),
        pytest.param(b"##9999" + GOOD[6:], "length_mismatch", id="a length that is too long"),
        pytest.param(GOOD[:-4] + b"ZZZZ", "crc_field_not_hex", id="letters that are no digits"),
        pytest.param(GOOD[:-4] + b"0000", "crc", id="another checksum"),
        pytest.param(GOOD.replace(b"12.30", b"12.31"), "crc", id="one digit changed"),
        pytest.param(framed(f"{HEAD};CP=&&DataTime=20261124100000"), "cp_unterminated", id="CP not closed"),
        pytest.param(framed(HEAD), "cp_unterminated", id="no CP"),
        pytest.param(framed(f"{HEAD};CP=&&{{0xE4,0x3E}}tail&&"), "undecryptable", id="encrypted and no key is known"),
        pytest.param(framed(f"ST=31;CN=2061;PW=123456;Flag=5;{CP}"), "bad_header_field", id="no MN"),
        pytest.param(framed(f"ST=31;CN=2061;PW=1;MN=;Flag=5;{CP}"), "bad_header_field", id="an empty MN"),
        pytest.param(framed(f"ST=31;CN=2061;PW=1;MN=a b;Flag=5;{CP}"), "bad_header_field", id="an MN with a space"),
        pytest.param(framed(f"ST=31;CN=20x1;MN={MN};Flag=5;{CP}"), "bad_header_field", id="a CN that is no number"),
        pytest.param(framed(f"ST=31;MN={MN};Flag=5;{CP}"), "bad_header_field", id="no CN"),
        pytest.param(framed(f"ST=311;CN=2061;MN={MN};Flag=5;{CP}"), "bad_header_field", id="an ST of three characters"),
        pytest.param(framed(f"ST=31;CN=2061;MN={MN};Flag=x;{CP}"), "bad_header_field", id="a Flag that is no number"),
        pytest.param(framed(f"ST=31;CN=2061;MN={MN};Flag=256;{CP}"), "bad_header_field", id="a Flag over 255"),
        pytest.param(framed(f"QN=2026;ST=31;CN=2061;MN={MN};{CP}"), "bad_header_field", id="a QN of four digits"),
        pytest.param(
            framed(f"ST=31;CN=2061;MN={MN};Flag=7;{CP}"), "bad_header_field", id="announced PNUM is not there"
        ),
        pytest.param(framed(f"ST=31;CN=2061;MN={MN};Flag=7;PNUM=2;PNO=3;{CP}"), "bad_header_field", id="packet 3 of 2"),
        pytest.param(framed(f"{HEAD};CP=&&a21026-Avg=1&&"), "bad_datatime", id="no DataTime"),
        pytest.param(framed(f"{HEAD};CP=&&DataTime=20261324100000&&"), "bad_datatime", id="month 13"),
        pytest.param(framed(f"{HEAD};CP=&&DataTime=20260230100000&&"), "bad_datatime", id="30 February"),
        pytest.param(framed(f"{HEAD};CP=&&DataTime=2026112410&&"), "bad_datatime", id="ten digits"),
        pytest.param(framed(f"ST=31;CN=8888;MN={MN};Flag=5;CP=&&&&"), "unsupported_cn", id="a CN of no edition"),
    ],
)
def test_the_first_reason_that_applies(data, reason):
    decoded = decode(data)
    assert isinstance(decoded, Fault)
    assert decoded.reason == reason
    assert decoded.detail


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\n"], ids=["nothing behind", "CR LF behind", "LF behind"])
def test_a_good_frame_with_any_line_end(end):
    decoded = decode(GOOD + end)
    assert isinstance(decoded, Message)
    assert (decoded.cn, decoded.mn, decoded.edition) == ("2061", MN, 2017)
    assert decoded.values == VALUES


def test_what_could_be_read_of_a_refused_frame_is_kept():
    decoded = decode(GOOD[:-4] + b"0000")
    assert isinstance(decoded, Fault)
    assert decoded.message is not None
    assert (decoded.message.mn, decoded.message.crc_given) == (MN, "0000")


def test_a_lower_case_checksum_is_right():
    lower = GOOD[:-4] + GOOD[-4:].lower()
    assert isinstance(decode(lower), Message)


def test_a_modbus_logger_is_accepted_by_its_profile_only():
    sent = message(st="31", cn="2061", mn=MN, flag=5, data_time="20261124100000", values=VALUES, crc=CrcProfile.MODBUS)
    assert isinstance(decode(sent, crc=CrcProfile.MODBUS), Message)
    assert isinstance(decode(sent), Fault)
    assert isinstance(decode(GOOD, crc=CrcProfile.MODBUS), Fault)


@pytest.mark.parametrize(
    ("content", "values"),
    [
        pytest.param("SB-1-RS=1", {"SB-1": {"RS": "1"}}, id="a key is split at its last dash"),
        pytest.param(
            "a1-Avg=1,a1-Flag=N;;a2-Avg=2;,", {"a1": {"Avg": "1", "Flag": "N"}, "a2": {"Avg": "2"}}, id="empty items"
        ),
        pytest.param(
            "01-Rtd=1,a34013-Rtd=2", {"01": {"Rtd": "1"}, "a34013": {"Rtd": "2"}}, id="codes of both editions"
        ),
        pytest.param("a1-Avg=", {"a1": {"Avg": ""}}, id="an empty value is kept as sent"),
        pytest.param("a1-Avg=1=2", {"a1": {"Avg": "1=2"}}, id="an equals sign in a value"),
        pytest.param("a1-Weird9=x", {"a1": {"Weird9": "x"}}, id="a suffix that no table has"),
        pytest.param("a1-Avg=1,a1-Avg=2", {"a1": {"Avg": "2"}}, id="the later of two equal keys"),
    ],
)
def test_values_are_text_as_sent(content, values):
    assert with_cp(f"DataTime=20261124100000;{content}").values == values


def test_items_without_a_suffix_stand_apart():
    decoded = decode(framed(f"ST=31;CN=9012;PW=1;MN={MN};Flag=4;CP=&&ExeRtn=1&&"))
    assert isinstance(decoded, Message)
    assert decoded.other == {"ExeRtn": "1"}


def test_text_between_double_slashes_may_hold_commas_and_semicolons():
    decoded = with_cp(
        "DataTime=20261124100000;PolId=a1;a1-Info=//door open; checked, ok//;a1-SN=7", HEAD.replace("2061", "3020")
    )
    assert decoded.values == {"a1": {"Info": "//door open; checked, ok//", "SN": "7"}}


def test_fields_are_read_by_name_in_any_order_and_case():
    decoded = decode(framed(f"MN={MN};FLAG=5;CN=2061;ST=31;{CP}"))
    assert isinstance(decoded, Message)
    assert decoded.flag is not None
    assert decoded.flag.needs_answer


@pytest.mark.parametrize(
    ("flag", "edition", "answer", "numbered"),
    [
        (0, 2005, False, False),
        (1, 2005, True, False),
        (4, 2017, False, False),
        (7, 2017, True, True),
        (9, 2025, True, False),
    ],
)
def test_flag_bits(flag, edition, answer, numbered):
    numbers = "PNUM=2;PNO=1;" if numbered else ""
    decoded = decode(framed(f"ST=31;CN=2061;MN={MN};Flag={flag};{numbers}{CP}"))
    assert isinstance(decoded, Message)
    assert decoded.flag is not None
    assert (decoded.edition, decoded.flag.needs_answer, decoded.flag.has_packet_number) == (edition, answer, numbered)


def test_chinese_text_counts_in_bytes():
    decoded = with_cp("DataTime=20261124100000;a1-Note=烟尘")
    assert decoded.values["a1"]["Note"] == "烟尘"


def test_a_frame_in_another_charset_is_still_read():
    segment = f"{HEAD};CP=&&DataTime=20261124100000;a1-Note=".encode() + "烟尘".encode("gbk") + b"&&"
    assert isinstance(decode(frame(segment)), Message)


KEY = b"0" * 16


def test_an_encrypted_frame_is_what_the_standard_prints():
    sent = message(
        qn="20240520210600001",
        st="31",
        cn="2011",
        mn=MN,
        flag=9,
        data_time="20240520210600",
        values={"a34013": {"Rtd": "12.34"}},
        key=KEY,
    )
    plain = message(
        qn="20240520210600001",
        st="31",
        cn="2011",
        mn=MN,
        flag=9,
        data_time="20240520210600",
        values={"a34013": {"Rtd": "12.34"}},
    )
    assert b"CP=&&{0xE4,0x3E,0x15,0x9A," in sent
    assert sent.endswith(b"}td=12.34&&" + plain[-6:])
    assert sent[:6] == plain[:6]
    decoded = decode(sent, key=KEY)
    assert isinstance(decoded, Message)
    assert decoded.values == {"a34013": {"Rtd": "12.34"}}


def test_the_wrong_key_is_undecryptable():
    sent = message(st="31", cn="2011", mn=MN, flag=9, data_time="20240520210600", values=VALUES, key=KEY)
    for key in (b"1" * 16, b"short", None):
        decoded = decode(sent, key=key)
        assert isinstance(decoded, Fault)
        assert decoded.reason == "undecryptable"
