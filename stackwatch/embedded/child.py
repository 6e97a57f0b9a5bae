"""A child process that never outlives its parent, and is stopped within a deadline."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_LAUNCH = """\
import os, signal, sys
parent = int(sys.argv[1])
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Asks Linux to kill the process when its parent dies, then becomes the program. Elsewhere only the second."""


class Child:
    """One child, in a session of its own so that Ctrl-C reaches the parent alone. Its output goes to a file.

    The child dies with the *thread* that started it (that is how Linux counts parents), so start children from
    a thread that lives as long as they should.
    """

    def __init__(self, argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None) -> None:
        """Start the program ``argv[0]`` (an absolute path); ``env`` is the whole environment, None: ours."""
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid()), *argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Wait for the end; the exit code, None when it still runs after the time."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when the process has ended."""
        self._process.send_signal(number)

    def terminate(self) -> None:
        """Ask it to end: SIGTERM, and SIGCONT because a stopped process does not hear otherwise."""
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)

    def stop(self, deadline_s: float) -> None:
        """Ask it to end, and SIGKILL its whole session when it still runs after the deadline."""
        self.terminate()
        if self.wait(deadline_s) is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()

    def last_words(self) -> str:
        """The last line of its output, for an error message."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
