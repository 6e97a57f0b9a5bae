"""How far long work has come: a bar on a terminal, plain lines elsewhere. On standard error, out of the way of data."""

import sys
import time
from types import TracebackType
from typing import Any, Self, TextIO

import click

EVERY_S = 5.0
"""Distance of plain lines. [s]"""


class Progress:
    """Shown while the block runs."""

    def __init__(self, label: str, *, unit: str, file: TextIO | None = None) -> None:
        """Prepare.

        Args:
            label: What is being done.
            unit: What is counted, in the plural.
            file: Where it is shown; standard error if not given.
        """
        self._label, self._unit = label, unit
        self._total: int | None = None
        self._file = file or sys.stderr
        self._bar: Any = None
        self._at = 0
        self._told_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.__exit__(kind, error, trace)
        elif kind is None and self._at:
            self._tell()

    def reach(self, count: int, total: int | None = None) -> None:
        """So many are done, of so many if that is known."""
        step, self._at, self._total = count - self._at, count, total
        if self._bar is None and total and self._file.isatty():
            self._bar = click.progressbar(length=total, label=self._label, file=self._file, show_pos=True)
            self._bar.__enter__()
        if self._bar is not None:
            self._bar.update(step)
        elif time.monotonic() - self._told_at >= EVERY_S:
            self._tell()

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        of = ""
        if self._total:
            of = f" of {self._total} ({min(100, self._at * 100 // self._total)} %)"
        click.echo(f"{self._label}: {self._at}{of} {self._unit}", file=self._file)
