"""Whether a process that runs is alive, as a cluster's liveness probe would see it."""

import time
from collections.abc import Callable

import httpx

PROBE_S = 5.0
"""Distance of the questions. [s]"""

PATIENCE_S = 60.0
"""So long a process may say nothing, or that it should be started again, as in ``deploy/k8s/base/probes.yaml``. [s]"""


class Liveness:
    """Asks one process for its ``/healthz``."""

    def __init__(self, address: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """``address`` such as ``http://127.0.0.1:9464``; empty: nothing is asked and nothing is wrong."""
        self._address = address
        self._clock = clock
        self._well_at: float | None = None

    def begin(self) -> None:
        """A new process: until its first good answer it is starting, and may take its time."""
        self._well_at = None

    def why_dead(self) -> str | None:
        """Ask once. None while the process is alive, or may be; else why it should be killed."""
        if not self._address:
            return None
        try:
            reply = httpx.get(f"{self._address}/healthz", timeout=PROBE_S, trust_env=False)
            well, said = reply.is_success, reply.text.strip()
        except httpx.TransportError as error:
            well, said = False, str(error) or type(error).__name__
        now = self._clock()
        if well:
            self._well_at = now
        if self._well_at is None or now - self._well_at < PATIENCE_S:
            return None
        return f"not alive for {now - self._well_at:.0f} s: {said}"
