"""Lines that no gateway writes: a fold refuses them, in no time, and goes on."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import encode
from emissions.finding import Rejected
from stackwatch.batch import judge_feed
from streams.judge import Judge
from streams.supervise import City, Supervisor
from tests.integration.recorded import START, _packet, example, feed

REGISTER, RULES = example()
OUTLET = next(iter(REGISTER.outlets.values()))
FRAME = _packet(OUTLET.mn, "2061", START, "4.5", OUTLET.pollutants).decode()
EDGES = (
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00+08:00",
    "9999-12-31T23:59:59-12:00",
    "9999-12-31T23:00:00+08:00",
)


def packet(received_at):
    return {"kind": "packet", "received_at": received_at, "mn": OUTLET.mn, "frame": FRAME, "gateway": "gw1"}


def mark(start, end, entered_at="2026-11-24T00:00:00+08:00"):
    return {
        "kind": "mark", "id": "m", "outlet": OUTLET.id, "mn": OUTLET.mn, "mark": "fault",
        "from": start, "to": end, "entered_at": entered_at, "by": "x",
    }  # fmt: skip


def monitor(data_time, received_at="2026-11-24T00:00:00+08:00"):
    body = json.dumps({"cn": "2061", "data_time": data_time, "values": {"a21026": {"Avg": 1}}})
    return {"kind": "monitor", "received_at": received_at, "outlet": OUTLET.id, "body": body}


AT_THE_EDGE = [
    line
    for edge in EDGES
    for line in (
        packet(edge),
        {"kind": "due", "outlet": OUTLET.id, "mn": OUTLET.mn, "hour": edge},
        mark(edge, "2026-11-24T00:00:00+08:00"),
        mark("2026-11-24T00:00:00+08:00", edge),
        mark("2026-11-24T00:00:00+08:00", "2026-11-24T01:00:00+08:00", entered_at=edge),
        monitor(edge),
        monitor(edge, received_at=edge),
    )
]


@pytest.mark.parametrize("line", AT_THE_EDGE, ids=lambda line: json.dumps(line)[:120])
def test_a_moment_at_the_edge_of_the_calendar_is_refused(line):
    judge = Judge(REGISTER, RULES)
    (refused,) = judge.line(json.dumps(line).encode())
    assert isinstance(refused, Rejected)
    assert refused.reason in {"bad_line", "bad_datatime"}
    assert len(judge.line(json.dumps(packet("2026-11-20T01:05:00+08:00")).encode())) > 1, "the next one is judged"


@pytest.mark.timeout(20)
def test_a_mark_of_thousands_of_years_is_refused_at_once():
    line = mark("1970-01-01T00:00:00+08:00", "2199-12-31T23:00:00+08:00")
    (refused,) = Judge(REGISTER, RULES).line(json.dumps(line).encode())
    assert (refused.reason, refused.detail) == ("bad_line", "mark 'm' is longer than 800 days")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[" * 100_000, id="lists nested without end"),
        pytest.param(b'{"kind":' * 100_000, id="objects nested without end"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b'{"kind": "packet", "received_at": 1e999}', id="an infinite number"),
        pytest.param(b'{"kind": "due", "outlet": "%s", "mn": "", "hour": 1}' % (b"x" * 10**6), id="a megabyte of name"),
        pytest.param(b'{"kind": ["packet"]}', id="a kind that is a list"),
    ],
)
def test_what_is_no_line_is_refused(line):
    (refused,) = Judge(REGISTER, RULES).line(line)
    assert refused.reason == "bad_line"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([*EDGES, OUTLET.id, OUTLET.mn]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(AT_THE_EDGE), st.data())
def test_no_line_of_any_shape_stops_a_fold(line, data):
    field = data.draw(st.sampled_from(sorted(line)))
    for fold in (Judge(REGISTER, RULES), Supervisor(REGISTER, RULES), City(REGISTER, RULES)):
        fold.line(json.dumps({**line, field: data.draw(JSON)}).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("year", [1, 9999])
def test_an_hour_at_the_edge_of_the_calendar_stops_no_county(year):
    judged = judge_feed(feed(REGISTER)[:400], REGISTER, RULES)
    hour, rate = next(iter(judged.hours.values())), next(iter(judged.rates.values()))
    zone = timezone(timedelta(hours=14 if year == 1 else -12))
    edge = datetime(year, 1, 1, tzinfo=zone) if year == 1 else datetime(year, 12, 31, 23, tzinfo=zone)
    for message in (replace(hour, hour=edge), replace(hour, known_at=edge), replace(rate, as_of=edge)):
        for fold in (Supervisor(REGISTER, RULES), City(REGISTER, RULES)):
            fold.line(encode(message))
