"""The whole path on real engines: loggers, Mosquitto, gateway, Kafka, worker, InfluxDB; alerts with PostgreSQL.

Three parts, one after the other, all processes and engines on this machine:

1. backfill: many packets as fast as the broker takes them, and how long it takes until all are stored; in the long form
   a day of all outlets, so that what the worker keeps of an outlet is as much as it ever is;
2. sustained: loggers send as fast as readings are stored, never more than ``BACKLOG`` packets on their way;
3. latency: an even rate, half of the target; when was each reading stored, when did each alert arrive over MQTT.

At the end every packet that the broker has acknowledged must be in InfluxDB and answered, every probe must have raised
an alert, and no stage of the worker may have anything left to do: hours and rates are stored too.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from influxdb_client.client.influxdb_client import InfluxDBClient
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.feed import fleet
from benchmarks.readings import SIZE, first_moments
from benchmarks.watched import Watched, flatness
from deploy.engines import InfluxEngine, influxdb, kafka, mosquitto, postgresql
from deploy.engines.cache import progress
from deploy.engines.process import running
from emissions.beijing import hour_of, to_beijing
from simulators.register import write_register
from stackwatch.embedded.ports import free_port
from stackwatch.topics import create_topics

OUTLETS, PROBES = 800, 100
BEFORE = timedelta(hours=96)
"""The packets are of the last days: what is older than a year or ahead is refused."""
BACKLOG = 10_000
HALF_RATE = 1000.0
"""Half of the target of 2 000 packets a second."""
ALERTS_PER_S = 5.0
PREPARED_PER_S = 6000
"""More than can be sent in one second of the first part."""
LOOK_S = 1.0
PATIENCE_S = 1800.0
LEFT_OVER_S = 120.0
SILENCE_S = 60.0

_say = partial(progress, "path")


class Loggers:
    """The process that sends."""

    def __init__(self, host: str, port: int, start: datetime, folder: Path) -> None:
        command = [sys.executable, "-m", "benchmarks.loggers", host, str(port), str(OUTLETS), str(PROBES)]
        self._process = subprocess.Popen(
            [*command, start.isoformat(), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._reply()

    @property
    def pid(self) -> int:
        return self._process.pid

    def do(self, what: str, **details: float) -> dict[str, Any]:
        """Have something sent; when it began, when it ended, how many have been sent so far."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **details}) + "\n")
        self._process.stdin.flush()
        return self._reply()

    def _reply(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the loggers ended with {self._process.wait()}")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def measure(*, full: bool) -> dict[str, object]:
    """All three parts. Where something is missing at the end, the run's folder stays, and is named."""
    place = Path(tempfile.mkdtemp(prefix="bench.path."))
    results = _measure(place, *((300.0, 1_000_000) if full else (60.0, 100_000)))
    unanswered = results["answers_due"] - results["answers"]
    if results["lost"] or results["alerts_lost"] or results["left_over"] or unanswered:
        _say(f"something is missing; logs, answers of the processes and data are in {place}")
    else:
        shutil.rmtree(place)
    return results


def _measure(place: Path, seconds: float, burst: int) -> dict[str, Any]:
    with ExitStack() as stack:
        start = hour_of(to_beijing(datetime.now(UTC))) - BEFORE
        write_register(fleet(OUTLETS, start).city, place / "register")
        stored = place / "stored"
        stored.touch()
        watched = Watched()
        loggers, series, ports = _start(stack, watched, place, start)
        results = _backfill(loggers, watched, stored, burst)
        results |= _sustained(loggers, watched, stored, seconds)
        results |= _latency(loggers, watched, place, seconds)
        left_over = _left_over(ports["worker"])
        sent = _all_answered(loggers)
        _keep_answers(ports, place)
        kept = _in_store(series, start)
        # Packets are all different, so what was published and what is kept can be counted against each other.
        lost = len(first_moments(place / "published").keys() - first_moments(stored).keys())
        return results | {
            "published": sent["sent"],
            "answers_due": sent["answers_due"],
            "answers": sent["answers"],
            "in_influxdb": kept,
            "lost": max(lost, sent["sent"] - kept),
            "left_over": left_over,
        }


def _start(
    stack: ExitStack, watched: Watched, place: Path, start: datetime
) -> tuple[Loggers, InfluxEngine, dict[str, int]]:
    _say("starting engines and processes")
    env: dict[str, str] = {"STACKWATCH_REGISTER": str(place / "register"), "STACKWATCH_LOG_LEVEL": "warning"}
    series = stack.enter_context(influxdb(place / "influxdb"))
    broker = stack.enter_context(kafka(place / "kafka"))
    mqtt = stack.enter_context(mosquitto(place / "mosquitto"))
    database = stack.enter_context(postgresql(place / "postgresql"))
    for name, engine in (("influxdb", series), ("kafka", broker), ("mosquitto", mqtt), ("postgresql", database)):
        env |= engine.env
        watched.pids[name] = engine.process.pid
    asyncio.run(create_topics(broker.bootstrap))
    worker = ["benchmarks.timed_worker", str(place / "stored")]
    ports: dict[str, int] = {}
    for name, module in (
        ("worker", worker),
        ("gateway", ["stackwatch", "gateway"]),
        ("alerts", ["stackwatch", "alerts"]),
    ):
        ports[name] = free_port()
        watched.pids[name] = stack.enter_context(_process(name, module, env, place, ports[name]))
    address = urlsplit(mqtt.url)
    loggers = Loggers(str(address.hostname), int(address.port or 0), start, place)
    stack.callback(loggers.close)
    watched.pids["loggers"] = loggers.pid
    return loggers, series, ports


@contextmanager
def _process(name: str, module: list[str], env: Mapping[str, str], place: Path, port: int) -> Iterator[int]:
    given = {**env, "STACKWATCH_HEALTH_PORT": str(port), "PYTHONPATH": str(Path(__file__).parents[1])}
    settings = [f"{key}={value}" for key, value in given.items()]
    command = ["env", *settings, sys.executable, "-m", *module]
    with running(name, command, log=place / f"{name}.log", ready=partial(_is_ready, port)) as child:
        yield child.pid


def _is_ready(port: int) -> bool:
    try:
        return _asked(port, "readyz").is_success
    except httpx.TransportError:
        return False


def _asked(port: int, what: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}/{what}", trust_env=False)


def _left_over(port: int) -> dict[str, int]:
    """Messages that a stage of the worker has not finished, also long after the last packet."""
    deadline = time.monotonic() + LEFT_OVER_S
    while (lags := _lags(port)) and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    return lags


def _lags(port: int) -> dict[str, int]:
    families = text_string_to_metric_families(_asked(port, "metrics").text)
    samples = [sample for family in families for sample in family.samples if sample.name == "stackwatch_worker_lag"]
    return {sample.labels["stage"]: int(sample.value) for sample in samples if sample.value}


def _keep_answers(ports: Mapping[str, int], place: Path) -> None:
    for name, port in ports.items():
        told = "".join(_asked(port, what).text for what in ("readyz?verbose", "metrics"))
        (place / f"{name}.told").write_text(told, encoding="utf-8")


def _sustained(loggers: Loggers, watched: Watched, stored: Path, seconds: float) -> dict[str, object]:
    loggers.do("prepare", packets=int(seconds * PREPARED_PER_S))
    _say(f"sustained, {seconds:g} s")
    before = _count(stored)
    with watched.sampling() as cores:
        part = loggers.do("saturate", seconds=seconds, backlog=BACKLOG)
        _all_stored(stored, part["sent"])
        end = time.monotonic()
    packets = _count(stored) - before
    return {
        "path_seconds": seconds,
        "path_packets": packets,
        "path_packets_per_s": round(packets / (end - part["begin"])),
        "path_cores": cores,
        "path_memory_mb": {name: flatness(samples) for name, samples in watched.memory.items()},
    }


def _latency(loggers: Loggers, watched: Watched, place: Path, seconds: float) -> dict[str, object]:
    loggers.do("prepare", packets=int(seconds * HALF_RATE))
    _say(f"latency at {HALF_RATE:g} packets/s, {seconds:g} s")
    skip = _count(place / "published")
    with watched.sampling() as cores:
        part = loggers.do("pace", seconds=seconds, rate=HALF_RATE, probes=ALERTS_PER_S)
        _all_stored(place / "stored", part["sent"])
    published = first_moments(place / "published", skip=skip)
    stored = first_moments(place / "stored")
    probed = _moments(place / "probed")
    raised: dict[tuple[str, str], float] = {}
    deadline = time.monotonic() + 60
    while probed.keys() - raised.keys() and time.monotonic() < deadline:
        time.sleep(LOOK_S)
        loggers.do("prepare", packets=0)
        raised = _moments(place / "raised")
    until_stored = sorted(stored[reading] - moment for reading, moment in published.items() if reading in stored)
    until_alert = sorted(raised[probe] - moment for probe, moment in probed.items() if probe in raised)
    return {
        "latency_at_packets_per_s": round(len(published) / (part["end"] - part["begin"])),
        **_percentiles("publish_to_stored", until_stored),
        **_percentiles("publish_to_alert", until_alert),
        "alerts": len(until_alert),
        "alerts_lost": len(probed.keys() - raised.keys()),
        "latency_cores": cores,
    }


def _percentiles(name: str, values: list[float]) -> dict[str, object]:
    def at(share: float) -> float | None:
        return round(values[min(len(values) - 1, int(share * len(values)))], 3) if values else None

    return {f"{name}_p50_s": at(0.5), f"{name}_p99_s": at(0.99), f"{name}_p999_s": at(0.999)}


def _backfill(loggers: Loggers, watched: Watched, stored: Path, packets: int) -> dict[str, object]:
    loggers.do("prepare", packets=packets)
    _say(f"backfill of {packets} packets")
    with watched.sampling():
        part = loggers.do("burst")
        _say(f"the broker has them after {part['end'] - part['begin']:.1f} s")
        _all_stored(stored, part["sent"])
        seconds = time.monotonic() - part["begin"]
        _all_answered(loggers)
    return {
        "backfill_packets": packets,
        "backfill_broker_s": round(part["end"] - part["begin"], 1),
        "backfill_seconds": round(seconds, 1),
        "backfill_packets_per_s": round(packets / seconds),
        "backfill_most_memory_mb": {name: round(max(samples)) for name, samples in watched.memory.items() if samples},
    }


def _all_stored(stored: Path, sent: int) -> None:
    """Wait until so many readings have been stored, doubles included, or none has come for a while."""
    deadline = time.monotonic() + PATIENCE_S
    last, moved = 0, time.monotonic()
    while (now := _count(stored)) < sent and time.monotonic() < deadline:
        if now != last:
            last, moved = now, time.monotonic()
        if time.monotonic() - moved > SILENCE_S:
            _say(f"{now} of {sent} are stored, and no more come")
            return
        time.sleep(0.05)


def _all_answered(loggers: Loggers) -> dict[str, Any]:
    """Wait until every packet that asked for an answer has one, or none has come for a while."""
    told = loggers.do("prepare", packets=0)
    moved = time.monotonic()
    while told["answers"] < told["answers_due"] and time.monotonic() - moved < SILENCE_S:
        time.sleep(LOOK_S)
        before, told = told, loggers.do("prepare", packets=0)
        if told["answers"] > before["answers"]:
            moved = time.monotonic()
    return told


def _count(log: Path) -> int:
    return log.stat().st_size // SIZE


def _moments(log: Path) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        moment, outlet, hour = line.split("\t")
        found.setdefault((outlet, datetime.fromisoformat(hour).isoformat()), float(moment))
    return found


def _in_store(series: InfluxEngine, start: datetime) -> int:
    """Readings that InfluxDB itself counts."""
    flux = f"""
from(bucket: "{series.bucket}") |> range(start: {(start - timedelta(days=2)).isoformat()})
|> filter(fn: (r) => r._measurement == "reading" and r._field == "received_at") |> count() |> group() |> sum()"""
    with InfluxDBClient(series.url, series.token, org=series.org, timeout=600_000) as client:
        return sum(int(row.get_value()) for table in client.query_api().query(flux) for row in table.records)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    for key, value in measure(full="--full" in sys.argv).items():
        print(f"{key:28} {value}")
