"""Judging, on one core: the worker's stage, a plain aiokafka loop and Quix Streams, one after the other in one run.

Each gets an Apache Kafka of its own with the same feed in it, and runs on one core alone; the broker has the others.
Measured is how fast committed offsets move, from the first commit that is seen to the last one before the end: start,
assignment and the last wait for a timer do not count, everything that a commit stands for does.

Then each is killed twice while it works on more of the feed, and must end with the same hours as the batch.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from benchmarks import contender_faust, contender_plain, quix, usage
from benchmarks.feed import Recorded, record
from contracts.codec import decode, encode, unbundle
from contracts.topics import HOURS, PACKETS, READINGS, TOPICS, Topic
from deploy.engines import kafka
from deploy.engines.cache import progress
from emissions.beijing import BEIJING
from emissions.hourly import Hour
from rulebook.loader import load_rules
from rulebook.register import load_register
from stackwatch.topics import create_topics
from streams.judge import Judge

OUTLETS = 800
START = datetime(2026, 11, 2, tzinfo=BEIJING)
MORE = 20_000
"""Packets that come while a contender is killed."""
LOOK_S = 0.1
PATIENCE_S = 300.0
QUIX_GROUP = "bench-quix"
PLAIN_STATE = Topic(name=contender_plain.STATE, key="segment", partitions=PACKETS.partitions, retention_ms=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One way to do the job."""

    name: str
    group: str
    command: list[str]
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What one contender reached."""

    packets_per_s: float
    packets_per_cpu_s: float
    memory_mb: float
    survives_kill: bool


def measure(*, full: bool) -> dict[str, object]:
    """All contenders, as numbers and ratios."""
    packets = 600_000 if full else 200_000
    with tempfile.TemporaryDirectory(prefix="bench.judging.") as folder:
        place = Path(folder)
        progress("judging", f"recording {packets + MORE} packets of {OUTLETS} outlets")
        feed = record(OUTLETS, packets + MORE, START, place / "register")
        wanted = _batch(feed, place / "register")
        speeds = {}
        for contender in _contenders(place):
            progress("judging", f"{contender.name}: {packets} packets")
            speeds[contender.name] = asyncio.run(_race(contender, feed, packets, wanted, place))
            progress("judging", f"{contender.name}: {speeds[contender.name]}")
    judging, plain, other = (speeds[name] for name in ("judging", "plain", "quix"))
    results: dict[str, object] = {}
    for name, speed in speeds.items():
        results |= {
            f"{name}_packets_per_s": round(speed.packets_per_s),
            f"{name}_packets_per_cpu_s": round(speed.packets_per_cpu_s),
            f"{name}_memory_mb": round(speed.memory_mb),
            f"{name}_survives_kill": speed.survives_kill,
        }
    return results | {
        "judging_to_quix": round(judging.packets_per_s / other.packets_per_s, 2),
        "judging_to_plain": round(judging.packets_per_s / plain.packets_per_s, 2),
    }


def _contenders(place: Path) -> list[Contender]:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    register = str(place / "register")
    python = [sys.executable, "-m"]
    return [
        Contender(
            name="judging",
            group=contender_faust.GROUP,
            command=[*python, "benchmarks.contender_faust", "{kafka}", register],
            env=env,
        ),
        Contender(
            name="plain",
            group=contender_plain.GROUP,
            command=[*python, "benchmarks.contender_plain", "{kafka}", register],
            env=env,
        ),
        Contender(
            name="quix",
            group=QUIX_GROUP,
            command=[*python, "benchmarks.contender_quix", "{kafka}", register, str(place / "quix-state")],
            env={**os.environ, **quix.environment()},
        ),
    ]


def _batch(feed: Recorded, register: Path) -> dict[object, bytes]:
    judge = Judge(load_register(register), load_rules())
    return _last_words([output for line in feed.lines for output in judge.line(line)])


def _last_words(messages: list[object]) -> dict[object, bytes]:
    words: dict[object, Hour] = {}
    for message in messages:
        if isinstance(message, Hour):
            key = (message.outlet, message.pollutant, message.hour)
            if key not in words or message.revision >= words[key].revision:
                words[key] = message
    return {key: encode(hour) for key, hour in words.items()}


async def _race(contender: Contender, feed: Recorded, packets: int, wanted: dict[object, bytes], place: Path) -> Speed:
    with kafka(place / f"kafka-{contender.name}") as broker:
        cores = os.sched_getaffinity(0)
        alone = max(cores)
        usage.pin(broker.process.pid, cores - {alone} or cores)
        await create_topics(broker.bootstrap, topics=[*TOPICS, PLAIN_STATE])
        split = next(n for n in range(len(feed.messages)) if sum(m[2] for m in feed.messages[:n]) >= packets)
        runner = _Runner(contender, broker.bootstrap, alone, place / f"{contender.name}.log")
        try:
            share = packets / sum(lines for *_, lines in feed.messages[:split])
            await _publish(broker.bootstrap, feed.messages[:split])
            runner.start()
            rate, cpu_rate = await _watch(runner, broker.bootstrap, feed.messages[:split], share)
            memory = usage.memory_mb(runner.pid)
            survives = await _kill(runner, broker.bootstrap, feed.messages[split:], wanted)
        finally:
            runner.kill()
    return Speed(packets_per_s=rate, packets_per_cpu_s=cpu_rate, memory_mb=memory, survives_kill=survives)


class _Runner:
    """The process of a contender."""

    def __init__(self, contender: Contender, bootstrap: str, core: int, log: Path) -> None:
        command = [part.format(kafka=bootstrap) for part in contender.command]
        self._command = ["taskset", "-c", str(core), *command]
        self._env, self._log = contender.env, log
        self.group = contender.group
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=dict(self._env), stdout=log, stderr=log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def require_alive(self) -> None:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self._command}: {self._log.read_text(errors='replace')[-2000:]}")


async def _watch(
    runner: _Runner, bootstrap: str, messages: list[tuple[int, bytes, int]], share: float
) -> tuple[float, float]:
    """Packets a second of time, and of processor time, between the first and the last commit but the very last."""
    total = len(messages)
    seen: list[tuple[float, float, int]] = []
    async with _Offsets(bootstrap, runner.group) as offsets:
        deadline = time.monotonic() + PATIENCE_S
        committed = 0
        while committed < total:
            runner.require_alive()
            now = await offsets.committed()
            if now > committed:
                committed = now
                seen.append((time.monotonic(), usage.cpu_s(runner.pid), committed))
            if time.monotonic() > deadline:
                raise RuntimeError(f"{runner.group}: {committed} of {total} messages after {PATIENCE_S:g} s")
            await asyncio.sleep(LOOK_S)
    if len(seen) < 3:
        raise RuntimeError(f"{runner.group} committed only {len(seen)} times; too few packets to measure")
    (begin, cpu_begin, first), (end, cpu_end, last) = seen[0], seen[-2]
    packets = sum(lines for *_, lines in messages) / total * (last - first) * share
    return packets / (end - begin), packets / (cpu_end - cpu_begin)


async def _kill(
    runner: _Runner, bootstrap: str, messages: list[tuple[int, bytes, int]], wanted: dict[object, bytes]
) -> bool:
    """Whether the last words are the batch's although the process was killed twice, once with work half done."""
    async with _Offsets(bootstrap, runner.group) as offsets:
        runner.kill()
        await _publish(bootstrap, messages)
        whole = await offsets.ends(PACKETS)
        runner.start()
        before = await offsets.committed()
        deadline = time.monotonic() + PATIENCE_S
        # Killed for the second time when outputs have come and, most likely, before they are committed.
        readings = await offsets.ends(READINGS)
        while await offsets.ends(READINGS) == readings and await offsets.committed() == before:
            runner.require_alive()
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(LOOK_S)
        runner.kill()
        runner.start()
        while await offsets.committed() < whole:
            runner.require_alive()
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(LOOK_S)
    return _last_words(await _hours(bootstrap)) == wanted


