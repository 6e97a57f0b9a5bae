"""Entering marks and taking them back, for the interface and the pages alike (R8)."""

import asyncio
import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from emissions.beijing import to_beijing
from emissions.event import Mark
from emissions.marks import KINDS
from web.feed import FeedUnavailable
from web.markbook import Entry, IdTaken
from web.sources import Sources

FARTHEST = timedelta(days=366)
"""A mark lies within this of the moment it is entered; nothing older is ever judged (R3)."""


class MarkRefused(Exception):
    """The mark cannot be: ``why`` names the reason, ``field`` what is wrong, the text says it to a program."""

    def __init__(self, why: str, field: str, detail: str) -> None:
        super().__init__(detail)
        self.why = why
        """``outlet``, ``kind``, ``span``, ``too_far``, ``calendar`` or ``id_taken``."""
        self.field = field


class NotYetInFeed(Exception):
    """The mark is written down, and Kafka has not acknowledged it: to be sent again under the same id."""

    def __init__(self, mark_id: str, why: str) -> None:
        super().__init__(f"The mark {mark_id!r} is not yet in the feed: {why}. Send it again under the same id.")
        self.mark_id = mark_id


def mark_of(
    sources: Sources,
    *,
    outlet: str,
    kind: str,
    start: datetime,
    end: datetime,
    by: str,
    note: str = "",
    mark_id: str | None = None,
) -> Mark:
    """The mark as it goes into the feed, if it is one.

    Raises:
        MarkRefused: with the first thing that is wrong.
    """
    if (found := sources.register.outlets.get(outlet)) is None:
        raise MarkRefused("outlet", "outlet", f"there is no outlet {outlet!r} in the register")
    if kind not in KINDS:
        raise MarkRefused("kind", "mark", f"{kind!r} is not one of {', '.join(sorted(KINDS))}")
    start, end = _moment(start, "from"), _moment(end, "to")
    now = to_beijing(sources.now())
    if start >= end:
        raise MarkRefused("span", "to", f"to ({end.isoformat()}) is not after from ({start.isoformat()})")
    if start < now - FARTHEST or end > now + FARTHEST:
        detail = f"a mark lies within {FARTHEST.days} days of now ({now.isoformat()})"
        raise MarkRefused("too_far", "from", detail)
    return Mark(
        id=mark_id or uuid.uuid4().hex,
        outlet=found.id,
        mn=found.mn,
        mark=kind,
        from_=start,
        to=end,
        entered_at=now,
        by=by,
        note=note,
    )


async def enter(sources: Sources, mark: Mark) -> tuple[Entry, bool]:
    """Write a mark down and put it into the feed; returns once Kafka has it, and whether it was new to the feed.

    Raises:
        MarkRefused: another mark stands under its id.
        NotYetInFeed: Kafka does not answer.
    """
    try:
        standing = await asyncio.to_thread(sources.marks.enter, mark)
    except IdTaken:
        raise MarkRefused("id_taken", "id", f"There is another mark {mark.id!r}.") from None
    if replace(standing.mark, entered_at=mark.entered_at) != mark:
        by = standing.mark.by
        raise MarkRefused("id_taken", "id", f"There is another mark {mark.id!r}, entered by {by}.")
    fresh = not standing.in_feed
    if fresh:
        await _send(sources, standing.mark)
    return replace(standing, in_feed=True), fresh


async def revoke(sources: Sources, entry: Entry, *, by: str, note: str) -> Entry:
    """Take a mark back: its hours are judged again without it. Twice changes nothing.

    Raises:
        NotYetInFeed: Kafka does not answer.
    """
    if entry.revocation is None:
        line = replace(entry.mark, revoked=True, entered_at=to_beijing(sources.now()), by=by, note=note)
        entry = await asyncio.to_thread(sources.marks.revoke, line)
    if not entry.in_feed and entry.revocation is not None:
        await _send(sources, entry.revocation)
        entry = replace(entry, in_feed=True)
    return entry


async def send_again(sources: Sources, entry: Entry) -> None:
    """Put the newest line of a mark into the feed that Kafka has not acknowledged yet. Raises ``NotYetInFeed``."""
    if not entry.in_feed:
        await _send(sources, entry.revocation or entry.mark)


def _moment(moment: datetime, field: str) -> datetime:
    try:
        return to_beijing(moment)
    except OverflowError:
        raise MarkRefused("calendar", field, f"{moment.isoformat()} is outside the calendar") from None


async def _send(sources: Sources, line: Mark) -> None:
    try:
        await sources.feed.send(line)
    except FeedUnavailable as error:
        raise NotYetInFeed(line.id, str(error)) from error
    await asyncio.to_thread(sources.marks.sent, line.id)
