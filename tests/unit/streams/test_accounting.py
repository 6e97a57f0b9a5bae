"""From numbered lines to the alarm: gateway's numbers, judging's and storing's counters, and the account over them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from contracts.codec import decode, encode
from contracts.feed import Acceptance, encode_line, packet_line, read_line
from emissions.account import BEAT, JUDGED, JUDGING, STORED, STORING, AccountHour, Counted, Numbered, Passed
from emissions.beijing import BEIJING, HOUR
from emissions.event import Due
from emissions.finding import Finding, Rejected
from emissions.reading import Reading
from hj212.encode import message
from hj212.moments import qn_of, text_of
from ingest.intake import Intake, Kept
from ingest.numbering import Numbering
from streams.accounting import Accounting
from streams.counting import Counting
from streams.judge import Judge
from streams.routes import of_accounting, of_judging, of_storing
from tests.integration.recorded import example

START = datetime(2026, 11, 20, tzinfo=BEIJING)
REGISTER, RULES = example()
OUTLETS = [outlet for outlet in REGISTER.outlets.values() if outlet.mn and outlet.must_monitor]
OUTLET = OUTLETS[0]


def intake(boot: str = "b1") -> Intake:
    numbering = Numbering(REGISTER, gateway="gw1", boot=boot)
    return Intake(REGISTER, Acceptance(REGISTER, RULES.parameters), gateway="gw1", numbering=numbering)


def frame(at: datetime, *, cn: str = "2011", mn: str = OUTLET.mn) -> bytes:
    values = {} if cn == "9015" else {"a34013": {"Rtd": "4.5", "Flag": "N"}}
    data_time = None if cn == "9015" else text_of(at)
    return message(st="31", cn=cn, mn=mn, qn=qn_of(at), flag=5, data_time=data_time, values=values)


def lines_of(taker: Intake, at: datetime, **what: str) -> list[bytes]:
    """The feed lines of one frame, with what the account must be told before them."""
    mn = what.get("mn", OUTLET.mn)
    taken = taker.frames(mn, frame(at, **what), at)
    words = taker.words()
    return [record.line for record in (*words, *taken.records) if isinstance(record, Kept)]


class Told(Judge):
    """Judging with its counters at hand."""

    def __init__(self) -> None:
        self.told = Counting(JUDGING)
        super().__init__(REGISTER, RULES, self.told)


def due(hour: datetime) -> bytes:
    return encode(Due(outlet=OUTLET.id, mn=OUTLET.mn, hour=hour))


def judge_all(judge: Judge, lines: list[bytes]) -> list[Reading]:
    return [output for line in lines for output in judge.line(line) if isinstance(output, Reading)]


def store_all(counting: Counting, readings: list[Reading]) -> None:
    for reading in readings:
        counting.took(reading.outlet, reading.series, reading.number, reading.received_at, STORED)


def test_lines_are_numbered_and_the_word_on_an_hour_stands_before_the_next_one():
    taker = intake()
    lines = [line for minute in (0, 30, 65) for line in lines_of(taker, START + timedelta(minutes=minute))]
    first, second, word, third = map(read_line, lines)
    assert [(line.boot, line.number) for line in (first, second, third)] == [("b1", 1), ("b1", 2), ("b1", 3)]
    assert word == Numbered(
        received_at=START + timedelta(minutes=65),
        mn=OUTLET.mn,
        outlet=OUTLET.id,
        hour=START,
        gateway="gw1",
        boot="b1",
        first=1,
        last=2,
    )


def test_a_logger_that_says_nothing_more_is_spoken_of_when_its_hour_is_over():
    taker = intake()
    lines_of(taker, START)
    assert taker.words(START + timedelta(minutes=59)) == []
    (kept,) = taker.words(START + HOUR)
    assert decode(kept.line).last == 1
    assert taker.words(START + 2 * HOUR) == []


def test_when_the_gateway_ends_it_speaks_of_the_running_hour_too():
    taker = intake()
    taker.frames(OUTLET.mn, b"nonsense", START)
    lines_of(taker, START)
    (kept,) = taker.words(START, last=True)
    word = decode(kept.line)
    assert (word.first, word.last, word.quarantined) == (1, 1, 1)


def test_what_nobody_registered_is_in_no_account():
    taker = intake()
    taker.frames("nobody", frame(START, mn="nobody"), START)
    assert taker.words(START, last=True) == []


def test_judging_says_once_per_checkpoint_what_it_has_taken_in():
    taker, judge = intake(), Told()
    lines = [line for n in range(4) for line in lines_of(taker, START + timedelta(minutes=n))]
    lines += lines_of(taker, START + timedelta(minutes=5), cn="9015")
    readings = judge_all(judge, [*lines, due(START - 2 * HOUR)])
    counted, passed = judge.told.drain()
    assert counted == Counted(
        stage=JUDGING,
        outlet=OUTLET.id,
        series="gw1/b1",
        hour=START,
        numbers={JUDGED: ((1, 5),), BEAT: ((5, 5),)},
    )
    assert passed == Passed(stage=JUDGING, outlet=OUTLET.id, hour=START - 2 * HOUR)
    assert [(reading.series, reading.number) for reading in readings] == [("gw1/b1", n) for n in (1, 2, 3, 4)]
    assert judge.told.drain() == []


def test_a_line_that_judging_refuses_is_accounted_for():
    judge = Told()
    line = packet_line(START, OUTLET.mn, b"nonsense", "gw1")
    (rejected,) = judge.line(encode_line(line).replace(b'"gateway"', b'"boot":"b1","number":1,"gateway"'))
    assert isinstance(rejected, Rejected)
    (counted,) = judge.told.drain()
    assert counted.numbers == {JUDGED: ((1, 1),), "refused": ((1, 1),)}


def test_an_outlet_that_nobody_calls_is_closed_one_hour_late_by_the_gateways_word():
    uncalled = replace(OUTLET, must_monitor=False)
    register = replace(REGISTER, outlets={**REGISTER.outlets, OUTLET.id: uncalled})
    counting = Counting(JUDGING)
    judge = Judge(register, RULES, counting)
    taker = intake()
    for minute in (0, 65, 125):
        for line in lines_of(taker, START + timedelta(minutes=minute)):
            judge.line(line)
    passed = [word.hour for word in counting.drain() if isinstance(word, Passed)]
    assert passed == [START - HOUR, START]


def test_what_is_dropped_with_a_partition_is_said_again_by_whoever_reads_its_lines():
    taker, judge = intake(), Told()
    judge_all(judge, lines_of(taker, START))
    judge.drop(lambda _: False)
    assert judge.told.drain() == []


def test_a_line_without_a_number_is_counted_by_nobody():
    judge = Told()
    (reading, *_) = judge_all(judge, [encode_line(packet_line(START, OUTLET.mn, frame(START), "gw1"))])
    assert (reading.series, reading.number) == ("", 0)
    assert judge.told.drain() == []


def words(counting: Counting) -> list[bytes]:
    return list(map(encode, counting.drain()))


@pytest.mark.parametrize(
    ("lost", "unstored", "stage"),
    [
        pytest.param(None, None, None, id="nothing"),
        pytest.param(700, None, JUDGING, id="a line of the feed"),
        pytest.param(None, 700, STORING, id="a reading"),
    ],
)
def test_one_line_in_thousands(lost, unstored, stage):
    """The gateway's numbers, the real judging and the account; only the broker is left out."""
    taker, judge, storing = intake(), Told(), Counting(STORING)
    account = Accounting(REGISTER, RULES)
    feed = [line for n in range(1500) for line in lines_of(taker, START + n * timedelta(seconds=5))]
    feed += [kept.line for kept in taker.words(START + 3 * HOUR)]
    readings = judge_all(judge, [line for place, line in enumerate(feed) if place != lost])
    store_all(storing, [reading for place, reading in enumerate(readings) if place != unstored])
    for hour in range(3):
        judge.told.passed(OUTLET.id, START + hour * HOUR)
        storing.passed(OUTLET.id, START + hour * HOUR)
    outputs = [output for line in [*words(judge.told), *words(storing)] for output in account.line(line)]
    findings = [output for output in outputs if isinstance(output, Finding)]
    lines = {output.hour: output for output in outputs if isinstance(output, AccountHour)}
    assert sum(line.published for line in lines.values()) == 1500
    assert sum(line.missing for line in lines.values()) == (0 if stage is None else 1)
    assert [(finding.rule, finding.evidence["stage"], finding.evidence["missing"]) for finding in findings] == (
        [] if stage is None else [("account_gap", stage, 1)]
    )


