"""What the demo starts: two embedded brokers, a held clock, and the same processes as in production."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

import httpx

from stackwatch.demo.people import make_people
from stackwatch.embedded.nats import mqtt_broker
from stackwatch.embedded.ports import LOOPBACK, free_port, require_free
from stackwatch.embedded.supervisor import Supervisor
from stackwatch.embedded.tansu import kafka_broker
from stackwatch.errors import UserError
from stackwatch.held_clock import HeldClock
from stackwatch.topics import create_topics

PROCESSES = ("gateway", "rollcall", "worker", "alerts", "web")
"""Verbs that run as processes, in the order in which they start."""
WEB_PORT = 8080
READY_S = 90.0
"""A process that is not ready after this long is given up. [s]"""
LOOK_S = 0.2
SESSION_S = "6"
"""The embedded broker lets a worker into its group after half a session, and a killed one out after a whole. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that runs, and where it is."""

    folder: Path
    mqtt: str
    kafka: str
    series: str
    database: str
    web: str
    """Address of the pages."""
    clock: HeldClock
    supervisor: Supervisor
    health: dict[str, str]
    """Address of each process's health answers."""
    brokers: dict[str, int]
    """Process ids of the brokers."""
    token: str
    """What programs show to the pages and the API of this run."""

    @property
    def register(self) -> Path:
        """Folder of the register."""
        return self.folder / "register"

    def write_run_file(self) -> Path:
        """Write ``run.json`` for tests and for people: process ids, addresses and paths."""
        path = self.folder / "run.json"
        content = {
            "pid": os.getpid(),
            "pids": {**self.brokers, **self.supervisor.pids()},
            "restarts": self.supervisor.restarts(),
            "mqtt": self.mqtt,
            "kafka": self.kafka,
            "web": self.web,
            "token": self.token,
            "series": self.series,
            "database": self.database,
            "clock": self.clock.url,
            "register": str(self.register),
            "ledger": str(self.folder / "ledger.jsonl"),
            "logs": str(self.folder / "logs"),
        }
        draft = path.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        draft.replace(path)
        return path


@contextmanager
def running_parts(folder: Path, start: datetime, *, port: int | None, county: str) -> Iterator[Parts]:
    """Start everything; at the end of the block nothing is left running.

    Args:
        folder: Where all data go; ``register/`` must be in it already.
        start: What the clock shows at first.
        port: Of the pages; None: 8080, or any free one where that is taken.
        county: Of the ready accounts that are held for a county.

    Raises:
        UserError: a port is taken, a part is not installed, or a process does not start.
    """
    web_port = _web_port(port)
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    health = {name: free_port() for name in PROCESSES if name != "web"}
    with (
        HeldClock.create(folder / "clock", start) as clock,
        mqtt_broker(folder / "mqtt") as mqtt,
        kafka_broker(folder / "kafka") as kafka,
    ):
        series, database = f"sqlite:///{folder / 'series.sqlite'}", f"sqlite:///{folder / 'alerts.sqlite'}"
        environment = {
            "STACKWATCH_KAFKA": kafka.url,
            "STACKWATCH_KAFKA_IDEMPOTENCE": "false",  # the embedded broker gives out no producer ids
            "STACKWATCH_KAFKA_SESSION_S": SESSION_S,
            "STACKWATCH_MQTT": mqtt.url,
            "STACKWATCH_SERIES": series,
            "STACKWATCH_DATABASE": database,
            "STACKWATCH_REGISTER": str(folder / "register"),
            "STACKWATCH_CLOCK": clock.url,
            "STACKWATCH_WEB_PORT": str(web_port),
        }
        people = make_people(folder, database, county)
        environment |= {
            "STACKWATCH_SESSION_SECRET_FILE": str(people.secret_file),
            "STACKWATCH_SHOWN_LOGINS_FILE": str(people.shown_logins_file),
        }
        asyncio.run(create_topics(kafka.url))
        with Supervisor(logs, environment) as supervisor:
            for name in PROCESSES:
                port_of = health.get(name, web_port)
                env = {"STACKWATCH_HEALTH_PORT": str(health.get(name, 0))}
                supervisor.start(name, name, env=env, health=f"http://{LOOPBACK}:{port_of}")
            parts = Parts(
                folder=folder,
                mqtt=mqtt.url,
                kafka=kafka.url,
                series=series,
                database=database,
                web=f"http://{LOOPBACK}:{web_port}",
                clock=clock,
                supervisor=supervisor,
                health={name: f"http://{LOOPBACK}:{number}" for name, number in health.items()}
                | {"web": f"http://{LOOPBACK}:{web_port}"},
                brokers={"mqtt": mqtt.child.pid, "kafka": kafka.child.pid},
                token=people.token,
            )
            parts.write_run_file()
            yield parts


def wait_until_ready(parts: Parts, *, told: Callable[[str], None], deadline_s: float = READY_S) -> None:
    """Return when every process says that it is able to work.

    Args:
        parts: What was started.
        told: Is given the name of each process when it is ready.
        deadline_s: Longest wait. [s]

    Raises:
        UserError: a process has ended for good, or is not ready in time; with its own words.
    """
    deadline = time.monotonic() + deadline_s
    waiting = dict(parts.health)
    reasons = dict.fromkeys(waiting, "it has not answered yet")
    with httpx.Client(timeout=2, trust_env=False) as client:
        while waiting:
            for name, failure in parts.supervisor.failures().items():
                raise UserError(f"{name} cannot start: {failure} (see {parts.folder / 'logs' / name}.log)")
            for name, address in list(waiting.items()):
                reason = _readiness(client, address)
                if reason is None:
                    del waiting[name]
                    told(name)
                else:
                    reasons[name] = reason
            if waiting and time.monotonic() > deadline:
                late = "; ".join(f"{name}: {reasons[name]}" for name in waiting)
                raise UserError(f"not ready after {deadline_s:g} s: {late} (see {parts.folder / 'logs'})")
            time.sleep(LOOK_S)


def _readiness(client: httpx.Client, address: str) -> str | None:
    try:
        reply = client.get(f"{address}/readyz")
    except httpx.TransportError as error:
        return str(error) or type(error).__name__
    return None if reply.status_code == HTTPStatus.OK else reply.text.strip()


def _web_port(port: int | None) -> int:
    if port is not None:
        return require_free(port, what="the pages")
    try:
        return require_free(WEB_PORT, what="the pages")
    except UserError:
        return free_port()
