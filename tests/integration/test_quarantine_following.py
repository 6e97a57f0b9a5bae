"""The quarantine's topic followed into the database: all of it, once, by one process or two, over restarts."""

import asyncio
import contextlib
from datetime import datetime

import pytest
from aiokafka import AIOKafkaProducer

from alerts.database import open_database, upgrade
from contracts.codec import encode
from contracts.topics import QUARANTINE
from emissions.beijing import BEIJING
from emissions.finding import Rejected
from tests.integration.wire import come_true
from web.quarantine_book import QuarantineBook, Selection
from web.quarantine_following import catch_up, follow_quarantine

AT = datetime(2026, 11, 24, 10, tzinfo=BEIJING)


def rejected(number):
    return Rejected(reason="crc", mn="m", received_at=AT, line=f'{{"kind":"packet","n":{number}}}', detail="why")


async def refuse(servers, *values):
    """One message each, and in between what is no refusal."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all")
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(QUARANTINE.name, value, key=b"m")
    finally:
        await producer.stop()


@pytest.fixture
def books(tmp_path):
    url = f"sqlite:///{tmp_path}/alerts.sqlite"
    upgrade(url)
    engines = [open_database(url), open_database(url)]
    yield [QuarantineBook(engine) for engine in engines]
    for engine in engines:
        engine.dispose()


@contextlib.asynccontextmanager
async def following(servers, *books):
    async def nothing():
        return None

    tasks = [asyncio.create_task(follow_quarantine(servers, book, prepare=nothing)) for book in books]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_is_refused_is_found_in_the_database(kafka, books):
    one, two = books

    def total():
        return one.page(Selection(), limit=1).total

    bundle = b"\n".join(map(encode, (rejected(1), rejected(2))))
    await refuse(
        kafka.url, bundle, b"no refusal", b'{"kind":"due","outlet":"o","mn":"","hour":"2026-11-24T10:00:00+08:00"}'
    )
    async with following(kafka.url, one):
        await come_true(lambda: total() == 2, "both lines")
    await refuse(kafka.url, encode(rejected(3)))
    async with following(kafka.url, one, two):
        await come_true(lambda: total() == 3, "the third")
        await refuse(kafka.url, *(encode(rejected(number)) for number in range(4, 8)))
        await come_true(lambda: total() == 7, "the others, whoever was faster")
    await refuse(kafka.url, encode(rejected(8)))
    await catch_up(kafka.url, two)
    items = one.page(Selection(), limit=99).items
    assert sorted(item.times for item in items) == [1] * 8, "nothing is counted twice"


async def test_a_topic_that_was_made_anew_is_read_from_its_beginning(kafka, books):
    books[0].follow([], next_offset=10_000)
    await refuse(kafka.url, encode(rejected(1)))
    await catch_up(kafka.url, books[0])
    assert books[0].page(Selection(), limit=1).total == 1