def test_one_line_in_a_million():
    """All counters of the path with a million lines of many loggers, one of which never reached judging."""
    numbering = Numbering(REGISTER, gateway="gw1", boot="b1")
    counting, account = Counting(JUDGING), Accounting(REGISTER, RULES)
    million, many = 1_000_000, len(OUTLETS)
    lost = 654_321
    step = timedelta(hours=3) / million
    received_at = START
    for n in range(million):
        outlet = OUTLETS[n % many]
        received_at += step
        number = numbering.kept(outlet.mn, received_at)
        for word in numbering.waiting():
            counting.numbered(word)
        if n != lost:
            counting.took(outlet.id, "gw1/b1", number, received_at, JUDGED)
    for word in numbering.over(START + 4 * HOUR):
        counting.numbered(word)
    outputs = [output for line in words(counting) for output in account.line(line)]
    (finding,) = outputs
    assert isinstance(finding, Finding)
    assert finding.subject == {"outlet": OUTLETS[lost % many].id}
    assert finding.evidence["first_missing"] == lost // many + 1
    assert finding.evidence["missing"] == 1


def test_state_survives_being_written_and_read_back():
    taker, judge = intake(), Told()
    feed = [line for n in range(40) for line in lines_of(taker, START + n * timedelta(minutes=2))]
    judge_all(judge, feed[:20] + feed[21:])
    said = words(judge.told)
    before, after = Accounting(REGISTER, RULES), Accounting(REGISTER, RULES)
    for line in said:
        before.line(line)
    after.load(before.dirty())
    rest = encode(Passed(stage=JUDGING, outlet=OUTLET.id, hour=START + HOUR))
    assert [encode(output) for output in after.line(rest)] == [encode(output) for output in before.line(rest)]
    after.drop(lambda _: False)
    (line,) = after.line(rest)
    assert isinstance(line, AccountHour)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b"nonsense", "bad_line", id="no JSON"),
        pytest.param(encode(Due(outlet="O", mn="", hour=START)), "bad_line", id="a word of another topic"),
        pytest.param(encode(Passed(stage=JUDGING, outlet="O", hour=START)), "unknown_outlet", id="an unknown outlet"),
    ],
)
def test_poison_is_put_aside(line, reason):
    (rejected,) = Accounting(REGISTER, RULES).line(line)
    assert rejected.reason == reason


def test_where_the_words_go():
    counted = Counted(stage=JUDGING, outlet="O", series="s", hour=START, numbers={})
    passed = Passed(stage=JUDGING, outlet="O", hour=START)
    assert [address.topic for address in of_judging(counted)] == ["cems.counts"]
    assert [address.topic for address in of_judging(passed)] == ["cems.counts", "cems.readings"]
    assert [address.topic for address in of_storing(passed)] == ["cems.counts"]
    account = Accounting(REGISTER, RULES).line(encode(Passed(stage=JUDGING, outlet=OUTLET.id, hour=START)))[0]
    assert [address.topic for address in of_accounting(account)] == ["cems.account"]
