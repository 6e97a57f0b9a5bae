import asyncio

import pytest
from prometheus_client import CollectorRegistry

from contracts.codec import bundle, decode, encode
from contracts.topics import HOURS, QUARANTINE, RATES, READINGS
from emissions.finding import Rejected
from stores.port import StoreRefused, StoreUnavailable
from streams import storing as module
from streams.held import NotOurs
from streams.metrics import Metrics
from streams.storing import storing
from tests.conformance.points import hour, rate, reading
from tests.unit.streams.doubles import Broker, until


class Store:
    """Takes what it is given, unless it is told to be away or to refuse."""

    def __init__(self):
        self.points = []
        self.away = False
        self.asked = 0
        self.refuses = lambda _: False
        self.before = None
        self.looks_again = 0

    def look_again(self):
        self.looks_again += 1

    def write(self, points, *, before):
        self.asked += 1
        self.before = before
        if self.away:
            raise StoreUnavailable("connection refused")
        refused = [point for point in points if self.refuses(point)]
        self.points += [point for point in points if point not in refused]
        if refused:
            raise StoreRefused("field type conflict", refused)


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def broker():
    return Broker()


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def stages(store, broker, registry, monkeypatch):
    monkeypatch.setattr(module, "FIRST_WAIT_S", 0.001)
    return {stage.source: stage for stage in storing(store, broker, Metrics(registry))}


@pytest.mark.parametrize(
    ("topic", "lines", "stored"),
    [
        pytest.param(READINGS, [reading(), reading(cn="2051")], [reading(), reading(cn="2051")], id="all readings"),
        pytest.param(HOURS, [hour(), rate(level="outlet")], [hour()], id="of hours and rates together, the hours"),
        pytest.param(RATES, [rate(), rate(level="outlet")], [rate(), rate(level="outlet")], id="rates of every level"),
    ],
)
async def test_each_topic_gives_its_points(stages, store, topic, lines, stored):
    stage = stages[topic]
    await stage.take(bundle(lines))
    assert store.points == []
    await stage.make_safe(asyncio.Event())
    assert store.points == stored


async def test_points_of_many_messages_are_written_at_once(stages, store):
    stage = stages[READINGS]
    for n in range(5):
        await stage.take(bundle([reading(cn=str(n))]))
    await stage.make_safe(asyncio.Event())
    await stage.make_safe(asyncio.Event())
    assert len(store.points) == 5
    assert store.asked == 1


async def test_a_store_that_is_away_is_asked_until_it_is_back(stages, store, registry):
    stage = stages[READINGS]
    store.away = True
    await stage.take(bundle([reading()]))
    safe = asyncio.create_task(stage.make_safe(asyncio.Event()))
    await until(lambda: store.asked > 3)
    assert not safe.done()
    assert stage.resting == "the series store cannot be used: connection refused"
    store.away = False
    await safe
    assert store.points == [reading()]
    assert stage.resting is None
    labels = {"stage": "storing.readings"}
    assert registry.get_sample_value("stackwatch_worker_store_failures_total", labels | {"until": "later"}) > 3
    assert registry.get_sample_value("stackwatch_worker_points_stored_total", labels) == 1


async def test_a_store_that_is_away_is_not_waited_for_when_the_partitions_are_gone(stages, store):
    stage = stages[READINGS]
    store.away = True
    let_go = asyncio.Event()
    await stage.take(bundle([reading()]))
    safe = asyncio.create_task(stage.make_safe(let_go))
    await until(lambda: store.asked > 1)
    let_go.set()
    await safe
    stage.forget()
    store.away = False
    await stage.make_safe(asyncio.Event())
    assert store.points == []


async def test_a_cancelled_writing_loses_no_point(stages, store):
    stage = stages[READINGS]
    store.away = True
    await stage.take(bundle([reading()]))
    safe = asyncio.create_task(stage.make_safe(asyncio.Event()))
    await until(lambda: store.asked > 1)
    safe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await safe
    store.away = False
    await stage.make_safe(asyncio.Event())
    assert store.points == [reading()]


async def test_refused_points_go_to_the_quarantine_and_the_others_are_stored(stages, store, broker):
    stage = stages[HOURS]
    bad = hour(outlet="P9-01")
    store.refuses = lambda point: point.outlet == "P9-01"
    await stage.take(bundle([hour(), bad]))
    await stage.make_safe(asyncio.Event())
    assert store.points == [hour()]
    (line,) = broker.lines(QUARANTINE.name)
    rejected = decode(line)
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.detail) == ("store_refused", "field type conflict")
    assert decode(rejected.line.encode()) == bad


async def test_a_line_that_is_none_goes_to_the_quarantine_and_the_others_are_stored(stages, store, broker):
    stage = stages[HOURS]
    await stage.take(b"\n".join([encode(hour()), b'{"kind": "hour"}', b"\xff", b"", encode(hour(pollutant="a21002"))]))
    await stage.make_safe(asyncio.Event())
    assert store.points == [hour(), hour(pollutant="a21002")]
    assert [decode(line).reason for line in broker.lines(QUARANTINE.name)] == ["bad_line", "bad_line"]


async def test_a_worker_that_was_frozen_asks_before_it_writes_over_what_another_has_stored(stages, store):
    stage = stages[HOURS]
    answers = [None, 1234.5]

    async def ours_until():
        return answers.pop(0)

    stage.ours_until = ours_until
    await stage.take(bundle([hour()]))
    with pytest.raises(NotOurs):
        await stage.make_safe(asyncio.Event())
    assert store.asked == 0
    await stage.make_safe(asyncio.Event())
    assert store.points == [hour()]
    assert store.before == 1234.5, "and writes nothing when the answer no longer holds"


async def test_partitions_that_changed_hands_may_have_been_written_of_by_another(stages, store):
    stages[RATES].forget()
    assert store.looks_again == 1
