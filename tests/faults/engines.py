"""The two sets of engines, each engine behind a proxy: what our processes are told, and how to take a part away."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from deploy.engines import influxdb, kafka, mosquitto, postgresql
from rulebook.loader import SHIPPED
from stackwatch.embedded.nats import mqtt_broker
from stackwatch.embedded.tansu import kafka_broker
from tests.conformance.endpoint import Endpoint, endpoint
from tests.faults.proxy import Proxy

CHANNELS = """\
networks: [127.0.0.1/32]
channels:
  - {name: proxied, notifier: webhook, url: "http://127.0.0.1:%d/hook?cto=1&rto=1", minimum_severity: info}
  - {name: direct, notifier: webhook, url: "http://127.0.0.1:%d/hook?cto=1&rto=1", minimum_severity: info}
"""


@dataclass
class Engines:
    """One running set."""

    name: str
    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    """What our processes are told: every address is a proxy's."""
    proxies: dict[str, Proxy] = field(default_factory=dict)
    database: str = ""
    """The alert database, past the proxy: for the checks."""
    proxied_hook: Endpoint = field(default_factory=Endpoint)
    direct_hook: Endpoint = field(default_factory=Endpoint)
    _mqtt: Callable[[], AbstractContextManager[Any]] | None = None
    _mqtt_runs: ExitStack = field(default_factory=ExitStack)

    @property
    def kafka(self) -> str:
        """Bootstrap servers."""
        return self.env["STACKWATCH_KAFKA"]

    def restart_mqtt(self) -> None:
        """Stop the MQTT broker and start it again over the same folder."""
        assert self._mqtt is not None
        self._mqtt_runs.close()
        self._mqtt_runs.enter_context(self._mqtt())

    @contextmanager
    def serving_mqtt(self, start: Callable[[], AbstractContextManager[Any]]) -> Iterator[Any]:
        """The MQTT broker, restarted or not."""
        self._mqtt = start
        with self._mqtt_runs as runs:
            yield runs.enter_context(start())


@contextmanager
def embedded(folder: Path) -> Iterator[Engines]:
    """The small brokers, and SQLite."""
    with ExitStack() as stack:
        engines = Engines("embedded", folder)
        proxies = _proxies(stack, engines, "kafka", "mqtt")
        broker = stack.enter_context(
            kafka_broker(folder / "kafka", port=proxies["kafka"].upstream, advertised_port=proxies["kafka"].port)
        )
        stack.enter_context(engines.serving_mqtt(lambda: mqtt_broker(folder / "mqtt", port=proxies["mqtt"].upstream)))
        engines.database = f"sqlite:///{folder / 'alerts.sqlite'}"
        engines.env |= broker.env | {
            "STACKWATCH_MQTT": f"mqtt://{proxies['mqtt'].address}",
            "STACKWATCH_SERIES": f"sqlite:///{folder / 'series.sqlite'}",
            "STACKWATCH_DATABASE": engines.database,
        }
        _hooks(stack, engines)
        yield engines


@contextmanager
def real(folder: Path) -> Iterator[Engines]:
    """Apache Kafka, Mosquitto, InfluxDB and PostgreSQL."""
    with ExitStack() as stack:
        engines = Engines("real", folder)
        proxies = _proxies(stack, engines, "kafka", "mqtt", "series", "database")
        broker = stack.enter_context(
            kafka(folder / "kafka", port=proxies["kafka"].upstream, advertised_port=proxies["kafka"].port)
        )
        stack.enter_context(engines.serving_mqtt(lambda: mosquitto(folder / "mqtt", port=proxies["mqtt"].upstream)))
        series = stack.enter_context(influxdb(folder / "series", port=proxies["series"].upstream))
        database = stack.enter_context(postgresql(folder / "database", port=proxies["database"].upstream))
        engines.database = database.url
        engines.env |= (
            broker.env
            | series.env
            | {
                "STACKWATCH_MQTT": f"mqtt://{proxies['mqtt'].address}",
                "STACKWATCH_SERIES": _at(series.env["STACKWATCH_SERIES"], proxies["series"]),
                "STACKWATCH_DATABASE": _at(database.url, proxies["database"]),
            }
        )
        _hooks(stack, engines)
        yield engines


SETS: Mapping[str, Callable[[Path], AbstractContextManager[Engines]]] = {"embedded": embedded, "real": real}


def _proxies(stack: ExitStack, engines: Engines, *names: str) -> dict[str, Proxy]:
    engines.folder.mkdir(parents=True, exist_ok=True)
    engines.proxies |= {name: stack.enter_context(Proxy()) for name in names}
    return engines.proxies


def _hooks(stack: ExitStack, engines: Engines) -> None:
    """Two webhooks, of which one is behind a proxy, in a rulebook that is else the shipped one."""
    engines.proxied_hook = stack.enter_context(endpoint())
    engines.direct_hook = stack.enter_context(endpoint())
    proxy = engines.proxies["webhook"] = stack.enter_context(Proxy(engines.proxied_hook.port))
    engines.env["STACKWATCH_RULEBOOK"] = str(_rulebook(engines.folder, proxy.port, engines.direct_hook.port))


def _rulebook(folder: Path, proxied: int, direct: int) -> Path:
    book = folder / "rulebook"
    shutil.copytree(SHIPPED, book, ignore=shutil.ignore_patterns("*.py", "__pycache__", "registers"))
    (book / "channels.yaml").write_text(CHANNELS % (proxied, direct), encoding="utf-8")
    return book


def _at(url: str, proxy: Proxy) -> str:
    """The same address at the proxy."""
    parts = urlsplit(url)
    userinfo, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{userinfo}{at}{proxy.address}"))
