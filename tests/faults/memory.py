"""The memory of our processes while everything is done to them."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

EVERY_S = 0.25

BOUND_MB = {"gateway": 300, "rollcall": 200, "worker": 400, "alerts": 300}
"""Resident memory that no process may ever exceed, by its verb, whatever is away. [MB]"""


class Memory:
    """Largest resident memory of each process, over all its lives."""

    def __init__(self, pids: Callable[[], Mapping[str, int]]) -> None:
        self._pids = pids
        self._over = threading.Event()
        self.peak_mb: dict[str, float] = {}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look again and again while the block runs."""
        thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _watch(self) -> None:
        while not self._over.wait(EVERY_S):
            for name, pid in self._pids().items():
                self.peak_mb[name] = max(self.peak_mb.get(name, 0.0), resident_mb(pid))

    def over_bound(self) -> dict[str, float]:
        """Processes that were larger than they may be, and how large."""
        return {name: mb for name, mb in self.peak_mb.items() if mb > BOUND_MB[name.partition("-")[0]]}


def resident_mb(pid: int) -> float:
    """Resident memory; 0 for a process that is gone. [MB]"""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)
