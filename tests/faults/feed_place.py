"""Gateway, worker and alerts on a set of engines, their clock standing still, and whatever is put in at either end."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from aiokafka import AIOKafkaProducer

from contracts.codec import decode
from contracts.feed import encode_line, packet_line
from contracts.topics import PACKETS, QUARANTINE, Topic, shard_key, shard_partition
from emissions.beijing import BEIJING
from emissions.finding import Rejected
from emissions.hourly import Hour
from hj212.encode import message
from hj212.moments import qn_of, text_of
from rulebook.loader import load_rules
from rulebook.register import load_register
from stackwatch.embedded.ports import free_port
from stackwatch.embedded.supervisor import Supervisor
from stackwatch.held_clock import HeldClock
from stackwatch.topics import create_topics
from stores import open_store
from tests.faults.engines import SETS, Engines
from tests.integration.recorded import REGISTER, everything_in
from tests.integration.wire import Client

NOW = datetime(2026, 11, 24, 12, tzinfo=BEIJING)
START = datetime(2026, 11, 20, tzinfo=BEIJING)
HOUR = timedelta(hours=1)
PATIENT = 60.0
"""Whatever must come to pass comes within this, on a machine that has other things to do. [s]"""


class Place:
    """What runs."""

    def __init__(self, engines: Engines, env: dict[str, str], supervisor: Supervisor, logger: Client) -> None:
        self.engines, self.env, self.supervisor, self.logger = engines, env, supervisor, logger
        self.register, self.rules = load_register(REGISTER), load_rules()
        self.outlets = [outlet for outlet in self.register.outlets.values() if outlet.mn]
        token = engines.env.get("STACKWATCH_SERIES_TOKEN_FILE")
        secret = Path(token).read_text(encoding="utf-8").strip() if token else None
        self.store = open_store(engines.env["STACKWATCH_SERIES"], token=secret)

    # -- in -------------------------------------------------------------------------------------------------------

    def publish(self, topic: str, payload: bytes) -> None:
        """As a device does, over MQTT."""
        self.logger.publish(topic, payload)

    def produce(self, topic: Topic, value: bytes, *, name: str = "") -> None:
        """As no device does, past the gateway."""
        asyncio.run(self._produce(topic, [(name, value)]))

    def feed(self, lines: Sequence[tuple[str, bytes]]) -> None:
        """Lines as a gateway would have written them at the time, each under its logger's MN, in their order."""
        asyncio.run(self._produce(PACKETS, lines))

    async def _produce(self, topic: Topic, lines: Sequence[tuple[str, bytes]]) -> None:
        idempotent = self.engines.env.get("STACKWATCH_KAFKA_IDEMPOTENCE") != "false"
        producer = AIOKafkaProducer(
            bootstrap_servers=self.engines.kafka, acks="all", enable_idempotence=idempotent, max_request_size=2**22
        )
        await producer.start()
        try:
            for name, value in lines:
                partition = shard_partition(name) if topic is PACKETS else 0
                await producer.send(topic.name, value, key=shard_key(name), partition=partition)
        finally:
            await producer.stop()

    def stackwatch(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a verb with the settings of this place."""
        return subprocess.run(
            [sys.executable, "-m", "stackwatch", *arguments],
            env={**os.environ, **self.env}, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    # -- out ------------------------------------------------------------------------------------------------------

    def hour(self, outlet: str, hour: datetime, pollutant: str = "a21026") -> Hour | None:
        """An hour as it is stored now."""
        found = self.store.hours(start=hour, end=hour + HOUR, outlet=outlet)
        return next((each for each in found if each.pollutant == pollutant), None)

    def refused(self) -> list[Rejected]:
        """All that is in quarantine."""
        lines = [decode(line) for line in asyncio.run(everything_in(self.engines.kafka, QUARANTINE))]
        return [line for line in lines if isinstance(line, Rejected)]

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something."""
        deadline = time.monotonic() + PATIENT
        while not condition():
            assert not self.supervisor.failures(), self.supervisor.failures()
            assert time.monotonic() < deadline, f"not within {PATIENT:g} s: {what}\n{self.said()}"
            time.sleep(0.1)

    def said(self) -> str:
        """The end of each process's log."""
        logs = sorted((self.engines.folder / "logs").glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)


@contextmanager
def running(name: str, folder: Path) -> Iterator[Place]:
    """A place on the set of engines of that name."""
    with SETS[name](folder) as engines, HeldClock.create(folder / "clock", NOW) as clock:
        clock.run(1e-6)
        asyncio.run(create_topics(engines.kafka))
        health = {verb: free_port() for verb in ("gateway", "worker", "alerts")}
        env = engines.env | {
            "STACKWATCH_REGISTER": str(REGISTER), "STACKWATCH_CLOCK": clock.url, "STACKWATCH_KAFKA_SESSION_S": "6"
        }  # fmt: skip
        port = urlsplit(engines.env["STACKWATCH_MQTT"]).port
        with Supervisor(folder / "logs", env) as supervisor, Client(port, "hj212/+/down") as logger:
            place = Place(engines, env, supervisor, logger)
            for verb, at in health.items():
                supervisor.start(verb, verb, env={"STACKWATCH_HEALTH_PORT": str(at)})
            place.until(lambda: all(map(_is_ready, health.values())), "all processes are ready")
            yield place
            assert set(supervisor.restarts().values()) == {0}, f"nothing was started anew\n{place.said()}"


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False, timeout=5).is_success
    except httpx.TransportError:
        return False


def frame(mn: str, at: datetime, value: str = "4.5", *, cn: str = "2061", codes: Sequence[str] = ("a21026",)) -> bytes:
    """A frame of hourly or other values."""
    suffix = "Rtd" if cn == "2011" else "Avg"
    values = {code: {suffix: value, "Flag": "N"} for code in codes} | {"a19001": {suffix: "6.0", "Flag": "N"}}
    return message(qn=qn_of(at), st="31", cn=cn, mn=mn, flag=5, data_time=text_of(at), values=values)


def line_of(mn: str, at: datetime, received: datetime, value: str = "4.5") -> tuple[str, bytes]:
    """A feed line of an hour's value that came at a certain moment, under its logger."""
    return mn, encode_line(packet_line(received, mn, frame(mn, at, value).rstrip(), "gw1"))


def monitor(values: object, *, data_time: str = "2026-11-20T00:00:00+08:00") -> bytes:
    """A message of a JSON monitor."""
    return json.dumps({"cn": "2061", "data_time": data_time, "values": values}).encode()
