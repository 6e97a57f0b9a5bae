"""A recorded feed with a bit of everything, and what a running worker made of it."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contracts.codec import decode, encode, unbundle
from contracts.feed import encode_line, packet_line
from contracts.topics import FINDINGS, PACKETS, Topic, shard_of
from emissions.beijing import BEIJING
from emissions.event import Due, Mark
from emissions.finding import Case, Finding, unnumbered
from emissions.register import Register
from emissions.rules import Rules
from hj212.encode import message
from hj212.moments import qn_of, text_of
from rulebook.loader import load_rules
from rulebook.register import load_register
from stackwatch.batch import Judged, judge_feed, rate_key
from stores.port import SeriesStore

ROOT = Path(__file__).parents[2]
REGISTER = ROOT / "rulebook" / "registers" / "example"
START = datetime(2026, 11, 20, tzinfo=BEIJING)
HOURS = 30
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FAR = datetime(2100, 1, 1, tzinfo=BEIJING)


def example() -> tuple[Register, Rules]:
    return load_register(REGISTER), load_rules()


def feed(register: Register) -> list[bytes]:
    """Thirty hours of the example register, in the order of receipt: exceedances, gaps, late data, doubles, a mark."""
    lines: list[tuple[datetime, bytes]] = []
    for number, outlet in enumerate(register.outlets.values()):
        for n in range(HOURS):
            hour = START + n * HOUR
            called = encode(Due(outlet=outlet.id, mn=outlet.mn, hour=hour))
            lines.append((hour + 2 * HOUR, called))
            if not outlet.mn or (number == 1 and 8 <= n < 14):
                continue
            late = 5 * HOUR if (n + number) % 11 == 0 else timedelta(0)
            value = "88.0" if (n + number) % 9 == 0 else "4.5"
            packet = _packet(outlet.mn, "2061", hour, value, outlet.pollutants)
            received = hour + 65 * MINUTE + late
            lines.append((received, encode_line(packet_line(received, outlet.mn, packet, "gw"))))
            if n % 7 == 0:
                again = received + MINUTE
                lines.append((again, encode_line(packet_line(again, outlet.mn, packet, "gw"))))
            for k in range(0, 60, outlet.minute_interval if outlet.minute_interval > 5 else 10):
                at = hour + k * MINUTE
                minute = _packet(outlet.mn, "2051", at, value, outlet.pollutants)
                lines.append((at + 11 * MINUTE, encode_line(packet_line(at + 11 * MINUTE, outlet.mn, minute, "gw"))))
    first = next(iter(register.outlets.values()))
    entered = START + 9 * HOUR
    mark = Mark(
        id="m1", outlet=first.id, mn=first.mn, mark="fault", from_=START + 6 * HOUR, to=START + 8 * HOUR,
        entered_at=entered, by="operator",
    )  # fmt: skip
    lines.append((entered, encode(mark)))
    lines.append((entered, b"not a line of the feed"))
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def _packet(mn: str, cn: str, at: datetime, value: str, pollutants: Iterable[str]) -> bytes:
    values = {code: {"Avg": value, "ZsAvg": value, "Flag": "N"} for code in pollutants} | {"a19001": {"Avg": "6.0"}}
    sent = message(qn=qn_of(at), st="31", cn=cn, mn=mn, flag=5, data_time=text_of(at), values=values)
    return sent.rstrip()


async def publish(servers: str, register: Register, lines: list[bytes], *, per_message: int = 20) -> None:
    """Put the lines into ``cems.packets`` as the gateway would: bundled by shard, order kept."""
    owners = {outlet.mn or outlet.id: outlet.mn or outlet.id for outlet in register.outlets.values()}
    shards: dict[int, list[bytes]] = {}
    for line in lines:
        owner = next((o for o in owners if f'"{o}"'.encode() in line), "")
        shards.setdefault(shard_of(owner), []).append(line)
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all")
    await producer.start()
    try:
        for shard, mine in shards.items():
            for start in range(0, len(mine), per_message):
                value = b"\n".join(mine[start : start + per_message])
                key, partition = str(shard).encode(), shard % PACKETS.partitions
                await producer.send_and_wait(PACKETS.name, value, key=key, partition=partition)
    finally:
        await producer.stop()


async def everything_in(servers: str, topic: Topic) -> list[bytes]:
    """All lines of a topic at this moment."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, n) for n in range(topic.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        lines: list[bytes] = []
        for partition in partitions:
            await consumer.seek_to_beginning(partition)
        while any([await consumer.position(p) < ends[p] for p in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                lines += [line for record in records for line in unbundle(record.value)]
        return lines
    finally:
        await consumer.stop()


@dataclass
class Outcome:
    """What can be compared: the last word on each hour, rate, finding and case."""

    hours: dict[object, object]
    rates: dict[object, object]
    findings: dict[str, object]
    cases: dict[str, object]


def expected(judged: Judged) -> Outcome:
    return Outcome(
        hours={(h.outlet, h.pollutant, h.hour): encode(h) for h in judged.hours.values()},
        rates={key: encode(rate) for key, rate in judged.rates.items()},
        findings={f.id: encode(f) for f in judged.findings.values()},
        cases={c.id: encode(c) for c in judged.cases.values()},
    )


def batch(register: Register, rules: Rules, lines: list[bytes]) -> Outcome:
    return expected(judge_feed(lines, register, rules))


def outcome(servers: str, store: SeriesStore) -> Outcome:
    messages = [decode(line) for line in asyncio.run(everything_in(servers, FINDINGS))]
    return Outcome(
        hours={(h.outlet, h.pollutant, h.hour): encode(h) for h in store.hours(start=START - HOUR, end=FAR)},
        rates={rate_key(rate): encode(rate) for rate in store.rates()},
        findings={m.id: encode(unnumbered(m)) for m in messages if isinstance(m, Finding)},
        cases={m.id: encode(unnumbered(m)) for m in messages if isinstance(m, Case)},
    )


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.2)
