"""An older version never overwrites a newer one, and the engine is asked no more than needed."""

from datetime import timedelta

import pytest

from stores.influx_lines import fields_of, moment_of
from stores.influx_newest import SUBJECTS, Held, Newest, identity_of, order_of, subject_of
from stores.port import StoreUnavailable
from tests.conformance.points import H0, HOUR, hour, rate


class Engine:
    """Holds versions as InfluxDB does: what comes last overwrites."""

    def __init__(self) -> None:
        self.held = {}
        self.spans = []
        self.deleted = []
        self.puts = []
        self.away = False

    def look(self, span):
        self.spans.append(span)
        return {
            identity: Held(order_of(point), frozenset(fields_of(point)))
            for identity, point in self.held.items()
            if point.kind == span.measurement
            and span.first <= moment_of(point) <= span.last
            and subject_of(point) in span.subjects
        }

    def put(self, points):
        if self.away:
            raise StoreUnavailable("away")
        self.puts.append(list(points))
        self.held.update({identity_of(point): point for point in points})
        return []

    def delete(self, point):
        self.deleted.append(point)
        self.held.pop(identity_of(point), None)


@pytest.fixture
def engine():
    return Engine()


def write(newest, engine, *points):
    return newest.write(points, put=engine.put, delete=engine.delete)


def test_what_is_known_is_not_asked_again(engine):
    newest = Newest(engine.look)
    write(newest, engine, hour())
    write(newest, engine, hour(revision=1))
    write(newest, engine, hour())
    assert len(engine.spans) == 1
    assert list(engine.held.values()) == [hour(revision=1)]


def test_what_another_writer_did_is_seen_after_a_while(engine):
    newest = Newest(engine.look, seconds=-1)
    write(newest, engine, hour())
    engine.put([hour(revision=5)])
    write(newest, engine, hour(revision=1))
    assert list(engine.held.values()) == [hour(revision=5)]


def test_memory_is_bounded(engine):
    newest = Newest(engine.look, limit=10)
    for n in range(50):
        write(newest, engine, hour(hour=H0 + n * HOUR))
    assert len(engine.spans) == 50
    write(newest, engine, hour())
    assert len(engine.held) == 50


def test_a_write_that_failed_is_asked_about_again(engine):
    newest = Newest(engine.look)
    write(newest, engine, hour())
    engine.away = True
    with pytest.raises(StoreUnavailable):
        write(newest, engine, hour(revision=2))
    engine.away = False
    write(newest, engine, hour(revision=1))
    assert len(engine.spans) == 2
    assert list(engine.held.values()) == [hour(revision=1)]


def test_a_refused_point_counts_as_unknown(engine):
    newest = Newest(engine.look)
    refused = newest.write(
        [hour(revision=3)], put=lambda points: [(point, "no") for point in points], delete=engine.delete
    )
    assert refused == [(hour(revision=3), "no")]
    write(newest, engine, hour(revision=1))
    assert list(engine.held.values()) == [hour(revision=1)]


@pytest.mark.parametrize(
    ("held", "next_", "deleted"),
    [
        pytest.param(hour(), hour(revision=1), 0, id="nothing is lost: nothing is deleted"),
        pytest.param(hour(), hour(revision=1, raw_mg_m3=None), 1, id="a number is gone: the old point is deleted"),
        pytest.param(hour(raw_mg_m3=None), hour(revision=1), 0, id="a number is new"),
        pytest.param(hour(revision=2), hour(revision=1, raw_mg_m3=None), 0, id="the older one deletes nothing"),
        pytest.param(rate(), rate(effective_pct=None), 1, id="a percentage is gone"),
    ],
)
def test_fields_that_are_no_more(engine, held, next_, deleted):
    engine.put([held])
    write(Newest(engine.look), engine, next_)
    assert len(engine.deleted) == deleted


def test_hours_far_apart_are_asked_for_apart(engine):
    write(Newest(engine.look), engine, hour(), hour(hour=H0 + HOUR), hour(hour=H0 + timedelta(days=300)), rate())
    assert sorted((span.measurement, span.first, span.last) for span in engine.spans) == [
        ("hour", H0, H0 + HOUR),
        ("hour", H0 + timedelta(days=300), H0 + timedelta(days=300)),
        ("rate", moment_of(rate()), moment_of(rate())),
    ]


def test_many_outlets_are_asked_for_in_several_questions(engine):
    write(Newest(engine.look), engine, *(hour(outlet=f"P{n}") for n in range(2 * SUBJECTS + 1)))
    assert sorted(len(span.subjects) for span in engine.spans) == [1, SUBJECTS, SUBJECTS]


def test_nothing_to_write_asks_nothing(engine):
    assert write(Newest(engine.look), engine) == []
    assert engine.spans == []