class _Offsets:
    """How far a group has come in ``cems.packets``."""

    def __init__(self, bootstrap: str, group: str) -> None:
        self._admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
        self._group = group
        self._partitions = [TopicPartition(PACKETS.name, n) for n in range(PACKETS.partitions)]

    async def __aenter__(self) -> Self:
        await self._admin.start()
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._admin.close()

    async def committed(self) -> int:
        try:
            found = await self._admin.list_consumer_group_offsets(self._group, partitions=self._partitions)
        except GroupCoordinatorNotAvailableError:
            return 0  # nobody has asked for a group yet
        return sum(max(0, offset.offset) for offset in found.values())

    async def ends(self, topic: Topic) -> int:
        partitions = [TopicPartition(topic.name, n) for n in range(topic.partitions)]
        return sum((await self._consumer.end_offsets(partitions)).values())


async def _publish(bootstrap: str, messages: list[tuple[int, bytes, int]]) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, compression_type="lz4", linger_ms=20
    )
    await producer.start()
    try:
        for shard, value, _ in messages:
            await producer.send(PACKETS.name, value, key=str(shard).encode(), partition=shard % PACKETS.partitions)
    finally:
        await producer.stop()


async def _hours(bootstrap: str) -> list[object]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(HOURS.name, n) for n in range(HOURS.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        messages: list[object] = []
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                messages += [decode(line) for record in records for line in unbundle(record.value)]
        return messages
    finally:
        await consumer.stop()


if __name__ == "__main__":
    for key, value in measure(full="--full" in sys.argv).items():
        print(f"{key:28} {value}")
