"""``stackwatch worker`` that also notes when the store had each reading: ``python -m benchmarks.timed_worker LOG``."""

import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.readings import identity, record
from emissions.reading import Reading
from stackwatch.verbs import worker
from stores.port import Point, SeriesStore


class TimedStore:
    """The store, and beside it a log of what it has taken."""

    def __init__(self, store: SeriesStore, log: Path) -> None:
        self._store = store
        self._log = log.open("ab", buffering=0)

    def write(self, points: Sequence[Point], *, before: float = math.inf) -> None:
        """Write, then note the moment."""
        self._store.write(points, before=before)
        now = time.monotonic()
        readings = (point for point in points if isinstance(point, Reading))
        self._log.write(b"".join(record(now, identity(point.outlet, point.cn, point.at)) for point in readings))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def main(log: Path) -> None:
    """Run the verb with its store wrapped."""
    verb: Any = worker
    series_store = verb.series_store
    verb.series_store = lambda given: TimedStore(series_store(given), log)
    verb.command([], standalone_mode=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
