"""The feed lines behind a month: frames of hour and minute data and marks, byte for byte, cut at each moment."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from contracts.codec import encode
from emissions.event import Mark
from web.evidence.scope import MonthScope
from web.markbook import Entry, MarkBook
from web.packets import Packets

MOST_BYTES = 400 * 1024 * 1024
"""Of feed lines in one bundle, before they are compressed."""

_JUDGED = re.compile(r"CN=(?:2061|2051);")
_QN = re.compile(r"QN=(\d+);")
_DATA_TIME = re.compile(r"DataTime=(\d{6})")


class TooLarge(Exception):
    """More lines than one bundle holds."""


class _Head(msgspec.Struct):
    kind: str = ""
    frame: str = ""
    mn: str = ""
    outlet: str = ""
    id: str = ""
    revoked: bool = False
    received_at: datetime | None = None
    entered_at: datetime | None = None


_head = msgspec.json.Decoder(_Head)


@dataclass(slots=True, kw_only=True)
class FeedPart:
    """The lines of a month that were received between two cuts."""

    name: str
    until: datetime
    lines: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a frame stands in the bundle."""

    file: str
    line: int


@dataclass(slots=True, kw_only=True)
class MonthFeed:
    """All lines of one month, in parts."""

    period: str
    parts: list[FeedPart]
    places: dict[tuple[str, datetime, str], Place] = field(default_factory=dict)
    """By logger (or outlet of a JSON monitor), receipt and request number QN."""


async def month_feed(packets: Packets, marks: MarkBook, month: MonthScope) -> MonthFeed:
    """Read the lines of a month.

    Raises:
        PacketsUnavailable: the feed cannot be read.
        TooLarge: there are more than one bundle holds.
    """
    cuts = [(cut.name, cut.until) for cut in month.cuts] or [("now", month.until)]
    feed = MonthFeed(
        period=month.period, parts=[FeedPart(name=f"{n}-{name}", until=at) for n, (name, at) in enumerate(cuts, 1)]
    )
    feed.parts[0].lines += [encode(mark) for mark in _earlier_marks(marks, month)]
    names = frozenset(outlet.mn or outlet.id for outlet in month.outlets)
    size = 0
    async for line in packets.sweep(names, since=month.start, until=month.until):
        head = _head.decode(line)
        at = head.received_at or head.entered_at
        if at is None or not _wanted(head, month):
            continue
        size += len(line)
        if size > MOST_BYTES:
            raise TooLarge(f"more than {MOST_BYTES // 1024**2} MiB of frames in {month.period}")
        part = next(part for part in feed.parts if at <= part.until)
        part.lines.append(line)
        if head.received_at is not None:
            where = Place(f"feed/{feed.period}/{part.name}.ndjson", len(part.lines))
            qn = _QN.search(head.frame)
            feed.places[head.mn or head.outlet, head.received_at, qn[1] if qn else ""] = where
    return feed


def marks_of(marks: MarkBook, months: Sequence[MonthScope]) -> list[Entry]:
    """Marks that touch any of the months, by entry, the revoked ones included."""
    found: dict[str, Entry] = {}
    for month in months:
        for outlet in month.outlets:
            for entry in marks.listed(outlet=outlet.id):
                if entry.mark.from_ < month.end and entry.mark.to > month.start:
                    found[entry.mark.id] = entry
    return sorted(found.values(), key=lambda entry: (entry.mark.entered_at, entry.mark.id))


def _earlier_marks(marks: MarkBook, month: MonthScope) -> Iterable[Mark]:
    """Marks of the month that were entered before it began, and so stand before its frames in the feed."""
    for entry in marks_of(marks, [month]):
        for mark in (entry.mark, entry.revocation):
            if mark is not None and mark.entered_at < month.start:
                yield mark


def _wanted(head: _Head, month: MonthScope) -> bool:
    """Hour and minute data of the month, and all marks. What cannot be read from outside is kept."""
    if head.kind != "packet":
        return True
    if _JUDGED.search(head.frame) is None:
        return False
    said = _DATA_TIME.search(head.frame)
    return said is None or said[1] == month.period.replace("-", "")
