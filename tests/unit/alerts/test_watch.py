"""Whether the alert process gets on is read from what it has committed."""

import logging

import pytest
from prometheus_client import CollectorRegistry

from alerts.metrics import AlertMetrics
from alerts.watch import Watch


class Silence:
    silent_s = 0.0

    def __init__(self, away=None):
        self.away = away


class Scene:
    """A watch with the clock in the test's hands."""

    def __init__(self):
        self.now, self.pulse, self.registry = 0.0, Silence(), CollectorRegistry()
        self.watch = Watch(AlertMetrics(self.registry), pulse=self.pulse, clock=lambda: self.now)

    def look(self, at, committed, end, trouble=None):
        self.now = at
        self.watch.look({0: committed}, {0: end}, trouble=trouble)


@pytest.fixture
def scene():
    return Scene()


def test_findings_that_are_committed_keep_it_ready_and_alive(scene):
    for second in range(0, 400, 10):
        scene.look(second, committed=second, end=second + 50)
        assert (scene.watch.why_not_ready(), scene.watch.why_dead()) == (None, None)


def test_findings_that_wait_without_a_reason_make_it_unready_and_then_dead(scene):
    scene.look(0, committed=5, end=9)
    scene.look(31, committed=5, end=9)
    assert scene.watch.why_not_ready() == "alerts: 4 messages have waited for 31 s, nothing was committed"
    assert scene.watch.why_dead() is None
    scene.look(181, committed=5, end=9)
    assert "4 messages have waited for 181 s" in scene.watch.why_dead()


@pytest.mark.parametrize(
    ("trouble", "away"),
    [
        pytest.param("the database is away", None, id="the database is away"),
        pytest.param(None, "Kafka has not answered for 600 s", id="Kafka is away"),
    ],
)
def test_waiting_for_what_comes_back_is_unready_at_once_and_never_dead(scene, trouble, away):
    scene.pulse.away = away
    for second in range(0, 600, 10):
        scene.look(second, committed=5, end=9, trouble=trouble)
        assert scene.watch.why_not_ready() == away or trouble
        assert scene.watch.why_dead() is None


def test_a_silent_kafka_is_noticed_with_nothing_to_publish(scene):
    scene.look(0, committed=9, end=9)
    scene.pulse.away = "Kafka has not answered for 13 s"
    assert scene.watch.why_not_ready() == "Kafka has not answered for 13 s"


def test_an_event_loop_that_does_not_turn_is_told_by_whoever_asks(scene):
    scene.look(0, committed=9, end=9)
    scene.now = 31
    assert scene.watch.why_not_ready() == "the event loop has not turned for 31 s"
    assert scene.watch.why_dead() is None
    scene.now = 181
    assert scene.watch.why_dead() == "the event loop has not turned for 181 s"


def test_prometheus_sees_lag_and_offset_and_nothing_of_partitions_that_are_gone(scene):
    scene.look(0, committed=5, end=9)
    assert scene.registry.get_sample_value("stackwatch_alerts_lag") == 4
    assert scene.registry.get_sample_value("stackwatch_alerts_committed_offset", {"partition": "0"}) == 5
    scene.watch.look({}, {}, trouble=None)
    assert scene.registry.get_sample_value("stackwatch_alerts_committed_offset", {"partition": "0"}) is None


def test_the_log_tells_when_it_begins_and_when_it_is_over(scene, caplog):
    caplog.set_level(logging.INFO)
    for away in (None, "Kafka has not answered for 13 s", "Kafka has not answered for 14 s", None, None):
        scene.pulse.away = away
        scene.look(0, committed=9, end=9)
    assert [record.getMessage() for record in caplog.records] == ["Kafka has not answered for 13 s", "ready"]


def test_the_figures_are_told_in_lines(scene):
    scene.look(0, committed=5, end=9)
    scene.look(7, committed=5, end=9)
    assert list(scene.watch.details()) == [
        "Kafka answered 0 s ago",
        "alerts: lag 4, nothing committed for 7 s, committed {0: 5}",
    ]
