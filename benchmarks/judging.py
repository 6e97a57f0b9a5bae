"""Judging, on one core: the worker's stage, a plain aiokafka loop and Quix Streams, in turns in one run.

Each gets an Apache Kafka of its own with the same feed in it, and runs on one core alone; the broker has the others.
Measured is how fast committed offsets move, from the first commit that is seen to the last one before the end: start,
assignment and the last wait for a timer do not count, everything that a commit stands for does.

In the first round each is killed twice while it works on more of the feed, and must end with the hours of the batch.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Self

from benchmarks import contender_faust, contender_plain, quix, usage
from benchmarks.feed import Recorded, record
from benchmarks.kafka_side import Offsets, hours, publish
from contracts.codec import encode
from contracts.topics import PACKETS, READINGS, TOPICS, Topic
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


def measure(*, full: bool) -> dict[str, object]:
    """All contenders, as numbers and ratios: the median of some rounds, each of which begins with another of them."""
    packets, rounds = (400_000, 5) if full else (200_000, 3)
    with tempfile.TemporaryDirectory(prefix="bench.judging.") as folder:
        place = Path(folder)
        progress("judging", f"recording {packets + MORE} packets of {OUTLETS} outlets")
        feed = record(OUTLETS, packets + MORE, START, place / "register")
        wanted = _batch(feed, place / "register")
        contenders = _contenders(place)
        speeds: dict[str, list[Speed]] = {contender.name: [] for contender in contenders}
        survives: dict[str, bool] = {}
        for number in range(rounds):
            turn = number % len(contenders)
            for contender in contenders[turn:] + contenders[:turn]:
                with _Race(contender, feed, packets, place) as race:
                    speed = asyncio.run(race.speed())
                    progress("judging", f"round {number + 1}, {contender.name}: {speed.packets_per_s:.0f} packets/s")
                    speeds[contender.name].append(speed)
                    if number == 0:
                        survives[contender.name] = asyncio.run(race.kill(wanted))
    results: dict[str, object] = {"judging_rounds": rounds}
    for name, of_one in speeds.items():
        results |= {
            f"{name}_packets_per_s": round(median(speed.packets_per_s for speed in of_one)),
            f"{name}_packets_per_s_by_round": [round(speed.packets_per_s) for speed in of_one],
            f"{name}_packets_per_cpu_s": round(median(speed.packets_per_cpu_s for speed in of_one)),
            f"{name}_memory_mb": round(max(speed.memory_mb for speed in of_one)),
            f"{name}_survives_kill": survives[name],
        }
    return results | {
        f"judging_to_{other}": round(
            median(
                ours.packets_per_s / theirs.packets_per_s
                for ours, theirs in zip(speeds["judging"], speeds[other], strict=True)
            ),
            2,
        )
        for other in ("plain", "quix")
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
            command=[*python, "benchmarks.contender_quix", "{kafka}", register, "{state}"],
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


class _Race:
    """One contender on a Kafka of its own, from an empty one to a stopped one."""

    def __init__(self, contender: Contender, feed: Recorded, packets: int, place: Path) -> None:
        self._contender = contender
        self._messages = feed.messages
        self._split = next(n for n in range(len(feed.messages)) if sum(m[2] for m in feed.messages[:n]) >= packets)
        self._share = packets / sum(lines for *_, lines in feed.messages[: self._split])
        self._place = place
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir=self._place)))
        broker = self._stack.enter_context(kafka(folder / "kafka"))
        cores = os.sched_getaffinity(0)
        alone = max(cores)
        usage.pin(broker.process.pid, cores - {alone} or cores)
        self._bootstrap = broker.bootstrap
        self._runner = _Runner(self._contender, broker.bootstrap, alone, folder)
        self._stack.callback(self._runner.kill)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    async def speed(self) -> Speed:
        """Judge the first part of the feed."""
        await create_topics(self._bootstrap, topics=[*TOPICS, PLAIN_STATE])
        messages = self._messages[: self._split]
        await publish(self._bootstrap, messages)
        self._runner.start()
        rate, cpu_rate = await _watch(self._runner, self._bootstrap, messages, self._share)
        return Speed(packets_per_s=rate, packets_per_cpu_s=cpu_rate, memory_mb=usage.memory_mb(self._runner.pid))

    async def kill(self, wanted: dict[object, bytes]) -> bool:
        """Judge the rest, killed again and again; whether the last words are the batch's."""
        return await _kill(self._runner, self._bootstrap, self._messages[self._split :], wanted)


class _Runner:
    """The process of a contender."""

    def __init__(self, contender: Contender, bootstrap: str, core: int, folder: Path) -> None:
        command = [part.format(kafka=bootstrap, state=folder / "state") for part in contender.command]
        self._command = ["taskset", "-c", str(core), *command]
        self._env, self._log = contender.env, folder / f"{contender.name}.log"
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
    async with Offsets(bootstrap, runner.group) as offsets:
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
    async with Offsets(bootstrap, runner.group) as offsets:
        runner.kill()
        await publish(bootstrap, messages)
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
    return _last_words(await hours(bootstrap)) == wanted


if __name__ == "__main__":
    for key, value in measure(full="--full" in sys.argv).items():
        print(f"{key:28} {value}")
