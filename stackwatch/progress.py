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

    def __init__(self, label: str, *, unit: str, total: int | None = None, file: TextIO | None = None) -> None:
        """Prepare.

        Args:
            label: What is being done.
            unit: What is counted, in the plural.
            total: How many there will be; None: nobody knows.
            file: Where it is shown; standard error if not given.
        """
        self._label, self._unit, self._total = label, unit, total
        self._file = file or sys.stderr
        self._bar: Any = None
        self._at = 0
        self._told_at = time.monotonic()

    def __enter__(self) -> Self:
        if self._file.isatty() and self._total is not None:
            self._bar = click.progressbar(length=self._total, label=self._label, file=self._file, show_pos=True)
            self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.__exit__(kind, error, trace)
        elif kind is None and self._at:
            self._tell()

    def reach(self, count: int) -> None:
        """So many are done."""
        step, self._at = count - self._at, count
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
