"""The ledger is only ever appended to, and stays true when its writer is killed."""

from datetime import timedelta

import msgspec
import pytest

from simulators.expectation import Expectations
from simulators.fleet import Fleet
from simulators.ledger import BadLedger, Ledger, account, read_ledger
from simulators.scenario import load_scenario, shipped

SMALL = load_scenario(shipped("small"))


@pytest.fixture
def path(tmp_path):
    """A ledger of the first day's first 400 frames, the first 300 of them acknowledged."""
    path = tmp_path / "deep" / "ledger.jsonl"
    fleet = Fleet(SMALL)
    expectations = Expectations(fleet.city)
    with Ledger(path) as ledger:
        ledger.begin(SMALL, speed=None)
        for _, sending in zip(range(400), fleet.sendings(), strict=False):
            ledger.sending(sending)
            expectations.arrived(sending.report, sending.at)
        ledger.acknowledged(range(1, 301), how="puback")
        ledger.mark(fleet.marks()[0])
        ledger.expected(expectations.hours(first=SMALL.start, last=SMALL.start + timedelta(hours=1)))
        ledger.end(SMALL.start + timedelta(hours=12))
    return path


def test_what_it_adds_up_to(path):
    total = account(path)
    assert (total.sent, total.marks, total.expected_hours) == (400, 1, 8 * 3 * 2)
    assert total.acknowledged == {"puback": set(range(1, 301))}
    assert total.refused["crc"] > 0
    assert 0 < total.answers_due < 400
    assert total.ended
    assert not total.torn


def test_a_torn_last_line_is_left_out(path):
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    total = account(path)
    assert total.torn
    assert not total.ended
    assert total.sent == 400


def test_a_second_run_is_appended(path):
    before = path.read_bytes()
    with Ledger(path) as ledger:
        ledger.begin(SMALL, speed=600)
    assert path.read_bytes().startswith(before)
    assert [entry["kind"] for entry in read_ledger(path)].count("run") == 2


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        pytest.param(b"nonsense\n", ":2: expected a JSON object", id="no JSON"),
        pytest.param(b"[1]\n", ":2: expected a JSON object with a kind", id="no object"),
        pytest.param(b'{"kind": 7}\n', ":2: expected a JSON object with a kind", id="a kind that is no text"),
    ],
)
def test_what_is_no_ledger_is_told_with_its_line(tmp_path, line, complaint):
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b'{"kind": "run"}\n' + line + b'{"kind": "end"}\n')
    with pytest.raises(BadLedger, match=complaint):
        list(read_ledger(path))


def test_a_line_says_what_must_follow(path):
    sent = [entry for entry in read_ledger(path) if entry["kind"] == "sent"]
    assert {entry["refused"] for entry in sent} >= {None, "crc"}
    assert all(msgspec.json.encode(entry) for entry in sent)
    assert {entry["answer"] for entry in sent if entry["refused"] == "crc"} == {""}
