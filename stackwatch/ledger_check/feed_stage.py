"""From the logger to the feed: every acknowledged frame stands in ``cems.packets``, or in quarantine if it must."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from contracts.codec import BadLine
from contracts.feed import PacketLine, read_line
from emissions.beijing import hour_of, to_beijing
from emissions.event import Due, Mark
from emissions.finding import Rejected
from simulators.expectation import IN_TIME
from simulators.ledger import sum_of
from stackwatch.ledger_check.fault import Fault
from stackwatch.ledger_check.run_folder import Run, Sent

Key = tuple[str, str]
"""Whose frame it is (MN), and the sum of its bytes without the line's end."""


@dataclass(slots=True)
class Fed:
    """What of the sendings stands in the feed."""

    arrivals: list[tuple[datetime, Sent]] = field(default_factory=list)
    """Every time that the frame of a sending stands in the feed, in the order of the feed, with its receipt."""
    found: set[int] = field(default_factory=set)
    """Numbers of sendings that stand in the feed or, if they must, in quarantine."""
    faults: list[Fault] = field(default_factory=list)


def trace(run: Run) -> Fed:
    """Look for every sending in feed and quarantine, and for everything there that nobody sent."""
    fed = Fed()
    sendings: dict[Key, list[Sent]] = {}
    for sent in run.book.sent.values():
        sendings.setdefault((sent.mn, sent.crc32), []).append(sent)
    replies = {(reply.mn, reply.crc32) for reply in run.book.replies}
    feed = list(_feed(run, fed.faults))
    refused = list(_refused(run))
    for key, received_at, line in feed:
        if (known := sendings.get(key)) is not None:
            # Equal frames say equal things: the one that was sent last before this receipt stands for all of them.
            fed.arrivals.append((received_at, max(known, key=lambda sent: (sent.at <= received_at, sent.number))))
        elif key not in replies:
            fed.faults.append(_stray(run, "feed", key, line))
    for key, rejected in refused:
        if key not in sendings and key not in replies:
            fed.faults.append(_stray(run, "quarantine", key, rejected.reason))
    in_feed = {key for key, _, _ in feed}
    reasons: dict[Key, set[str]] = {}
    for key, rejected in refused:
        reasons.setdefault(key, set()).add(rejected.reason)
    acknowledged = run.book.got_through
    for sent in run.book.sent.values():
        fed.faults += _of_sending(sent, in_feed, reasons, fed.found, acknowledged=sent.number in acknowledged)
    fed.faults += _uncalled(run)
    fed.faults += _late(fed)
    fed.faults += _reordered(fed)
    return fed


def key_of(mn: str, frame: bytes) -> Key:
    """What a frame is known by."""
    return mn, sum_of(frame)


def _feed(run: Run, faults: list[Fault]) -> Iterator[tuple[Key, datetime, str]]:
    for number, line in enumerate(run.feed, 1):
        try:
            event = read_line(line)
        except BadLine as error:
            about = (f"feed.ndjson:{number}",)
            faults.append(
                Fault(
                    kind="wrong", stage="feed", outlet="", about=about, expected="a line of the feed", found=str(error)
                )
            )
            continue
        if isinstance(event, PacketLine):
            yield key_of(event.mn, event.frame_bytes), to_beijing(event.received_at), f"feed.ndjson:{number}"


def _refused(run: Run) -> Iterator[tuple[Key, Rejected]]:
    for rejected in run.lines["quarantine"]:
        assert isinstance(rejected, Rejected)
        try:
            event = read_line(rejected.line.encode())
        except BadLine:
            yield (rejected.mn, ""), rejected
            continue
        frame = event.frame_bytes if isinstance(event, PacketLine) else b""
        yield key_of(rejected.mn, frame), rejected


def _stray(run: Run, stage: str, key: Key, found: str) -> Fault:
    outlet = run.register.by_mn().get(key[0])
    return Fault(
        kind="wrong",
        stage=stage,
        outlet=key[0] if outlet is None else outlet.id,
        about=(f"crc32 {key[1]}",),
        expected="a frame that somebody sent",
        found=found,
    )


def _of_sending(
    sent: Sent, in_feed: set[Key], reasons: dict[Key, set[str]], found: set[int], *, acknowledged: bool
) -> Iterator[Fault]:
    key = (sent.mn, sent.crc32)
    said = reasons.get(key, set())
    stage = "quarantine" if sent.refused else "feed"
    where = f"quarantine: {', '.join(sorted(said))}" if said else "the feed" if key in in_feed else None
    right = sent.refused in said if sent.refused else key in in_feed
    if right:
        found.add(sent.number)
    if acknowledged and not right:
        yield Fault(
            kind="lost" if where is None else "wrong",
            stage=stage,
            outlet=sent.outlet or sent.mn,
            about=about(sent),
            expected=f"quarantine: {sent.refused}" if sent.refused else "the feed",
            found=where,
        )


def _uncalled(run: Run) -> Iterator[Fault]:
    """Roll calls and marks that do not stand in the feed."""
    called: set[tuple[str, datetime]] = set()
    marked: set[str] = set()
    for line in run.feed:
        if b'"due"' not in line and b'"mark"' not in line:
            continue
        with suppress(BadLine):  # told already, with its line
            event = read_line(line)
            if isinstance(event, Due):
                called.add((event.outlet, to_beijing(event.hour)))
            elif isinstance(event, Mark):
                marked.add(event.id)
    due = {(hour.outlet, to_beijing(hour.hour)) for hour in run.book.expected}
    for outlet, hour in sorted(due - called):
        about_it = ("roll call", hour.isoformat())
        yield Fault(kind="lost", stage="feed", outlet=outlet, about=about_it, expected="the feed")
    for id_, outlet in run.book.marks.items():
        if id_ not in marked:
            yield Fault(kind="lost", stage="feed", outlet=outlet, about=("mark", id_), expected="the feed")


def _late(fed: Fed) -> Iterator[Fault]:
    """Hourly and minute values that were received after the roll call of their hour, having been sent before it."""
    first: dict[int, tuple[datetime, Sent]] = {}
    for received_at, sent in fed.arrivals:
        first.setdefault(sent.number, (received_at, sent))
    for received_at, sent in first.values():
        if sent.cn not in {"2051", "2061"} or sent.data_time is None:
            continue
        called_at = hour_of(sent.data_time) + IN_TIME
        if sent.at <= called_at < received_at:
            yield Fault(
                kind="late",
                stage="feed",
                outlet=sent.outlet,
                about=about(sent),
                expected=f"received by {called_at.isoformat()}",
                found=received_at.isoformat(),
            )


def _reordered(fed: Fed) -> Iterator[Fault]:
    highest: dict[str, int] = {}
    seen: Counter[int] = Counter()
    for _, sent in fed.arrivals:
        seen[sent.number] += 1
        if seen[sent.number] > 1:
            continue  # the same frame again, after a resend or a restart
        before = highest.get(sent.mn, 0)
        if sent.number < before:
            yield Fault(
                kind="reordered",
                stage="feed",
                outlet=sent.outlet,
                about=about(sent),
                expected=f"before sending {before}",
                found="behind it",
            )
        highest[sent.mn] = max(before, sent.number)


def about(sent: Sent) -> tuple[str, ...]:
    """A sending in words of the ledger."""
    at = () if sent.data_time is None else (sent.data_time.isoformat(),)
    return (f"sending {sent.number}", f"CN {sent.cn}", *at)
