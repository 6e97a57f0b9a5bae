"""A time range of the feed once more: into files, or judged into a series store of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from contracts.codec import Message
from contracts.kafka_address import KafkaAddress
from emissions.hourly import Hour
from emissions.reading import Reading
from emissions.register import Register
from emissions.rules import Rules
from emissions.transmission import Rate
from stackwatch.batch import Judged, judge_feed
from stackwatch.feed_log import open_feed
from stores.port import Point, SeriesStore

FEED, JUDGED = "feed.ndjson", "judged.ndjson"
"""Files of a replay: lines of the feed, and what ``stackwatch judge`` says of them."""

POINTS = 5000
"""So many are written at a time."""

_CALL = b'"kind":"due"'


@dataclass(frozen=True, slots=True)
class Fetched:
    """The lines of a range in a file."""

    path: Path
    lines: int
    calls_itself: bool
    """There are roll calls among them."""


async def fetch(
    kafka: KafkaAddress | str,
    path: Path,
    rules: Rules,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Fetched:
    """Write the lines of the feed with start ≤ moment < end into a file; two times the same gives the same bytes.

    ``progress`` is told how many messages have been read, of how many.

    Raises:
        aiokafka.errors.KafkaError: Kafka cannot be read.
        OSError: the file cannot be written.
    """
    count, calls_itself = 0, False
    with path.open("wb") as file:
        async with open_feed(kafka, in_time=rules.parameters.in_time) as feed:
            async for line in feed.lines(start, end, progress=lambda read: progress(read, feed.total)):
                file.write(line + b"\n")
                count += 1
                calls_itself = calls_itself or _CALL in line
    return Fetched(path, count, calls_itself)


def judge_again(
    fetched: Fetched,
    register: Register,
    rules: Rules,
    *,
    as_of: datetime | None = None,
    store: SeriesStore | None = None,
) -> Judged:
    """Judge the lines with a state of their own, and write what follows into a store if one is given.

    Raises:
        StoreUnavailable, StoreRefused: the store does not take it.
    """
    points: list[Point] = []

    def keep(message: Message) -> None:
        if store is None or not isinstance(message, Reading | Hour | Rate):
            return
        points.append(message)
        if len(points) >= POINTS:
            store.write(points)
            points.clear()

    with fetched.path.open("rb") as file:
        judged = judge_feed(file, register, rules, as_of=as_of, calls_itself=fetched.calls_itself, watch=keep)
    if store is not None and points:
        store.write(points)
    return judged
