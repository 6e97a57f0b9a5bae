"""Runs processes of this project side by side, starts again those that die, and leaves nothing running."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from stackwatch.embedded.child import Child
from stackwatch.embedded.liveness import PROBE_S, Liveness

_log = logging.getLogger(__name__)

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 5.0
HEALTHY_AFTER_S = 10.0
"""A process that has lived this long starts again at once; one that keeps dying waits longer each time."""

USAGE_EXIT = 2
"""Exit code of a process that was started wrongly: starting it again would not mend it. Only its first life says so:
one that has lived was started rightly, and now lacks something that may come back."""


class Supervisor:
    """Supervised ``stackwatch`` verbs, each under a name. Output goes to ``<folder>/<name>.log``."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        """``env`` is added to our own environment for every process."""
        self._folder = folder
        self._env = {**os.environ, **env}
        self._guards: dict[str, _Guard] = {}

    def start(self, name: str, *arguments: str, env: Mapping[str, str] | None = None, health: str = "") -> None:
        """Run ``stackwatch *arguments`` under a name, from now until ``stop``.

        Args:
            name: Unique; of the log as well.
            arguments: Verb and what belongs to it.
            env: For this process alone.
            health: Where it answers ``/healthz``. One that has answered and then says for a while that it should be
                started again, or nothing at all, is killed, and so started again. Empty: it is not asked.
        """
        if name in self._guards:
            raise ValueError(f"{name} is running already")
        argv = [sys.executable, "-m", "stackwatch", *arguments]
        guard = _Guard(name, argv, self._folder / f"{name}.log", {**self._env, **(env or {})}, Liveness(health))
        self._guards[name] = guard
        guard.begin()

    def pids(self) -> dict[str, int]:
        """Process id by name of those that run at this moment."""
        return {name: pid for name, guard in self._guards.items() if (pid := guard.pid) is not None}

    def restarts(self) -> dict[str, int]:
        """How often each was started again."""
        return {name: guard.restarts for name, guard in self._guards.items()}

    def failures(self) -> dict[str, str]:
        """Why those that will not be started again have ended: the last line of each one's log."""
        return {name: guard.failure for name, guard in self._guards.items() if guard.failure is not None}

    def stop(self, deadline_s: float = 10) -> None:
        """SIGTERM to all at once, SIGKILL to what still runs after the deadline; returns when all are gone."""
        for guard in self._guards.values():
            guard.ask_to_stop()
        deadline = time.monotonic() + deadline_s
        for guard in self._guards.values():
            guard.finish(max(0.0, deadline - time.monotonic()))
        self._guards.clear()

    def __enter__(self) -> Self:
        """The supervisor itself; stopped at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        self.stop()


class _Guard:
    """One process and the one thread that starts it: a child dies with the thread that started it."""

    def __init__(self, name: str, argv: list[str], log: Path, env: Mapping[str, str], liveness: Liveness) -> None:
        self._name, self._argv, self._path, self._env = name, argv, log, env
        self._liveness = liveness
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._stopping = threading.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"guard-{name}", daemon=True)
        self.restarts = 0
        self.failure: str | None = None

    @property
    def pid(self) -> int | None:
        with self._lock:
            child = self._child
        return child.pid if child is not None and child.exit_code is None else None

    def begin(self) -> None:
        self._thread.start()
        self._started.wait()

    def ask_to_stop(self) -> None:
        with self._lock:
            self._stopping.set()
            child = self._child
        if child is not None and child.exit_code is None:
            child.terminate()

    def finish(self, deadline_s: float) -> None:
        with self._lock:
            child = self._child
        if child is not None:
            child.stop(deadline_s)
        self._thread.join()

    def _run(self) -> None:
        delay = FIRST_DELAY_S
        while True:
            with self._lock:
                if self._stopping.is_set():
                    break
                begun = time.monotonic()
                child = self._child = Child(self._argv, log=self._path, env=self._env)
            self._started.set()
            code = self._watched(child)
            if self._stopping.is_set() or code == 0:
                break
            if code == USAGE_EXIT and not self.restarts:
                self.failure = child.last_words()
                _log.error("%s cannot run: %s", self._name, self.failure)
                break
            delay = FIRST_DELAY_S if time.monotonic() - begun >= HEALTHY_AFTER_S else delay
            _log.warning("%s ended with %s, starts again in %.1f s", self._name, code, delay)
            if self._stopping.wait(delay):
                break
            delay = min(delay * 2, LONGEST_DELAY_S)
            self.restarts += 1
        self._started.set()

    def _watched(self, child: Child) -> int | None:
        """The exit code, after killing a process that is alive and does nothing."""
        self._liveness.begin()
        while (code := child.wait(PROBE_S)) is None:
            if (dead := self._liveness.why_dead()) is not None and not self._stopping.is_set():
                _log.warning("%s is killed: %s", self._name, dead)
                child.send(signal.SIGKILL)
                return child.wait()
        return code
