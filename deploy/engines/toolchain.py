"""Programs of the machine that engines are made with or run by, called by name with their own configuration."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

HEARTBEAT_S = 15.0


class EngineError(Exception):
    """An engine could not be got, built or started; says in one line what was wrong and what to do."""


def program(name: str, *, package: str) -> str:
    """Path of a program.

    Args:
        name: The program.
        package: What a person installs to get it.

    Raises:
        EngineError: it is not on the PATH.
    """
    found = shutil.which(name)
    if found is None:
        raise EngineError(f"{name} is not on the PATH; install {package}")
    return found


def output(
    command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, given: str = ""
) -> str:
    """What a short command prints that is given something on its standard input.

    Raises:
        EngineError: it ends with another code than 0.
    """
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **(env or {})}, input=given, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise EngineError(f"{_shown(command)} failed ({done.returncode}): {_last_lines(done.stderr or done.stdout)}")
    return done.stdout


def build(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    log: Path,
    report: Callable[[str], None],
) -> None:
    """Run a long command, its output in ``log``, and say every few seconds that it still works.

    Raises:
        EngineError: it ends with another code than 0.
    """
    started = time.monotonic()
    done = threading.Event()

    def beat() -> None:
        while not done.wait(HEARTBEAT_S):
            lines = log.read_text(errors="replace").count("\n")
            report(f"still at it, {time.monotonic() - started:.0f} s, {lines} lines in {log}")

    with log.open("w") as sink:
        watcher = threading.Thread(target=beat, daemon=True)
        watcher.start()
        try:
            code = subprocess.run(
                command, cwd=cwd, env={**os.environ, **(env or {})}, stdout=sink, stderr=sink, check=False
            ).returncode
        finally:
            done.set()
            watcher.join()
    if code != 0:
        raise EngineError(
            f"{_shown(command)} failed ({code}), see {log}: {_last_lines(log.read_text(errors='replace'))}"
        )


def _shown(command: Sequence[str]) -> str:
    return " ".join([Path(command[0]).name, *command[1:4]])


def _last_lines(text: str) -> str:
    return " | ".join(text.strip().splitlines()[-3:])
