"""Server processes that end with whoever started them."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.engines.toolchain import EngineError, program

READY_S = 60.0
STOP_S = 20.0
_POLL_S = 0.05


class Child:
    """A started server."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], *, log: Path, stop_with: signal.Signals) -> None:
        self.name = name
        self.log = log
        """Everything the server prints."""
        self._process = process
        self._stop_with = stop_with

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Ask it to end; when it does not within some seconds, end it."""
        if self.alive:
            self._process.send_signal(self._stop_with)
        try:
            self._process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a failing machine would."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Let it neither answer nor refuse: the black hole among the outages. ``thaw`` ends it."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after ``freeze``."""
        self._process.send_signal(signal.SIGCONT)

    def await_ready(self, ready: Callable[[], bool], *, seconds: float = READY_S) -> None:
        """Wait until the server answers.

        Raises:
            EngineError: it has ended, or does not answer in time.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.alive:
                raise EngineError(f"{self.name} ended with code {self._process.returncode}: {self._last_words()}")
            if time.monotonic() > deadline:
                raise EngineError(f"{self.name} did not answer within {seconds:.0f} s: {self._last_words()}")
            time.sleep(_POLL_S)

    def _last_words(self) -> str:
        return " | ".join(self.log.read_text(errors="replace").strip().splitlines()[-3:]) or f"{self.log} is empty"


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    ready: Callable[[], bool],
    stop_with: signal.Signals = signal.SIGTERM,
    user: str | None = None,
    cwd: Path | None = None,
) -> Iterator[Child]:
    """A server for the time of the block; also when this process is killed, the server ends.

    The kernel ends it when the *thread* that entered the block ends, so enter it from one that lives as long.

    Args:
        name: What errors call it.
        command: Program and arguments; it must stay in the foreground.
        log: File that gets what it prints.
        ready: Whether it answers by now; asked until it does.
        stop_with: Signal of an orderly end.
        user: Run as this user; None: as this process.
        cwd: Working directory.

    Raises:
        EngineError: it does not start, or does not answer.
    """
    leash = as_user(user, "--pdeathsig", stop_with.name.removeprefix("SIG"))
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [*leash, *command],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            # A group of its own: Ctrl-C reaches us, and we decide in which order the parts end.
            process_group=0,
        )
    child = Child(name, process, log=log, stop_with=stop_with)
    try:
        child.await_ready(ready)
        yield child
    finally:
        child.stop()


def as_user(user: str | None, *more: str) -> list[str]:
    """What to put before a command so that it runs as another user (None: as this one).

    The other user may pass through our folders, which are often closed to all but us.
    """
    passing = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")
    identity = ("--reuid", user, "--regid", user, "--init-groups", *passing) if user else ()
    return [program("setpriv", package="util-linux"), *more, *identity, "--"]


def listens(port: int) -> bool:
    """Whether somebody accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_root() -> bool:
    """Whether this process may do anything on the machine."""
    return os.geteuid() == 0
