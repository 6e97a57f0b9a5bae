"""What is done to our processes."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.system import System

KILLED = ("gateway", "worker", "worker-2", "alerts")
BETWEEN_S = (0.1, 1.2)
"""Between two kills, shortest and longest: often before the one that was killed is ready again. [s]"""


def kill_rounds(
    system: System, rounds: int, *, dice: random.Random, between_s: tuple[float, float] = BETWEEN_S
) -> None:
    """SIGKILL one of the processes that run, again and again, at moments that the dice choose."""
    for _ in range(rounds):
        time.sleep(dice.uniform(*between_s))
        system.until(lambda: any(name in system.pids() for name in KILLED), "one of them runs")
        system.signal(dice.choice([name for name in KILLED if name in system.pids()]), signal.SIGKILL)


@contextmanager
def freeze(system: System, *names: str) -> Iterator[None]:
    """SIGSTOP processes while the block runs, then let them go on as if nothing had been."""
    pids = [system.pids()[name] for name in names]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
