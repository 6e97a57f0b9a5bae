import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import decode
from contracts.feed import read_line
from contracts.topics import shard_of
from hj212.decode import decode as decode_frame
from ingest.intake import KEPT, PIECES, WHOLE, Intake, Kept, Quarantined
from tests.unit.ingest.town import MN, NOW, TOWN, frame, intake, with_wrong_checksum


def test_an_accepted_frame_becomes_the_line_of_its_shard_as_it_came():
    taken = intake().frames(MN, frame(), NOW)
    (kept,) = taken.records
    assert kept.shard == shard_of(MN)
    assert json.loads(kept.line) == {
        "kind": "packet",
        "received_at": "2026-11-24T10:00:03.120+08:00",
        "mn": MN,
        "frame": frame().decode().rstrip("\r\n"),
        "gateway": "gw1",
    }


def test_a_frame_that_wants_an_answer_gets_9014_with_its_own_qn():
    (answer,) = intake().frames(MN, frame(qn="20261124100003001"), NOW).answers
    message = decode_frame(answer)
    assert (message.cn, message.qn, message.mn) == ("9014", "20261124100003001", MN)
    assert answer.endswith(b"\r\n")


def test_a_frame_that_wants_no_answer_gets_none():
    assert intake().frames(MN, frame(flag=4), NOW).answers == ()


def test_a_heartbeat_travels_with_the_packets_and_is_answered_by_9013():
    taken = intake().frames(MN, frame(cn="9015", flag=9, at=None), NOW)
    assert [record.heartbeat for record in taken.records] == [True]
    assert decode_frame(taken.answers[0]).cn == "9013"


def test_several_frames_in_one_payload_become_lines_in_their_order():
    payload = b"".join(frame(qn=f"2026112410000300{n}") for n in range(5))
    taken = intake().frames(MN, payload, NOW)
    assert [decode_frame(read_line(record.line).frame_bytes).qn[-1] for record in taken.records] == list("01234")
    assert len(taken.answers) == 5


@pytest.mark.parametrize(
    ("payload", "reason", "answered"),
    [
        pytest.param(b"", "no_header", False, id="nothing at all"),
        pytest.param(b"hello", "no_header", False, id="no header"),
        pytest.param(b"##04x2QN=1", "bad_length_field", False, id="a length that is no number"),
        pytest.param(frame().rstrip()[:-9], "length_mismatch", False, id="half a frame"),
        pytest.param(frame().rstrip()[:-1] + b"z", "crc_field_not_hex", False, id="a checksum that is not hexadecimal"),
        pytest.param(with_wrong_checksum(frame()), "crc", False, id="a wrong checksum"),
        pytest.param(frame(mn="88888880000001"), "mn_mismatch", False, id="another logger's MN"),
        pytest.param(frame(at="20261340100000"), "bad_datatime", True, id="a DataTime that is none"),
        pytest.param(frame(at=NOW + timedelta(minutes=11)), "datatime_ahead", True, id="a DataTime of the future"),
        pytest.param(frame(at=NOW - timedelta(days=367)), "datatime_too_old", True, id="a DataTime of last year"),
        pytest.param(frame(cn="7777"), "unsupported_cn", True, id="a command nobody knows"),
    ],
)
def test_a_bad_frame_is_quarantined_whole_with_one_reason(payload, reason, answered):
    taken = intake().frames(MN, payload, NOW)
    (record,) = taken.records
    assert isinstance(record, Quarantined)
    assert record.reason == reason
    rejected = decode(record.line)
    assert (rejected.reason, rejected.mn, rejected.received_at) == (reason, MN, NOW)
    assert read_line(rejected.line.encode()).frame_bytes == payload.rstrip(b"\r\n")
    assert bool(taken.answers) == answered


def test_an_unregistered_logger_is_quarantined():
    (record,) = intake().frames("99", frame(mn="99"), NOW).records
    assert record.reason == "unknown_mn"


def test_a_good_frame_beside_a_bad_one_is_kept():
    taken = intake().frames(MN, with_wrong_checksum(frame()) + b"\r\n" + frame(), NOW)
    assert [type(record) for record in taken.records] == [Quarantined, Kept]
    assert len(taken.answers) == 1


@pytest.mark.parametrize("size", [WHOLE + 1, KEPT, KEPT + 1, 1_000_000])
@pytest.mark.parametrize("byte", [b"#", b"\x01", b'"', b"\xff"])
def test_a_payload_beyond_all_measure_is_one_line_that_fits_into_kafka(size, byte):
    taken = intake().frames(MN, byte * size, NOW)
    (record,) = taken.records
    assert record.reason == "length_mismatch"
    assert str(size) in decode(record.line).detail
    assert len(record.line) < 1_000_000


def test_a_payload_of_countless_headers_is_not_split_without_end():
    taken = intake().frames(MN, b"##" * (WHOLE // 2), NOW)
    assert len(taken.records) == PIECES
    assert all(isinstance(record, Quarantined) for record in taken.records)


def test_a_json_monitor_becomes_the_same_feed():
    body = b'{"cn": "2061", "data_time": "2026-11-24T09:00:00+08:00", "values": {"a21026": {"Avg": 12.3, "Flag": "N"}}}'
    taken = intake().reading("O3", body, NOW)
    (kept,) = taken.records
    assert kept.shard == shard_of("O3"), "an outlet without a logger has the shard of its id"
    assert json.loads(kept.line)["kind"] == "monitor"
    assert taken.answers == ()


@pytest.mark.parametrize(
    ("outlet", "body", "reason"),
    [
        pytest.param("O1", b"not json", "bad_header_field", id="no JSON"),
        pytest.param("nobody", b"{}", "unknown_mn", id="an outlet that is not registered"),
        pytest.param("O1", b" " * (WHOLE + 1), "bad_header_field", id="a body beyond all measure"),
    ],
)
def test_a_bad_reading_is_quarantined(outlet, body, reason):
    (record,) = intake().reading(outlet, body, NOW).records
    assert (record.reason, record.mn) == (reason, outlet)


def test_a_line_that_cannot_be_examined_stops_nothing(caplog):
    class Broken:
        def examine(self, line):
            raise RuntimeError("a bug")

    (record,) = Intake(TOWN, Broken(), gateway="gw1").frames(MN, frame(), NOW).records
    assert record.reason == "bad_header_field"
    assert "a bug" in decode(record.line).detail
    assert "goes to quarantine" in caplog.text


@given(st.lists(st.one_of(st.binary(max_size=60), st.just(frame()), st.just(b"##"), st.just(b"\r\n"))).map(b"".join))
def test_every_payload_becomes_lines_that_lose_no_byte(payload):
    records = intake().frames(MN, payload, NOW).records
    assert records
    kept = b""
    for record in records:
        line = record.line if isinstance(record, Kept) else decode(record.line).line.encode()
        kept += read_line(line).frame_bytes
    assert kept.translate(None, b"\r\n") == payload.translate(None, b"\r\n")
