"""The state of the judging: packed small, read back the same, let go when nothing can change it any more."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from contracts.codec import encode
from contracts.feed import encode_line, packet_line
from emissions.beijing import BEIJING
from emissions.event import Due, Mark
from emissions.hourly import Hour
from emissions.transmission import Rate
from hj212.encode import message
from hj212.moments import qn_of, text_of
from rulebook.loader import load_rules
from rulebook.register import load_register
from streams import outlet_record
from streams.judge import BETWEEN, Judge
from streams.packing import Unpacker, pack

REGISTER = load_register(Path(__file__).parents[3] / "rulebook" / "registers" / "example")
RULES = load_rules()
OUTLET = next(iter(REGISTER.by_mn().values()))
NEW_YEAR = datetime(2029, 1, 1, tzinfo=BEIJING)


def packet(hour: datetime, value: str, *, after: timedelta = timedelta(minutes=65)) -> bytes:
    values = {code: {"Avg": value, "ZsAvg": value, "Flag": "N"} for code in OUTLET.pollutants}
    values["a19001"] = {"Avg": "6.1"}
    sent = hour + after
    frame = message(qn=qn_of(sent), st="31", cn="2061", mn=OUTLET.mn, flag=5, data_time=text_of(hour), values=values)
    return encode_line(packet_line(sent, OUTLET.mn, frame.rstrip(), "gw"))


def due(hour: datetime) -> bytes:
    return encode(Due(outlet=OUTLET.id, mn=OUTLET.mn, hour=hour))


def marked(hour: datetime, *, entered_at: datetime) -> bytes:
    mark = Mark(
        id="m", outlet=OUTLET.id, mn=OUTLET.mn, mark="fault", from_=hour, to=hour + timedelta(hours=1),
        entered_at=entered_at, by="somebody",
    )  # fmt: skip
    return encode(mark)


def take(judge: Judge, lines: list[bytes], state: dict[str, bytes]) -> list[object]:
    """Fold the lines, then write the state away as a checkpoint does."""
    outputs = [output for line in lines for output in judge.line(line)]
    for key, packed in judge.dirty():
        if packed is None:
            del state[key]
        else:
            state[key] = packed
    return outputs


@pytest.fixture(scope="module")
def two_years() -> tuple[Judge, dict[str, bytes]]:
    """A judge that has seen one hour of each day of two years, and what it wrote."""
    judge, state = Judge(REGISTER, RULES), {}
    for day in range(730):
        hour = NEW_YEAR + timedelta(days=day, hours=10)
        take(judge, [packet(hour, "9.5"), due(hour)], state)
    return judge, state


def test_days_that_nothing_can_change_are_let_go(two_years: tuple[Judge, dict[str, bytes]]) -> None:
    _, state = two_years
    days = sorted(key.partition(BETWEEN)[2] for key in state if BETWEEN in key)
    assert list(outlet_record.part(state[OUTLET.id])[1]) == ["2030-12-31"]
    assert days[-1] == "2030-12-30"
    assert days[0] == (datetime(2030, 12, 31, tzinfo=BEIJING) - timedelta(days=366 + 35)).date().isoformat()


def test_another_judge_goes_on_from_what_was_written(two_years: tuple[Judge, dict[str, bytes]]) -> None:
    _, state = two_years
    late = [packet(datetime(2030, 6, 30, 10, tzinfo=BEIJING), "12.25", after=timedelta(days=200))]
    first, second = Judge(REGISTER, RULES), Judge(REGISTER, RULES)
    first.load(state.items())
    second.load(as_older_versions_wrote(state).items())
    outputs = take(first, late, dict(state))
    assert take(second, late, dict(state)) == outputs
    hours = [output for output in outputs if isinstance(output, Hour)]
    assert {hour.cause for hour in hours} == {"revised_value"}
    assert {hour.revision for hour in hours} == {1} or {hour.raw_mg_m3 for hour in hours} == {12.25}


def test_the_year_counts_days_that_were_let_go(two_years: tuple[Judge, dict[str, bytes]]) -> None:
    _, state = two_years
    judge = Judge(REGISTER, RULES)
    judge.load(state.items())
    hour = datetime(2029, 12, 31, 10, tzinfo=BEIJING)
    outputs = take(judge, [packet(hour, "12.25", after=timedelta(days=365))], dict(state))
    years = [r for r in outputs if isinstance(r, Rate) and r.window == "year" and r.track == "completed"]
    assert [(rate.period, rate.due) for rate in years] == [("2029", 365 * len(OUTLET.pollutants))]


@pytest.mark.parametrize(
    ("hour", "touched"),
    [
        pytest.param(datetime(2030, 1, 2, 10, tzinfo=BEIJING), True, id="an hour of a year ago can still be marked"),
        pytest.param(datetime(2029, 12, 29, 10, tzinfo=BEIJING), False, id="an hour before that is final"),
    ],
)
def test_marks_reach_back_as_far_as_packets(
    two_years: tuple[Judge, dict[str, bytes]], hour: datetime, touched: bool
) -> None:
    _, state = two_years
    judge = Judge(REGISTER, RULES)
    judge.load(state.items())
    outputs = take(judge, [marked(hour, entered_at=datetime(2030, 12, 31, 13, tzinfo=BEIJING))], dict(state))
    assert bool([output for output in outputs if isinstance(output, Hour)]) == touched


def test_a_day_shrinks_to_a_part_of_its_size(two_years: tuple[Judge, dict[str, bytes]]) -> None:
    _, state = two_years
    for packed in outlet_record.part(state[OUTLET.id])[1].values():
        assert len(packed) < len(unpressed(packed)) / 2


def test_a_value_comes_back_as_it_was_packed() -> None:
    value = {"a": [1.5, None, "汉字"]}
    assert Unpacker(dict)(pack(value)) == value


def test_days_that_do_not_fit_beside_the_head_stand_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet_record, "MOST_BYTES", 1000)
    judge, state = Judge(REGISTER, RULES), {}
    first, *others = [NEW_YEAR + timedelta(days=day, hours=10) for day in range(3)]
    take(judge, [packet(first, "9.5")], state)
    assert list(outlet_record.part(state[OUTLET.id])[1]) == ["2029-01-01"]
    monkeypatch.setattr(outlet_record, "MOST_BYTES", 0)
    for hour in (first, *others):
        judge.line(packet(hour, "12.25", after=timedelta(days=4)))
    segments = judge.dirty()
    assert [key.partition(BETWEEN)[2] for key, _ in segments] == [
        "2029-01-01", "", "2029-01-01", "2029-01-02", "2029-01-03",
    ]  # fmt: skip
    again, half = Judge(REGISTER, RULES), Judge(REGISTER, RULES)
    again.load((key, packed) for key, packed in segments if packed is not None)
    half.load((key, packed) for key, packed in segments[:2] if packed is not None)
    late = packet(first, "12.25", after=timedelta(days=4))
    assert [one for one in again.line(late) if isinstance(one, Hour)] == []
    assert {one.raw_mg_m3 for one in half.line(late) if isinstance(one, Hour)} == {12.25}


def as_older_versions_wrote(state: dict[str, bytes]) -> dict[str, bytes]:
    """Each day by itself, and nothing pressed."""
    head, days = outlet_record.part(state[OUTLET.id])
    apart = {**state, OUTLET.id: head, **{f"{OUTLET.id}{BETWEEN}{day}": packed for day, packed in days.items()}}
    return {key: unpressed(packed) for key, packed in apart.items()}


def unpressed(packed: bytes) -> bytes:
    """The MessagePack in a segment."""
    return msgspec.msgpack.encode(Unpacker(object)(packed))
