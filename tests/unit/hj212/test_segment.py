"""Header fields and items of CP: strict where it is garbage, lenient where loggers really differ (R3, R4)."""

import pytest

from hj212 import answers
from hj212.decode import decode
from hj212.encode import frame
from hj212.message import Fault, Message
from hj212.segment import parse, salvage

MN = "010000A8900016F000169DC0"
CP = "CP=&&DataTime=20261124100000;a21026-Avg=1&&"


def said(segment: str) -> Message | Fault:
    return decode(frame(segment.encode()))


@pytest.mark.parametrize(
    "segment",
    [
        pytest.param(f"ST=31;CN=2061;PW=123456;MN={MN};{CP}", id="no QN and no Flag, as 2005 uploads"),
        pytest.param(f"QN=;ST=31;CN=2061;PW=123456;MN={MN};Flag=4;{CP}", id="an empty QN"),
        pytest.param(f"{CP};MN={MN};CN=2061;ST=31;Flag=4", id="CP before the other fields"),
        pytest.param(f"st=31;cn=2061;mn={MN};FLAG=4;cp=&&{CP[5:]}", id="names in another case"),
        pytest.param(f"ST=31;CN=2061;PW=1;MN={MN};Flag=4;{CP}", id="a short password"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=4;{CP}", id="no password"),
        pytest.param(f"ST=31;CN=2061;PW=123456;MN=88888880000001;Flag=4;{CP}", id="an MN of 2005 under a Flag of 2017"),
        pytest.param(f"ST=32;CN=2061;PW=123456;MN={MN};Flag=4;{CP}", id="the ST of waste water"),
        pytest.param(f"ST=31;CN=2061;PW=123456;MN={MN};Flag=4;PNUM=0;PNO=0;{CP}", id="PNUM and PNO of nothing"),
        pytest.param(f"ST=31;CN=2061;MN={MN};MN={MN};Flag=4;{CP}", id="a field twice, and the same"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=4;Vendor=7;;{CP}", id="a field of the maker's, an empty one"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=9;RF=1;{CP}", id="RF of a backfilled packet"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=12;{CP}", id="a version that is still to come"),
        pytest.param(
            f"ST=31;CN=2061;MN={MN};Flag=4;CP=&&DataTime=20261124100000123&&", id="DataTime to the millisecond"
        ),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=4;CP=&&a1-Avg=1;DataTime=20261124100000&&", id="DataTime at the end"),
        pytest.param(f"ST=31;CN=9021;MN={MN};Flag=0;CP=&&&&", id="a maker's heartbeat"),
        pytest.param(f"ST=31;CN=2011;MN={MN};Flag=5;CP=&&&&", id="a request to begin uploading"),
        pytest.param(
            f"ST=31;CN=2061;MN={MN};Flag=1;CP=&&BeginTime=20261124100000,EndTime=20261124110000&&",
            id="a request of 2005, its items behind commas",
        ),
    ],
)
def test_what_loggers_really_send_is_accepted(segment):
    assert isinstance(said(segment), Message), said(segment)


@pytest.mark.parametrize(
    ("segment", "reason"),
    [
        pytest.param(f"CN=2061;MN={MN};{CP}", "bad_header_field", id="no ST"),
        pytest.param(f"ST=31;CN=2061;MN={MN};MN=88888880000001;{CP}", "bad_header_field", id="two MNs"),
        pytest.param(f"ST=31;CN=2061;MN=a/+/#;{CP}", "bad_header_field", id="an MN that is a topic filter"),
        pytest.param(f"ST=31;CN=2061;MN=烟囱;{CP}", "bad_header_field", id="an MN in Chinese"),
        pytest.param(f"ST=31;CN=２０６１;MN={MN};{CP}", "bad_header_field", id="digits of another script"),
        pytest.param(f"ST=31;CN=2061;PW=a&b;MN={MN};{CP}", "bad_header_field", id="a password that breaks a frame"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=-1;{CP}", "bad_header_field", id="a negative Flag"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=;{CP}", "bad_header_field", id="an empty Flag"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=4;PNUM=x;{CP}", "bad_header_field", id="PNUM that is no number"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=7;PNUM=2;PNO=0;{CP}", "bad_header_field", id="packet 0 of 2"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=7;PNUM=2;PNO=12345;{CP}", "bad_header_field", id="a PNO too long"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=9;RF=0;{CP}", "bad_header_field", id="RF=0, which does not exist"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=4;{CP}junk", "cp_unterminated", id="text behind CP"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=4;CP=&&", "cp_unterminated", id="CP opened only"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=4;XCP=&&&&", "cp_unterminated", id="a field that only ends in CP"),
        pytest.param(
            f"ST=31;CN=2061;MN={MN};Flag=4;CP=&&DataTime=20261124100000;a1-Avg=1;DataTime=20261124110000;a1-Avg=2&&",
            "bad_datatime",
            id="two times in one packet",
        ),
        pytest.param(f"ST=31;CN=2061;MN={MN};CP=&&DataTime=;a1-Avg=1&&", "bad_datatime", id="an empty DataTime"),
        pytest.param(f"ST=31;CN=2011;MN={MN};CP=&&Foo=1&&", "bad_datatime", id="items, but no time and no span"),
        pytest.param(f"ST=31;CN=2061;MN=;Flag=256;{CP[:-2]}", "cp_unterminated", id="several faults: the first one"),
        pytest.param(f"ST=31;CN=2061;MN={MN};Flag=x;CP=&&&&", "bad_header_field", id="a field goes before the time"),
    ],
)
def test_garbage_is_refused(segment, reason):
    decoded = said(segment)
    assert isinstance(decoded, Fault)
    assert decoded.reason == reason
    assert decoded.message is not None


@pytest.mark.parametrize(
    ("content", "values", "other"),
    [
        pytest.param("PolId", {}, {"PolId": ""}, id="a word without a value"),
        pytest.param("-Rtd=1;a1-=2;=3", {}, {"-Rtd": "1", "a1-": "2"}, id="keys with a half missing"),
        pytest.param("a1-Min=-0.085", {"a1": {"Min": "-0.085"}}, {}, id="a dash in the value"),
        pytest.param("a1-Info=//x//;b=2", {"a1": {"Info": "//x//"}}, {"b": "2"}, id="quoted text"),
        pytest.param("a1-Info=////;b=2", {"a1": {"Info": "////"}}, {"b": "2"}, id="quoted nothing"),
        pytest.param("a1-Info=//x, y;b=2", {"a1": {"Info": "//x"}}, {"y": "", "b": "2"}, id="a quote never closed"),
        pytest.param(
            "a1-Info=//x;y//,b1-Info=//u,v//;c=1",
            {"a1": {"Info": "//x;y//"}, "b1": {"Info": "//u,v//"}},
            {"c": "1"},
            id="two quoted texts",
        ),
        pytest.param(
            "p=http://x/1.jpg;q=http://x/2.jpg", {}, {"p": "http://x/1.jpg", "q": "http://x/2.jpg"}, id="addresses"
        ),
    ],
)
def test_items_of_cp(content, values, other):
    message, closed, _ = parse(f"ST=31;CN=3020;MN={MN};CP=&&{content}&&".encode())
    assert closed
    assert (message.values, message.other) == (values, other)


@pytest.mark.parametrize(
    ("data", "mn", "given"),
    [
        pytest.param(f"0442QN=1;ST=31;MN={MN};CP=&&a1-Rtd=1&&C0C1".encode(), MN, "C0C1", id="no header"),
        pytest.param(f"\x00\xff;MN={MN};CP=&&a1-Rtd".encode("latin-1"), MN, None, id="cut within CP"),
        pytest.param(f"MN={MN};CP=&&{{0xE4,0x3E".encode(), MN, None, id="cut within an encrypted CP"),
        pytest.param(b"MN=", "", None, id="a name only"),
    ],
)
def test_what_a_broken_frame_still_says(data, mn, given):
    message = salvage(data)
    assert message is not None
    assert (message.mn, message.crc_given) == (mn, given)


def test_where_there_is_nothing_to_read_nothing_is_invented():
    assert salvage(b"\x16\x03\x01 GET / HTTP/1.1") is None


@pytest.mark.parametrize("pw", ["!~", "A" * 32, "a:b", ""])
def test_whatever_is_accepted_can_be_answered(pw):
    decoded = said(f"QN=20261124110005001;ST=31;CN=2061;PW={pw};MN={MN};Flag=5;{CP}")
    assert isinstance(decoded, Message)
    for answer in (answers.data_answer, answers.notice_answer, answers.request_answer, answers.result):
        assert isinstance(decode(answer(decoded)), Message)
