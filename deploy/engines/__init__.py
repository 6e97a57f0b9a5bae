"""Real engines on loopback ports, for tests and for a developer's machine without containers.

Each is a context manager over a data folder: ``with kafka(folder) as engine: connect(engine.bootstrap)``. The engine is
got or built on first use, kept in the user's cache, and ends with the block, or with the process. Linux only.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from deploy.engines.influxdb import InfluxEngine, influxdb
from deploy.engines.kafka import KafkaEngine, KafkaGuard, kafka
from deploy.engines.kubernetes import KubernetesEngine, kubernetes
from deploy.engines.mosquitto import MosquittoEngine, mosquitto
from deploy.engines.postgresql import PostgresEngine, postgresql
from deploy.engines.process import Child
from deploy.engines.toolchain import EngineError

__all__ = [
    "ENGINES",
    "Engine",
    "EngineError",
    "InfluxEngine",
    "KafkaEngine",
    "KafkaGuard",
    "KubernetesEngine",
    "MosquittoEngine",
    "PostgresEngine",
    "influxdb",
    "kafka",
    "kubernetes",
    "mosquitto",
    "postgresql",
]


class Engine(Protocol):
    """What all engines have in common, once they run."""

    @property
    def process(self) -> Child:
        """The server."""

    @property
    def env(self) -> dict[str, str]:
        """What a client is told to use this engine: a process of the platform, or ``kubectl``."""


ENGINES: dict[str, Callable[[Path], AbstractContextManager[Engine]]] = {
    "influxdb": influxdb,
    "kafka": kafka,
    "kubernetes": kubernetes,
    "mosquitto": mosquitto,
    "postgresql": postgresql,
}
"""How to start each engine, by name."""
