"""Runs of ``stackwatch demo`` as a process of its own, and what they leave behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STACKWATCH = [sys.executable, "-m", "stackwatch"]


class Demo:
    """One ``stackwatch demo`` over a new data folder."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.report_folder = folder / "report"
        self.output = folder.with_suffix(".out")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*STACKWATCH, "demo", "--data", str(folder), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        """All that it has printed so far, and the end of each process's log for whoever reads a failure."""
        logs = sorted((self.folder / "logs").glob("*.log"))
        tails = (f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-8:]) for log in logs)
        return "\n".join([self.output.read_text(errors="replace"), *tails])

    def run_file(self) -> dict[str, Any]:
        """``run.json``; empty while there is none."""
        path = self.folder / "run.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def report(self) -> dict[str, Any]:
        """``report.json``."""
        return json.loads((self.report_folder / "report.json").read_text())

    def sent(self) -> int:
        """Frames in the ledger."""
        path = self.folder / "ledger.jsonl"
        return path.read_bytes().count(b'"kind":"sent"') if path.exists() else 0

    def until(self, condition: Callable[[], bool], *, what: str, deadline_s: float = 120) -> None:
        """Wait for something; fails when it does not happen in time or the process ends first."""
        deadline = time.monotonic() + deadline_s
        while not condition():
            assert self.process.poll() is None, f"ended before {what}:\n{self.said()}"
            assert time.monotonic() < deadline, f"{what}: not within {deadline_s} s\n{self.said()}"
            time.sleep(0.05)

    def wait(self, deadline_s: float = 240) -> int:
        """Exit code."""
        try:
            return self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {deadline_s} s:\n{self.said()}") from None

    def kill(self, *names: str) -> None:
        """SIGKILL processes by their names in ``run.json``."""
        pids = self.run_file()["pids"]
        for name in names:
            os.kill(pids[name], signal.SIGKILL)


@contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[Demo]:
    """A running demo; ended at the end of the block, and then nothing of it may be left."""
    running = Demo(folder, *arguments)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.terminate()
        running.wait(30)


def left_over(pids: dict[str, int]) -> list[str]:
    """Names of processes that still run."""
    return [name for name, pid in pids.items() if alive(pid)]


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
