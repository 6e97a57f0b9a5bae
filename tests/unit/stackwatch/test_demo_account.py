"""The account of a run, its differences and digests, and the feed read back from Kafka's partitions."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from emissions.beijing import BEIJING
from simulators.scenario import load_scenario, shipped
from stackwatch.demo.account import SHOWN, Account, Differences, digest
from stackwatch.demo.display import print_report
from stackwatch.demo.play import Bounded, up_to_now
from stackwatch.demo.topic_dump import in_order_of_time
from stackwatch.demo.verify import Report

WHOLE = Account(
    published=100,
    acknowledged=100,
    answers_due=80,
    answered=80,
    relayed=100,
    accepted=95,
    quarantined=5,
    heartbeats=2,
    marks=1,
    readings_expected=90,
    readings_stored=90,
    hours_expected=60,
    hours_judged=60,
    hours_stored=60,
)
START = datetime(2026, 10, 31, tzinfo=BEIJING)


def report(**changes) -> Report:
    fields = {
        "scenario": "small",
        "seed": 8,
        "start": START,
        "end": START + timedelta(hours=30),
        "seconds": 10.0,
        "packets_per_s": 10.0,
        "account": WHOLE,
        "differences": Differences(),
    }
    return Report(**{**fields, **changes})


@pytest.mark.parametrize(
    ("field", "lost"),
    [
        pytest.param("acknowledged", 1, id="a frame that the broker never took"),
        pytest.param("answered", 1, id="an answer that never came"),
        pytest.param("relayed", 1, id="a frame that stands in no topic"),
        pytest.param("readings_stored", 1, id="a reading that the store does not have"),
        pytest.param("hours_judged", 1, id="an hour that was never judged"),
        pytest.param("hours_stored", 1, id="an hour that was judged and not stored"),
    ],
)
def test_whatever_is_missing_at_a_stage_is_lost(field, lost):
    account = replace(WHOLE, **{field: getattr(WHOLE, field) - 1})
    assert account.lost == lost
    assert WHOLE.lost == 0


def test_differences_are_counted_and_the_first_are_kept():
    found = Differences()
    found.add("hours", range(SHOWN + 5))
    found.add("rates", [])
    assert found.counts == {"hours": SHOWN + 5, "rates": 0}
    assert found.first == {"hours": list(range(SHOWN)), "rates": []}
    assert found.total == SHOWN + 5
    assert not report(differences=found).right
    assert report().right


def test_a_digest_knows_no_order_of_fields_but_that_of_lines():
    one, two = b'{"a":1,"b":2}', b'{"b":2,"a":1}'
    assert digest([one, b"{}"]) == digest([two, b"{}"])
    assert digest([one, b"{}"]) != digest([b"{}", one])


def line(minute: int, text: str = "") -> bytes:
    at = (START + timedelta(minutes=minute)).isoformat()
    return f'{{"kind":"packet","received_at":"{at}","frame":"{text}"}}'.encode()


def due(hour: int) -> bytes:
    return f'{{"kind":"due","outlet":"O","hour":"{(START + timedelta(hours=hour)).isoformat()}"}}'.encode()


def test_partitions_are_merged_by_time_and_a_roll_call_stands_where_it_was_due():
    merged = list(in_order_of_time([[line(1), due(0), line(130)], [line(119), line(121)]]))
    assert merged == [line(1), line(119), due(0), line(121), line(130)]


def test_what_cannot_be_read_stands_where_it_came():
    assert list(in_order_of_time([[line(1), b"garbage", line(3)], [line(2)]])) == [
        line(1),
        b"garbage",
        line(2),
        line(3),
    ]


@given(st.lists(st.lists(st.integers(0, 500)), max_size=4))
def test_every_partition_keeps_its_own_order(partitions):
    lines = [
        [line(minute, f"{number}/{place}") for place, minute in enumerate(minutes)]
        for number, minutes in enumerate(partitions)
    ]
    merged = list(in_order_of_time(lines))
    for number, own in enumerate(lines):
        assert [one for one in merged if f'"{number}/'.encode() in one] == own
    assert len(merged) == sum(map(len, lines))


def test_the_report_is_printed_and_written(tmp_path):
    found = Differences()
    found.add("rates: stored against batch", [{"about": ["rate", "county"], "old": 1, "new": 2}])
    console = Console(record=True, width=100, file=io.StringIO())
    print_report(console, report(differences=found, account=replace(WHOLE, hours_stored=58)))
    text = console.export_text()
    assert "lost 2, differences 1" in text
    assert "rates: stored against batch" in text
    report(differences=found).write(tmp_path)
    assert '"right": false' in (tmp_path / "report.json").read_text()


def test_a_bounded_span_is_exact(tmp_path):
    assert Bounded(seconds=60, speed=9000, report=tmp_path).span == timedelta(hours=150)


@pytest.mark.parametrize(
    ("now", "start"),
    [
        pytest.param(datetime(2026, 11, 24, 9, 30, tzinfo=UTC), "2026-11-22T00:00:00+08:00", id="in the afternoon"),
        pytest.param(
            datetime(2026, 11, 24, 16, 0, tzinfo=UTC), "2026-11-23T00:00:00+08:00", id="at Beijing's midnight"
        ),
    ],
)
def test_a_live_story_begins_whole_days_ago(now, start):
    assert up_to_now(load_scenario(shipped("liaocheng")), now).start.isoformat() == start
