"""A rolling upgrade: what version 0.1.0 wrote, and what runs beside it, goes on being understood.

``upgrade/`` was written by version 0.1.0 itself: a feed of two days, one line of each kind that followed, and the state
of its folds after half of the feed (``half`` says after how many lines).
"""

import base64
import json
from pathlib import Path

import pytest

from contracts.codec import decode, encode
from contracts.feed import read_line
from emissions.finding import Case, Finding, Rejected, unnumbered
from emissions.hourly import Hour
from emissions.transmission import Called, Rate
from rulebook.loader import load_rules
from rulebook.register import load_register
from streams.judge import Judge
from streams.supervise import Supervisor

OLD = Path(__file__).parent / "upgrade"
FEED = (OLD / "feed.ndjson").read_bytes().splitlines()
HALF = int((OLD / "half").read_text())
LINES = (OLD / "lines.ndjson").read_bytes().splitlines()
REGISTER = load_register(Path(__file__).parents[2] / "rulebook" / "registers" / "example")
RULES = load_rules()


class Run:
    """Outlets and counties, and the last word on each thing."""

    def __init__(self) -> None:
        self.judge, self.supervisor = Judge(REGISTER, RULES), Supervisor(REGISTER, RULES)
        self.last: dict[object, object] = {}
        self.rejected: list[Rejected] = []

    def take(self, lines: list[bytes]) -> "Run":
        for line in lines:
            for output in self.judge.line(line):
                self._keep(output)
                if isinstance(output, Hour | Rate | Called):
                    for further in self.supervisor.event(decode(encode(output))):
                        self._keep(further)
        return self

    def _keep(self, output: object) -> None:
        match output:
            case Hour():
                self.last["hour", output.outlet, output.pollutant, output.hour] = output
            case Rate():
                self.last[output.level, output.id, output.window, output.period, output.track] = output
            case Case():
                self.last["case", output.county, output.trigger] = unnumbered(output)
            case Finding() if output.rule != "silence":  # 0.1.0 did not know when an outlet was last heard
                self.last["finding", output.id] = unnumbered(output)
            case Rejected():
                self.rejected.append(output)


def with_more(line: bytes) -> bytes:
    """As a later version may write it: with a field that nobody here knows."""
    return json.dumps({**json.loads(line), "of_tomorrow": {"x": [1]}}, ensure_ascii=False).encode()


def test_a_worker_goes_on_from_the_state_of_the_old_one() -> None:
    state = json.loads((OLD / "state.json").read_text())
    whole, first = Run().take(FEED), Run().take(FEED[:HALF])
    upgraded = Run()
    upgraded.judge.load((key, base64.b64decode(packed)) for key, packed in state["judging"].items())
    upgraded.supervisor.load((key, base64.b64decode(packed)) for key, packed in state["supervising"].items())
    upgraded.take(FEED[HALF:])
    assert {**first.last, **upgraded.last} == whole.last
    assert len(upgraded.last) > 100


def test_old_and_new_gateways_write_into_one_feed() -> None:
    mixed = [with_more(line) if number % 2 else line for number, line in enumerate(FEED)]
    run = Run().take(mixed)
    assert run.rejected == []
    assert run.last == Run().take(FEED).last


@pytest.mark.parametrize("line", LINES, ids=[json.loads(line)["kind"] for line in LINES])
def test_fields_are_only_ever_added(line: bytes) -> None:
    """What the old version wrote can be read, and is written today with every field it had, each of the same type."""
    read = read_line if json.loads(line)["kind"] in {"packet", "due", "mark"} else decode
    read(with_more(line))
    if read is not decode:
        return
    before, now = json.loads(line), json.loads(encode(decode(line)))
    assert before.items() <= now.items()


def test_a_kind_of_line_that_nobody_knows_is_set_aside_and_stops_nothing() -> None:
    run = Run().take([FEED[0], b'{"kind": "of_tomorrow", "x": 1}', *FEED[1:]])
    assert [line.reason for line in run.rejected] == ["bad_line"]
    assert run.last == Run().take(FEED).last
