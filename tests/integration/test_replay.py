"""The feed once more: twice the same bytes, and all that follows from it made anew after it was thrown away."""

import asyncio
import os
import subprocess
import sys

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts.database import AlertEventRow, CaseEventRow, OutboxRow, open_database, upgrade
from alerts.repository import Repository
from contracts.codec import decode, encode
from contracts.feed import read_line
from contracts.topics import FINDINGS
from deploy.engines import kafka as engine
from emissions.finding import Case, Finding
from stackwatch.batch import judge_feed
from stackwatch.topics import create_topics
from stores import open_store
from stores.sqlite import SqliteStore
from tests.integration.recorded import (
    FAR,
    HOUR,
    REGISTER,
    START,
    batch,
    everything_in,
    example,
    feed,
    outcome,
    publish,
    wait_until,
)
from tests.integration.test_worker import Workers

CNS = ("2011", "2051", "2061", "2031")


@pytest.fixture
def workers(tmp_path):
    """Workers on Apache Kafka: the embedded broker takes no offsets from outside a group."""
    with engine(tmp_path / "kafka") as broker:
        asyncio.run(create_topics(broker.bootstrap))
        crew = Workers(broker.bootstrap, tmp_path)
        yield crew
        crew.end()


def stackwatch(workers, *arguments, code=0):
    """Run a verb with the workers' settings, and give back what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "stackwatch", *map(str, arguments)],
        env=settings(workers), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def settings(workers):
    """What a verb is told to meet the workers' broker, store and register."""
    return os.environ | {
        "STACKWATCH_KAFKA": workers.kafka,
        "STACKWATCH_KAFKA_SESSION_S": "6",
        "STACKWATCH_SERIES": f"sqlite:///{workers.series}",
        "STACKWATCH_REGISTER": str(REGISTER),
    }


def everything(store, register):
    """All that a series store holds, as bytes."""
    points = [*store.hours(start=START - 400 * 24 * HOUR, end=FAR), *store.rates()]
    points += [
        reading
        for outlet in register.outlets
        for cn in CNS
        for reading in store.readings(outlet, cn=cn, start=START - HOUR, end=FAR)
    ]
    return [encode(point) for point in points]


def told(repository):
    """How many lines of the logs there are, and how many notices were written."""
    with Session(repository.engine) as session:
        tables = (AlertEventRow, CaseEventRow, OutboxRow)
        return [session.scalar(select(func.count()).select_from(table)) for table in tables]


def take_in(repository, servers, now):
    lines = [decode(line) for line in asyncio.run(everything_in(servers, FINDINGS))]
    repository.take_in([line for line in lines if isinstance(line, Finding | Case)], now=now)
    return len(lines)


def test_a_replay_gives_the_same_bytes_twice_and_a_rebuild_what_was_there(workers, tmp_path):
    register, rules = example()
    whole = feed(register)
    split = next(number for number, line in enumerate(whole) if (at := moment(line)) and at >= START + 20 * HOUR)
    lines, later = whole[:split], whole[split:]
    half = len(lines) // 2
    wanted = batch(register, rules, lines)
    asyncio.run(publish(workers.kafka, register, lines[:half]))
    worker = workers.start()
    asyncio.run(publish(workers.kafka, register, lines[half:]))
    wait_until(lambda: outcome(workers.kafka, workers.store) == wanted, seconds=90, what="the outcome is the batch's")
    upgrade(f"sqlite:///{tmp_path}/alerts.sqlite")
    repository = Repository(open_database(f"sqlite:///{tmp_path}/alerts.sqlite"))
    found = take_in(repository, workers.kafka, FAR)
    known = told(repository)
    assert known[0] > 0

    # Into files, and into a store of its own, beside the worker that runs.
    said = stackwatch(workers, "replay", "--out", tmp_path / "one", "--series", f"sqlite:///{tmp_path}/other.sqlite")
    stackwatch(workers, "replay", "--out", tmp_path / "two")
    assert f"{len(lines)} lines: {len(wanted.hours)} hours, " in said
    for name in ("feed.ndjson", "judged.ndjson"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    fetched = (tmp_path / "one" / "feed.ndjson").read_bytes().splitlines()
    assert sorted(fetched) == sorted(lines)
    judged = (tmp_path / "one" / "judged.ndjson").read_bytes().splitlines()
    assert judged == list(judge_feed(fetched, register, rules).messages())
    assert {line for line in judged if b'"rejected"' not in line} == {
        line for line in judge_feed(lines, register, rules).messages() if b'"rejected"' not in line
    }
    stored = everything(workers.store, register)
    assert everything(open_store(f"sqlite:///{tmp_path}/other.sqlite"), register) == stored

    # A range of it.
    start, end = START + 5 * HOUR, START + 9 * HOUR
    stackwatch(workers, "replay", "--from", start.isoformat(), "--to", end.isoformat(), "--out", tmp_path / "part")
    part = (tmp_path / "part" / "feed.ndjson").read_bytes().splitlines()
    inside = [line for line in lines if (at := moment(line)) is not None and start <= at < end]
    assert sorted(part) == sorted(inside)

    # All anew: refused while a worker runs, right after it has stopped.
    assert "stop them first" in stackwatch(workers, "replay", "--rebuild", code=2)
    assert workers.stop(worker) == 0
    workers.store.close()
    for file in workers.series.parent.glob("series.sqlite*"):
        file.unlink()
    said = stackwatch(workers, "replay", "--rebuild")
    assert "rebuilt" in said
    assert everything(SqliteStore(workers.series), register) == stored
    assert take_in(repository, workers.kafka, FAR + HOUR) > found, "findings were written again"
    assert told(repository) == known, "and nobody is told again"
    repository.engine.dispose()

    # The state is the feed's as well: what comes next is judged as if nothing had happened.
    workers.store = SqliteStore(workers.series)
    workers.start()
    asyncio.run(publish(workers.kafka, register, later))
    expected = batch(register, rules, whole)
    wait_until(lambda: outcome(workers.kafka, workers.store) == expected, seconds=90, what="it goes on as the batch")


def moment(line):
    try:
        event = read_line(line)
    except ValueError:
        return None
    if event.kind == "due":
        return event.hour + 2 * HOUR
    return getattr(event, "received_at", None) or event.entered_at
