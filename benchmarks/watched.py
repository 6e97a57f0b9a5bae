"""What each stage of the path uses while it is measured."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from benchmarks import usage

LOOK_S = 1.0


@dataclass(slots=True)
class Watched:
    """Processes by stage, and what they used."""

    pids: dict[str, int] = field(default_factory=dict)
    memory: dict[str, list[float]] = field(default_factory=dict)

    def cpu(self) -> dict[str, float]:
        """Processor time of each stage so far. [s]"""
        return {name: usage.family_cpu_s(pid) for name, pid in self.pids.items()}

    @contextmanager
    def sampling(self) -> Iterator[dict[str, float]]:
        """Cores that each stage uses during the block, and its memory every second."""
        used: dict[str, float] = {}
        self.memory = {name: [] for name in self.pids}
        stop = Event()

        def look() -> None:
            while not stop.wait(LOOK_S):
                for name, pid in self.pids.items():
                    self.memory[name].append(usage.memory_mb(pid))

        before, begin = self.cpu(), time.monotonic()
        looking = Thread(target=look, daemon=True)
        looking.start()
        yield used
        stop.set()
        looking.join()
        seconds = time.monotonic() - begin
        used |= {name: round((after - before[name]) / seconds, 2) for name, after in self.cpu().items()}


def flatness(samples: list[float]) -> list[int]:
    """Mean of the second quarter and of the last. [MB]"""
    quarter = max(1, len(samples) // 4)
    second, last = samples[quarter : 2 * quarter] or samples, samples[-quarter:]
    return [round(sum(part) / len(part)) for part in (second, last)]
