"""The topics through a real broker: what is heard, and that a mark is there before it is answered."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contracts.codec import bundle, decode, encode
from contracts.feed import PacketLine, encode_line, packet_line
from contracts.topics import FINDINGS, HOURS, PACKETS, READINGS, TOPICS, shard_key, shard_partition
from emissions.beijing import BEIJING, HOUR
from emissions.event import Due, Mark
from stackwatch.embedded.ports import free_port
from stackwatch.embedded.tansu import kafka_broker
from stackwatch.topics import create_topics
from tests.unit.web import town
from web.feed import FeedUnavailable, KafkaFeed
from web.listening import listen
from web.live import Live
from web.packets import KafkaPackets, PacketsUnavailable


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with kafka_broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker.url


@asynccontextmanager
async def following(bootstrap: str) -> AsyncIterator[Live]:
    live = Live()
    task = asyncio.create_task(listen(bootstrap, live, prepare=partial(create_topics, bootstrap)))
    try:
        yield live
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - nothing rings here but the condition itself
            await asyncio.sleep(0.02)


async def test_what_was_there_before_and_what_comes_is_heard(bootstrap, register, judged):
    await create_topics(bootstrap, topics=TOPICS)
    findings = town.findings(judged)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        await producer.send_and_wait(FINDINGS.name, encode(findings[0]), key=b"371502")
        async with following(bootstrap) as live:
            await until(lambda: live.findings() == [findings[0]])
            assert live.following
            with live.subscribe(kinds=frozenset({"hour"})) as stream:
                reading = next(town.readings(register.outlets["O371502-01"]))
                await producer.send_and_wait(READINGS.name, bundle([reading]), key=b"O371502-01")
                await producer.send_and_wait(HOURS.name, bundle(judged[:3]), key=b"371502")
                async with asyncio.timeout(20):
                    heard = await stream.next_batch()
            assert [decode(line.line.encode()) for line in heard] == judged[:3]
            await until(lambda: live.reading("O371502-01", "2011") == reading)
    finally:
        await producer.stop()


async def test_a_mark_stands_in_its_loggers_partition_when_send_returns(bootstrap):
    await create_topics(bootstrap, topics=TOPICS)
    mark = Mark(
        id="m1",
        outlet="O371502-01",
        mn="MN3715020001",
        mark="maintenance",
        from_=town.NOW,
        to=town.NOW.replace(hour=16),
        entered_at=town.NOW,
        by="李工",
    )
    feed = KafkaFeed(bootstrap, idempotent=False)
    await feed.send(mark)
    await feed.close()
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        part = TopicPartition(PACKETS.name, shard_partition(mark.mn))
        consumer.assign([part])
        await consumer.seek_to_beginning(part)
        async with asyncio.timeout(20):
            record = await consumer.getone()
        assert decode(record.value) == mark
    finally:
        await consumer.stop()


async def test_a_broker_that_is_away_takes_no_mark_and_keeps_the_listener_trying(tmp_path: Path, judged):
    port = free_port()
    bootstrap = f"127.0.0.1:{port}"
    mark = Mark(id="m", outlet="O", mn="MN", mark="fault", from_=town.NOW, to=town.NOW, entered_at=town.NOW, by="李工")
    feed = KafkaFeed(bootstrap, idempotent=False)
    with pytest.raises(FeedUnavailable):
        await feed.send(mark)
    async with following(bootstrap) as live:
        assert not live.following
        with kafka_broker(tmp_path, port=port):
            await until(lambda: live.following)
    await feed.close()


def packet_lines(mn: str, start: datetime, *, count: int) -> list[PacketLine]:
    return [
        packet_line(start + timedelta(seconds=10 * index), mn, f"##{index:04}".encode(), "gw1")
        for index in range(count)
    ]


async def test_frames_are_found_again_by_when_they_were_received_among_roll_calls_and_others(bootstrap):
    await create_topics(bootstrap, topics=TOPICS)
    mn = "MN-FOUND"
    part = shard_partition(mn)
    other = next(f"MN{n}" for n in range(500) if shard_partition(f"MN{n}") == part)
    start = datetime(2026, 11, 9, tzinfo=BEIJING)
    lines, others = packet_lines(mn, start, count=900), packet_lines(other, start, count=900)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for index, (line, beside) in enumerate(zip(lines, others, strict=True)):
            due = encode(Due(outlet="O", mn=mn, hour=start))
            content = [encode_line(line), due, encode_line(beside)] if index % 7 else [due]
            await producer.send(PACKETS.name, b"\n".join(content), key=shard_key(mn), partition=part)
        await producer.flush()
    finally:
        await producer.stop()
    packets = KafkaPackets(bootstrap)
    since, until = start + timedelta(seconds=4000), start + timedelta(seconds=4100)
    found = await packets.find(mn, since=since, until=until)
    assert found == [line for index, line in enumerate(lines) if 400 <= index <= 410 and index % 7]
    assert await packets.find(mn, since=start - 2 * HOUR, until=start - HOUR) == []
    assert await packets.find(mn, since=start + 9 * HOUR, until=start + 10 * HOUR) == []
    assert await packets.find("MN-NOBODY", since=since, until=until) == []
    await packets.close()


async def test_a_sweep_gives_every_frame_and_mark_of_the_loggers_byte_for_byte(bootstrap):
    await create_topics(bootstrap, topics=TOPICS)
    first, second = (
        "MN-SWEPT",
        next(f"MNS{n}" for n in range(500) if shard_partition(f"MNS{n}") != shard_partition("MN-SWEPT")),
    )
    start = datetime(2026, 11, 8, tzinfo=BEIJING)
    mark = Mark(id="s", outlet="O", mn=first, mark="fault", from_=start, to=start + HOUR, entered_at=start, by="李工")
    sent = {mn: [encode_line(line) for line in packet_lines(mn, start, count=50)] for mn in (first, second)}
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for mn, lines in sent.items():
            beside = [encode(mark)] if mn == first else []
            due = encode(Due(outlet="O", mn=mn, hour=start))
            content = [*beside, *lines[:20], due, b"{broken", *lines[20:]]
            part = shard_partition(mn)
            await producer.send(PACKETS.name, b"\n".join(content), key=shard_key(mn), partition=part)
        await producer.flush()
    finally:
        await producer.stop()
    packets = KafkaPackets(bootstrap)
    until = start + timedelta(seconds=295)

    async def swept(*names: str) -> list[bytes]:
        return [line async for line in packets.sweep(frozenset(names), since=start, until=until)]

    assert await swept(first) == [encode(mark), *sent[first][:30]]
    assert sorted(await swept(first, second)) == sorted([encode(mark), *sent[first][:30], *sent[second][:30]])
    assert await swept("MN-NOBODY") == []
    await packets.close()


async def test_a_feed_that_is_away_says_so():
    packets = KafkaPackets(f"127.0.0.1:{free_port()}")
    with pytest.raises(PacketsUnavailable):
        await packets.find("MN", since=town.NOW, until=town.NOW)
    with pytest.raises(PacketsUnavailable):
        _ = [line async for line in packets.sweep(frozenset({"MN"}), since=town.NOW, until=town.NOW)]
    await packets.close()
