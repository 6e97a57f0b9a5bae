"""A stretch of a simulated city replayed twice at full speed: the same bytes, and what the oracle says of it."""

import asyncio
from datetime import datetime

import pytest
from aiokafka import AIOKafkaProducer

from benchmarks.feed import record
from contracts.codec import encode
from contracts.topics import PACKETS
from emissions.beijing import BEIJING
from rulebook.loader import load_rules
from rulebook.register import load_register
from stackwatch.batch import judge_feed
from stackwatch.feed_log import open_feed
from stackwatch.replaying import fetch, judge_again
from stores.sqlite import SqliteStore

START = datetime(2026, 11, 1, tzinfo=BEIJING)
PACKETS_A_DAY = 1440 + 24 + 2 * 144
"""Of one outlet, more or less: each minute, each hour, and of some each ten minutes."""


async def publish(servers, messages):
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all")
    await producer.start()
    try:
        for shard, value, _ in messages:
            await producer.send(PACKETS.name, value, key=str(shard).encode(), partition=shard % PACKETS.partitions)
    finally:
        await producer.stop()


@pytest.mark.parametrize(
    ("outlets", "days"),
    [pytest.param(2, 1.2, id="a day and more"), pytest.param(6, 30, id="a month", marks=pytest.mark.long)],
)
@pytest.mark.timeout(1800)
def test_two_replays_are_equal_and_say_what_the_oracle_says(kafka, tmp_path, outlets, days):
    recorded = record(outlets, int(outlets * days * PACKETS_A_DAY), START, tmp_path / "register")
    register, rules = load_register(tmp_path / "register"), load_rules()
    asyncio.run(publish(kafka.url, recorded.messages))
    files = []
    for name in ("one", "two"):
        store = SqliteStore(tmp_path / f"{name}.sqlite")
        fetched = asyncio.run(fetch(kafka.url, tmp_path / name, rules))
        judged = judge_again(fetched, register, rules, store=store)
        files.append((fetched.path.read_bytes(), list(judged.messages(revisions=True)), list(judged.messages())))
        assert sorted(map(encode, store.rates())) == sorted(map(encode, judged.rates.values()))
        store.close()
    one, two = files
    assert one == two
    assert sorted(one[0].splitlines()) == sorted(recorded.lines)
    assert one[2] == list(judge_feed(recorded.lines, register, rules).messages()), (
        "in whatever order partitions are read"
    )


async def test_what_comes_while_it_is_read_is_left_for_the_next_time(kafka, tmp_path):
    recorded = record(1, 50, START, tmp_path / "register")
    await publish(kafka.url, recorded.messages)
    async with open_feed(kafka.url, in_time=load_rules().parameters.in_time) as feed:
        await publish(kafka.url, recorded.messages)
        lines = [line async for line in feed.lines()]
    assert sorted(lines) == sorted(recorded.lines)
