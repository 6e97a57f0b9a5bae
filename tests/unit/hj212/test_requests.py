"""Requests, uploads and answers of every command."""

from datetime import datetime

import pytest

from hj212 import answers
from hj212.commands import COMMANDS
from hj212.decode import decode
from hj212.encode import Unencodable, message
from hj212.message import Message
from hj212.moments import BEIJING
from hj212.requests import backfill, request, upload

MN = "010000A8900016F000169DC0"
AT = datetime(2026, 11, 24, 11, 0, 5, 1000, BEIJING)


def read(frame: bytes) -> Message:
    decoded = decode(frame)
    assert isinstance(decoded, Message), decoded
    return decoded


@pytest.mark.parametrize("edition", [2005, 2017, 2025])
@pytest.mark.parametrize(
    ("cn", "items"),
    [
        ("1000", {"OverTime": "10", "ReCount": "3"}),
        ("1011", {"PolId": "a21026"}),
        ("1012", {"SystemTime": "20261124110005"}),
        ("1061", {}),
        ("1062", {"RtdInterval": "30"}),
        ("1063", {}),
        ("1064", {"MinInterval": "10"}),
        ("1072", {"NewPW": "654321"}),
        ("3019", {"PolId": "a21026"}),
        ("3020", {"PolId": "a21026", "InfoId": "i12001"}),
        ("9013", {}),
    ],
)
def test_requests_come_back_as_they_were_made(cn, items, edition):
    asked = read(request(cn, mn=MN, at=AT, edition=edition, items=items))
    assert (asked.cn, asked.qn, asked.other, asked.edition) == (cn, "20261124110005001", items, edition)
    assert asked.flag is not None
    assert asked.flag.needs_answer


@pytest.mark.parametrize("cn", ["2051", "2061", "2031"])
def test_backfill_requests_name_their_span(cn):
    frame = backfill(cn, mn=MN, at=AT, begin=AT.replace(minute=0, second=0), end=AT)
    assert b";CP=&&BeginTime=20261124110000;EndTime=20261124110005&&" in frame


@pytest.mark.parametrize(
    ("cn", "fields"),
    [
        ("1011", {"items": {"SystemTime": "20261124110005"}}),
        ("1013", {"items": {"PolId": "a21026"}}),
        ("1061", {"items": {"RtdInterval": "30"}}),
        ("1063", {"items": {"MinInterval": "10"}}),
        ("2021", {"data_time": AT, "values": {"SB1": {"RS": "1"}}}),
        ("2041", {"data_time": AT, "values": {"SB1": {"RT": "23.5"}}}),
        ("2081", {"data_time": AT, "items": {"RestartTime": "20261124110000"}}),
        ("3019", {"values": {"a21026": {"SN": "7"}}}),
        ("3020", {"data_time": AT, "items": {"PolId": "a21026"}, "values": {"i11001": {"Info": "//door; open//"}}}),
        ("9015", {}),
    ],
)
def test_uploads_come_back_as_they_were_made(cn, fields):
    sent = read(upload(cn, mn=MN, at=AT, **fields))
    assert sent.cn == cn
    assert sent.other == fields.get("items", {})
    assert sent.values == fields.get("values", {})


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: request("9015", mn=MN, at=AT), id="a heartbeat does not go down"),
        pytest.param(lambda: upload("1012", mn=MN, at=AT), id="setting the time does not go up"),
        pytest.param(lambda: request("7777", mn=MN, at=AT), id="no such command"),
        pytest.param(lambda: request("1000", mn=MN, at=AT, items={"Over": "1"}), id="no such item"),
        pytest.param(lambda: request("1062", mn=MN, at=AT, items={"RtdInterval": "29"}), id="29 seconds"),
        pytest.param(lambda: request("1064", mn=MN, at=AT, items={"MinInterval": "7"}), id="7 minutes"),
        pytest.param(lambda: message(st="31", cn="2011", mn="a;b"), id="a semicolon in the MN"),
        pytest.param(lambda: message(st="31", cn="2011", mn=MN, other={"x": "a&&b"}), id="&& in a value"),
        pytest.param(lambda: message(st="31", cn="2011", mn=MN, other={"x": "a" * 10_000}), id="too long"),
        pytest.param(lambda: message(st="31", cn="2011", mn=MN, other={"a-b": "1"}), id="an item that has a suffix"),
        pytest.param(lambda: message(st="31", cn="2011", mn=MN, other={"x": "//a"}), id="a quote never closed"),
        pytest.param(lambda: message(st="31", cn="2011", mn=MN, values={"a;b": {"Rtd": "1"}}), id="a code with ;"),
        pytest.param(lambda: message(st="31", cn="2011", mn=MN, values={"a": {"R-S": "1"}}), id="a suffix with a dash"),
        pytest.param(lambda: message(st="31", cn="2011", mn=MN, flag=256), id="a Flag of nine bits"),
        pytest.param(lambda: message(st="31", cn="2011", mn=MN, flag=5, pnum=2, pno=1), id="PNUM unannounced"),
        pytest.param(lambda: message(st="31", cn="2011", mn=MN, flag=7), id="PNUM announced and not there"),
    ],
)
def test_what_cannot_be_sent_is_refused(wrong):
    with pytest.raises(Unencodable):
        wrong()


DATA = message(
    qn="20261124110005001", st="31", cn="2061", mn=MN, flag=7, pnum=2, pno=1, data_time="20261124100000", values={}
)


@pytest.mark.parametrize(
    ("answer", "cn", "other"),
    [
        (answers.data_answer, "9014", {}),
        (answers.notice_answer, "9013", {}),
        (answers.request_answer, "9011", {"QnRtn": "1"}),
        (answers.result, "9012", {"ExeRtn": "1"}),
    ],
)
def test_answers_name_the_exchange_and_want_none_back(answer, cn, other):
    said = read(answer(read(DATA)))
    assert (said.cn, said.st, said.qn, said.mn, said.other) == (cn, "91", "20261124110005001", MN, other)
    assert said.flag is not None
    assert (said.flag.raw, said.flag.needs_answer) == ("4", False)


def test_every_command_has_names_in_both_languages():
    assert all(command.name_en and command.name_zh for command in COMMANDS.values())
    assert all(cn == command.cn and len(cn) == 4 for cn, command in COMMANDS.items())
