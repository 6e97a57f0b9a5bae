"""What a logger says to the platform's requests."""

import pytest

from hj212.decode import decode
from hj212.encode import message
from simulators.responder import Memory, hear
from tests.unit.simulators.reports import HOUR, T0, hour_report

MN = hour_report().mn


def ask(cn, other=None, memory=None):
    frame = message(st="31", cn=cn, mn=MN, qn="20261102120000000", flag=5, other=other or {})
    return hear(frame, memory or Memory(), T0)


def said(heard):
    return [(decode(reply).cn, dict(decode(reply).other)) for reply in heard.replies]


@pytest.mark.parametrize(
    ("cn", "other", "replies"),
    [
        pytest.param(
            "1000", {"OverTime": "5"}, [("9011", {"QnRtn": "1"}), ("9012", {"ExeRtn": "1"})], id="set time-out"
        ),
        pytest.param(
            "1062", {"RtdInterval": "30"}, [("9011", {"QnRtn": "1"}), ("9012", {"ExeRtn": "1"})], id="set an interval"
        ),
        pytest.param(
            "1061",
            {},
            [("9011", {"QnRtn": "1"}), ("1061", {"RtdInterval": "60"}), ("9012", {"ExeRtn": "1"})],
            id="tell an interval",
        ),
        pytest.param(
            "1011",
            {},
            [("9011", {"QnRtn": "1"}), ("1011", {"SystemTime": "20261102080000"}), ("9012", {"ExeRtn": "1"})],
            id="tell the time",
        ),
        pytest.param("3012", {}, [("9011", {"QnRtn": "8"})], id="a command that it cannot do"),
        pytest.param("2061", {}, [("9011", {"QnRtn": "2"})], id="a backfill request without its times"),
    ],
)
def test_requests(cn, other, replies):
    assert said(ask(cn, other)) == replies


def test_a_setting_is_kept():
    memory = Memory()
    ask("1064", {"MinInterval": "10"}, memory)
    assert said(ask("1063", memory=memory))[1] == ("1063", {"MinInterval": "10"})


def test_an_answer_names_its_request():
    assert ask("9014").answered_qn == "20261102120000000"
    assert not ask("9014").replies


def test_a_backfill_request_brings_the_hours_of_its_span():
    memory = Memory()
    memory.reports.extend(hour_report(T0 + number * HOUR) for number in range(5))
    heard = ask("2061", {"BeginTime": "20261102090000", "EndTime": "20261102100000"}, memory)
    assert [decode(reply).cn for reply in heard.replies] == ["9011", "2061", "2061", "9012"]
    assert [report.data_time for report in heard.resent] == [T0 + HOUR, T0 + 2 * HOUR]


def test_a_span_without_data_says_so():
    heard = ask("2061", {"BeginTime": "20261102090000", "EndTime": "20261102100000"})
    assert said(heard) == [("9011", {"QnRtn": "1"}), ("9012", {"ExeRtn": "100"})]


def test_a_torn_request_is_answered_as_such_and_garbage_is_passed_over():
    frame = message(st="31", cn="1011", mn=MN, qn="20261102120000000", flag=5)
    assert said(hear(frame.replace(b"1011", b"1012"), Memory(), T0)) == [("9011", {"QnRtn": "9"})]
    assert not hear(b"garbage", Memory(), T0).replies
