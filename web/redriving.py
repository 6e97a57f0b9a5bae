"""Refused lines examined again, with the register and the rules of now; those that are right go back into the feed.

A line keeps when it was received, so it counts as it would have counted had it not been refused (R3, R12). Driving the
same line twice has no effect twice: the same value of the same key is a duplicate (R5).
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from alerts.transition import Event, person
from contracts.codec import KINDS, BadLine, decode, stamp
from contracts.feed import Acceptance, MonitorLine, PacketLine, read_line
from contracts.quarantine import with_note
from emissions.beijing import to_beijing
from emissions.finding import Rejected
from emissions.register import Register
from web.feed import Feed
from web.quarantine_book import QuarantineBook, RefusedLine, Selection

BATCH = 500
"""Lines that are examined, sent and noted at a time: what an interruption leaves unnoted is driven again."""

MOST = 100_000
"""Lines of one redrive."""

FEED_KINDS = frozenset({"packet", "monitor", "due", "mark", "numbered"})

Verdict = Literal["accepted", "refused", "derived"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one line."""

    id: str
    name: str
    was: str
    """Why it had been refused."""
    verdict: Verdict
    """``accepted``: back in the feed. ``refused``: still wrong. ``derived``: no line of the feed but one that follows
    from it; a rebuild makes it anew."""
    reason: str = ""
    """Why it is refused now."""
    detail: str = ""


@dataclass(slots=True, kw_only=True)
class Redrive:
    """One redrive: who, and what came of it."""

    id: str
    at: datetime
    by: str
    dry_run: bool
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Still wrong, by the reason of now."""
    derived: int = 0
    more: bool = False
    """The selection has more lines than one redrive takes."""
    outcomes: list[Outcome] = field(default_factory=list)
    """The first of them, at most as many as were asked for."""

    @property
    def examined(self) -> int:
        """Lines that were looked at."""
        return self.accepted + self.refused.total() + self.derived


class Redriver:
    """Drives refused lines again."""

    def __init__(
        self,
        book: QuarantineBook,
        feed: Feed,
        register: Register,
        acceptance: Acceptance,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._book = book
        self._feed = feed
        self._register = register
        self._acceptance = acceptance
        self._now = now

    async def drive(
        self,
        selection: Selection,
        *,
        by: str,
        dry_run: bool = False,
        most: int = MOST,
        shown: int = 200,
        progress: Callable[[Redrive], None] = lambda _: None,
    ) -> Redrive:
        """Examine the lines of a selection that wait, oldest first, and put those into the feed that are right now.

        Args:
            selection: Which lines. Lines that are back in the feed already are left out, except where their ids say so.
            by: The person who does it.
            dry_run: Only say what would happen.
            most: No more lines than this.
            shown: So many outcomes are handed back one by one.
            progress: Called after each batch.

        Raises:
            FeedUnavailable: Kafka did not take the lines; those before them are in the feed and noted.
            DatabaseUnavailable: the lines cannot be read or noted; driving them again is harmless.
            Incomplete: no name of a person.
        """
        done = Redrive(id=uuid.uuid4().hex, at=to_beijing(self._now()), by=person(by), dry_run=dry_run)
        if selection.ids is None:
            selection = replace(selection, state="waiting")
        after: RefusedLine | None = None
        try:
            while done.examined < most:
                size = min(BATCH, most - done.examined)
                lines = await asyncio.to_thread(self._book.oldest, selection, limit=size, after=after)
                if not lines:
                    return done
                await self._batch(lines, done, shown)
                after = lines[-1]
                progress(done)
            done.more = bool(await asyncio.to_thread(self._book.oldest, selection, limit=1, after=after))
            return done
        finally:
            if done.examined and not dry_run:
                await asyncio.to_thread(self._book.record, done.id, _event(done, selection))

    async def _batch(self, lines: Sequence[RefusedLine], done: Redrive, shown: int) -> None:
        outcomes = [self.examine(line) for line in lines]
        right = [line for line, outcome in zip(lines, outcomes, strict=True) if outcome.verdict == "accepted"]
        if right and not done.dry_run:
            note = {"id": done.id, "at": stamp(done.at), "by": done.by}
            await self._feed.put([(self._sender(line.line), with_note(line.line, note)) for line in right])
            await asyncio.to_thread(self._book.driven, [line.id for line in right], at=done.at, by=done.by)
        wrong = {o.id: (o.reason, o.detail) for o in outcomes if o.verdict == "refused"}
        if wrong and not done.dry_run:
            await asyncio.to_thread(self._book.still_refused, wrong)
        for outcome in outcomes:
            done.accepted += outcome.verdict == "accepted"
            done.derived += outcome.verdict == "derived"
            if outcome.verdict == "refused":
                done.refused[outcome.reason] += 1
        done.outcomes += outcomes[: max(0, shown - len(done.outcomes))]

    def examine(self, line: RefusedLine) -> Outcome:
        """What would become of a line now."""
        verdict, reason, detail = self._judged(line.line)
        return Outcome(id=line.id, name=line.name, was=line.reason, verdict=verdict, reason=reason, detail=detail)

    def _judged(self, text: str) -> tuple[Verdict, str, str]:
        try:
            line = read_line(text.encode())
        except (BadLine, UnicodeEncodeError) as error:
            return _not_of_the_feed(text, str(error))
        if not isinstance(line, PacketLine | MonitorLine):
            if line.outlet in self._register.outlets:
                return "accepted", "", ""
            return "refused", "unknown_outlet", f"outlet {line.outlet!r} is not in the register"
        try:
            event = self._acceptance.examine(line).event
        except Exception as error:  # noqa: BLE001 - what made the gateway put it aside may do so again
            return "refused", "bad_header_field", f"examining it failed: {type(error).__name__}: {error}"
        return ("refused", event.reason, event.detail) if isinstance(event, Rejected) else ("accepted", "", "")

    def _sender(self, text: str) -> str:
        """The name that decides the shard: the logger's MN, or the outlet where there is no logger."""
        line = read_line(text.encode())
        if isinstance(line, PacketLine):
            return line.mn
        outlet = self._register.outlets[line.outlet]
        return outlet.mn or outlet.id


def _not_of_the_feed(text: str, why: str) -> tuple[Verdict, str, str]:
    try:
        kind = decode(text.encode()).kind
    except (BadLine, UnicodeEncodeError):
        return "refused", "bad_line", why
    if kind in KINDS and kind not in FEED_KINDS:
        return "derived", "", f"a line of kind {kind!r} follows from the feed: a rebuild makes it anew"
    return "refused", "bad_line", why


def _event(done: Redrive, selection: Selection) -> Event:
    detail: dict[str, object] = {
        "selection": _said(selection),
        "accepted": done.accepted,
        "refused": dict(done.refused),
        "derived": done.derived,
    }
    return Event(name="redriven", at=done.at, by=done.by, reason=f"{done.examined} lines examined again", detail=detail)


def _said(selection: Selection) -> Mapping[str, object]:
    """The selection as it was asked for, for the audit log."""
    said: dict[str, object] = {"reason": selection.reason, "name": selection.name}
    said |= {"from": selection.start, "to": selection.end, "ids": list(selection.ids) if selection.ids else None}
    return {key: value for key, value in said.items() if value is not None}
