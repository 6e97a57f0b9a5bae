"""From feed lines to events: the acceptance of R3 and the lines beside packets."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import BadLine, decode, encode
from contracts.feed import (
    Acceptance,
    Heartbeat,
    MonitorLine,
    PacketLine,
    answer_to,
    encode_line,
    monitor_line,
    packet_line,
    read_line,
)
from emissions.beijing import BEIJING
from emissions.event import Packet
from emissions.finding import Rejected
from emissions.register import Division, Enterprise, Register
from emissions.rules import Parameters
from hj212.crc import CrcProfile
from hj212.decode import decode as decode_frame
from hj212.encode import message
from hj212.message import Message
from tests.unit.emissions.world import outlet

MN = "MN1"
NOW = datetime(2026, 11, 24, 11, 5, 0, 120000, BEIJING)
REGISTER = Register(
    divisions={"371502": Division(code="371502", name="x", parent="")},
    enterprises={"E1": Enterprise(id="E1", name="e", county="371502", industry="power")},
    outlets={"O1": outlet("O1", mn=MN)},
)
ACCEPTANCE = Acceptance(REGISTER, Parameters())
VALUES = {"a21026": {"Avg": "12.30", "Flag": "N"}}


def sent(**fields: object) -> bytes:
    plain = {"st": "31", "cn": "2061", "mn": MN, "qn": "20261124110005001", "flag": 5, "data_time": "20261124100000"}
    return message(**({"values": VALUES} | plain | fields)).rstrip()


def examine(frame: bytes, *, login: str = MN, received: datetime = NOW):
    return ACCEPTANCE.examine(packet_line(received, login, frame, "gw1"))


@pytest.mark.parametrize(
    ("frame", "fields", "reason"),
    [
        pytest.param(b"rubbish", {}, "no_header", id="no frame at all"),
        pytest.param(sent()[:-4] + b"0000", {}, "crc", id="a wrong checksum"),
        pytest.param(sent(mn="MN2"), {}, "mn_mismatch", id="another logger's frame"),
        pytest.param(sent(mn="MN2"), {"login": "MN2"}, "unknown_mn", id="a logger that nobody registered"),
        pytest.param(sent(mn="MN2", cn="8888"), {"login": "MN2"}, "unknown_mn", id="unknown goes before unsupported"),
        pytest.param(sent(mn="MN2", data_time="20261341000000"), {}, "mn_mismatch", id="mismatch before the date"),
        pytest.param(sent(data_time=None), {}, "bad_datatime", id="no DataTime"),
        pytest.param(sent(data_time=None, values={}), {}, "bad_datatime", id="a request comes up from a logger"),
        pytest.param(sent(cn="8888"), {}, "unsupported_cn", id="a command of no edition"),
        pytest.param(sent(data_time="20261124111501"), {}, "datatime_ahead", id="ten minutes and a bit ahead"),
        pytest.param(
            sent(), {"received": NOW + timedelta(days=366)}, "datatime_too_old", id="366 days and an hour late"
        ),
    ],
)
def test_refused_with_the_first_reason_that_applies(frame, fields, reason):
    event = examine(frame, **fields).event
    assert isinstance(event, Rejected)
    assert event.reason == reason
    again = read_line(event.line.encode())
    assert isinstance(again, PacketLine)
    assert again.frame_bytes == frame


@pytest.mark.parametrize(
    ("frame", "fields"),
    [
        pytest.param(sent(), {}, id="a plain hour"),
        pytest.param(
            sent(data_time="20261124111500"), {"received": NOW.replace(microsecond=0)}, id="ten minutes ahead"
        ),
        pytest.param(
            sent(),
            {"received": datetime(2026, 11, 24, 10, 0, tzinfo=BEIJING) + timedelta(days=366)},
            id="366 days late",
        ),
        pytest.param(sent(st="32"), {}, id="a wrong ST is accepted"),
    ],
)
def test_accepted_to_the_very_edge(frame, fields):
    assert isinstance(examine(frame, **fields).event, Packet)


@pytest.mark.parametrize("cn", ["9015", "9021"])
def test_a_heartbeat_is_counted_and_never_quarantined(cn):
    beat = examine(sent(cn=cn, data_time=None, values={})).event
    assert beat == Heartbeat(outlet="O1", mn=MN, received_at=NOW)


def test_codes_of_2005_are_normalised_and_kept():
    frame = message(
        st="31", cn="2061", mn=MN, data_time="20261124100000", values={"02": {"Avg": "1"}, "S01": {"Avg": "6"}}
    )
    packet = examine(frame.rstrip()).event
    assert isinstance(packet, Packet)
    assert packet.values == {"a21026": {"Avg": "1"}, "a19001": {"Avg": "6"}}
    assert packet.sent_codes == {"a21026": "02", "a19001": "S01"}
    assert packet.edition == 2005


@pytest.mark.parametrize("first", ["02", "a21026"])
def test_where_both_code_sets_are_sent_the_newer_goes_before(first):
    both = {"02": {"Avg": "1", "Flag": "D"}, "a21026": {"Avg": "2"}}
    ordered = {first: both[first], **both}
    packet = examine(sent(values=ordered)).event
    assert isinstance(packet, Packet)
    assert packet.values == {"a21026": {"Avg": "2", "Flag": "D"}}


def test_milliseconds_are_dropped_for_periods_and_kept_for_moments():
    hour = examine(sent(data_time="20261124100000500")).event
    now = examine(sent(cn="2011", data_time="20261124110000500")).event
    assert isinstance(hour, Packet)
    assert isinstance(now, Packet)
    assert hour.data_time == datetime(2026, 11, 24, 10, tzinfo=BEIJING)
    assert now.data_time == datetime(2026, 11, 24, 11, 0, 0, 500_000, BEIJING)


def test_a_backfilled_packet_says_so():
    packet = examine(sent(flag=9, rf=True)).event
    assert isinstance(packet, Packet)
    assert (packet.backfill, packet.edition) == (True, 2025)


def test_a_logger_with_the_modbus_profile_is_accepted():
    by_profile = Acceptance(REGISTER, Parameters(), crc_profiles={MN: CrcProfile.MODBUS})
    frame = sent(crc=CrcProfile.MODBUS)
    assert isinstance(by_profile.examine(packet_line(NOW, MN, frame, "gw1")).event, Packet)


def test_an_encrypted_logger_is_read_with_its_key():
    key = b"0123456789abcdef"
    frame = sent(flag=9, key=key)
    keyed = Acceptance(REGISTER, Parameters(), keys={MN: key})
    packet = keyed.examine(packet_line(NOW, MN, frame, "gw1")).event
    assert isinstance(packet, Packet)
    assert packet.values == VALUES
    assert isinstance(examine(frame).event, Rejected)


@pytest.mark.parametrize(
    ("frame", "cn"),
    [
        pytest.param(sent(), "9014", id="data are answered"),
        pytest.param(sent(flag=4), None, id="no answer wanted"),
        pytest.param(sent(flag=None), None, id="no Flag wants no answer"),
        pytest.param(sent(cn="9015", data_time=None, values={}), "9013", id="a heartbeat is a notice"),
        pytest.param(sent(cn="9012", data_time=None, values={}), None, id="an answer is not answered"),
        pytest.param(sent()[:-4] + b"0000", None, id="a damaged frame is not answered"),
        pytest.param(sent(mn="MN2"), None, id="another logger's frame is not answered"),
        pytest.param(sent(data_time="20291124100000"), "9014", id="whole but ahead: kept, sending again mends nothing"),
        pytest.param(sent(cn="8888"), "9014", id="whole but not supported: kept"),
    ],
)
def test_answers(frame, cn):
    answer = answer_to(examine(frame))
    if cn is None:
        assert answer is None
        return
    assert answer is not None
    said = decode_frame(answer)
    assert isinstance(said, Message)
    assert (said.cn, said.mn, said.qn) == (cn, MN, "20261124110005001")


def monitor(body: str, who: str = "O1"):
    return ACCEPTANCE.examine(monitor_line(NOW, who, body.encode(), "gw1")).event


def test_a_json_monitor_becomes_the_same_event():
    packet = monitor(
        '{"cn":"2061","data_time":"2026-11-24T10:00:00+08:00","values":{"a21026":{"Avg":12.3,"Flag":"N"}}}'
    )
    assert isinstance(packet, Packet)
    assert packet.values == {"a21026": {"Avg": "12.3", "Flag": "N"}}
    assert packet.data_time == datetime(2026, 11, 24, 10, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("body", "who", "reason"),
    [
        pytest.param("{}", "O9", "unknown_mn", id="an outlet that nobody registered"),
        pytest.param("{", "O1", "bad_header_field", id="no JSON"),
        pytest.param("[" * 100_000, "O1", "bad_header_field", id="nested without end"),
        pytest.param('{"cn":"1","data_time":"x","values":{}}', "O1", "bad_header_field", id="no such command"),
        pytest.param('{"cn":"2061","data_time":"today","values":{}}', "O1", "bad_datatime", id="no moment"),
        pytest.param(
            '{"cn":"2061","data_time":"2026-11-24T10:00:00","values":{}}', "O1", "bad_datatime", id="no offset"
        ),
        pytest.param(
            '{"cn":"2011","data_time":"20270101000000","values":{}}', "O1", "datatime_ahead", id="ahead of its time"
        ),
    ],
)
def test_a_json_monitor_is_refused_with_a_reason(body, who, reason):
    event = monitor(body, who)
    assert isinstance(event, Rejected)
    assert event.reason == reason


@given(st.binary(max_size=200), st.text(max_size=10))
def test_no_byte_of_a_frame_is_lost_on_its_way_through_the_feed(frame, login):
    line = read_line(encode_line(packet_line(NOW, login, frame, "gw1")))
    assert isinstance(line, PacketLine)
    assert (line.frame_bytes, line.mn, line.received_at) == (frame, login, NOW)


def test_lines_begin_with_their_kind_and_keep_beijing_time():
    line = encode_line(packet_line(NOW, MN, b"##", "gw1"))
    assert line.startswith(b'{"kind":"packet","received_at":"2026-11-24T11:05:00.120+08:00","mn":"MN1","frame":"##"')
    assert isinstance(read_line(encode_line(monitor_line(NOW, "O1", b"{}"))), MonitorLine)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"{}",
        b'{"kind":"hour"}',
        b'{"kind":"due"}',
        b'{"kind":"packet","received_at":"2026-11-24T11:05:00","mn":"a","frame":""}',
        b'{"kind":"packet","received_at":"yesterday","mn":"a","frame":""}',
        b'{"kind":"due","outlet":"o","mn":"m","hour":"2026-11-24T11:00:00"}',
        (
            b'{"kind":"mark","id":"1","outlet":"o","mn":"m","mark":"fault","from":"2026-11-24T11:00:00+08:00",'
            b'"to":"2026-11-24T11:00:00+08:00","entered_at":"2026-11-24T11:00:00+08:00","by":"x"}'
        ),
        b'{"kind":"\xff"}',
        b'{"kind":' + b"[" * 100_000,
    ],
)
def test_a_line_that_is_none_is_said_to_be_bad(line):
    with pytest.raises(BadLine):
        read_line(line)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_codec_raise_anything_else(data):
    for read in (read_line, decode):
        try:
            read(data)
        except BadLine:
            continue


def test_marks_keep_the_name_from_on_the_wire():
    text = (
        b'{"kind":"mark","id":"1","outlet":"o","mn":"m","mark":"fault","from":"2026-11-24T11:00:00+08:00",'
        b'"to":"2026-11-24T12:00:00+08:00","entered_at":"2026-11-24T11:00:00+08:00","by":"x","note":"","revoked":false}'
    )
    assert encode(read_line(text)) == text
