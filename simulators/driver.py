"""Drives a fleet against a platform, in lockstep with a held clock or in real time.

In lockstep the clock stands still at each instant until everything that leaves at that instant has been acknowledged,
answered where the standard asks for it, and relayed into the feed; at each full hour until the roll call of that hour
stands in the feed. The moments that a platform stamps are therefore the scenario's own: a run gives the same result
on a slow machine, and with processes killed in its middle.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Protocol

from emissions.beijing import HOUR, to_beijing
from emissions.event import Mark
from simulators.expectation import IN_TIME, Expectations
from simulators.fleet import Fleet, Sending
from simulators.ledger import Ledger
from simulators.outstanding import Outstanding, Waiting
from simulators.progress import Pace, Progress
from simulators.report import PERIOD_DATA
from simulators.responder import Memory, hear
from simulators.roll_call import RollCall, Stuck
from simulators.wire import Wire

_log = logging.getLogger(__name__)

RETRY_S = 10.0
"""A logger that hears nothing sends again after this long, then after twice as long, and so on. [s]"""
LONGEST_RETRY_S = 60.0
LOOK_S = 1.0
"""How often is looked for what must be sent again. [s]"""
NAP_S = 0.1
"""Longest nap in real time: the platform's clock may be an accelerated one. [s]"""
CROWD = 5000
"""In real time so many frames may be on their way before the fleet waits."""


class Hands(Protocol):
    """A clock that can be moved."""

    def now(self) -> datetime:
        """What it shows."""

    def set(self, now: datetime) -> None:
        """Stand still at a moment."""


PostMark = Callable[[Mark], Awaitable[None]]


class Driver:
    """One run of one fleet. It is its own watcher: hand it to a ``FeedWatch`` to make it wait for the feed."""

    def __init__(
        self,
        fleet: Fleet,
        wire: Wire,
        *,
        ledger: Ledger,
        now: Callable[[], datetime],
        hands: Hands | None = None,
        watched: bool = False,
        post_mark: PostMark | None = None,
        patience_s: float = 120.0,
    ) -> None:
        """Put a run together.

        Args:
            fleet: Who sends.
            wire: How it gets there.
            ledger: Where it is written down.
            now: The platform's clock.
            hands: The same clock, where it is ours to move.
            watched: A ``FeedWatch`` tells what stands in the feed, so wait for that too.
            post_mark: How marks are entered; without it the scenario's marks are left out.
            patience_s: In lockstep, longest wait for one instant. [s]
        """
        self.fleet = fleet
        self.progress = Progress()
        self.expectations = Expectations(fleet.city)
        self._wire = wire
        self._ledger = ledger
        self._now = now
        self._hands = hands
        self._watched = watched
        self._post_mark = post_mark
        self._patience_s = patience_s
        self._outstanding = Outstanding(needs_relay=watched)
        self._memories = {site.mn: Memory() for site in fleet.city.sites}
        self._sendings = fleet.sendings()
        self._next: Sending | None = None
        self._marks = fleet.marks()
        self._in_feed: dict[str, asyncio.Event] = {}
        self._roll = RollCall(len(fleet.city.sites))
        self._hour = fleet.scenario.start + HOUR

    async def open(self) -> None:
        """Connect all loggers. Raises ``WireUnavailable``."""
        await self._wire.open([site.mn for site in self.fleet.city.sites], self._receive)

    async def farewell(self, patience_s: float) -> None:
        """Send nothing new, and wait for what is still owed; not longer than the patience. [s]"""
        deadline = time.monotonic() + patience_s
        while len(self._outstanding) and time.monotonic() < deadline:
            await self._wait_or_resend()
        self._note_confirmed()

    async def close(self) -> None:
        """Disconnect all loggers; the ledger gets what was confirmed last."""
        await self._wire.close()
        self._note_confirmed()

    # -- lockstep -------------------------------------------------------------------------------------------------

    async def run_until(self, end: datetime, *, speed: float | None = None) -> None:
        """Play everything that leaves before ``end``, then stand still there.

        Args:
            end: Simulated moment.
            speed: At most so many simulated seconds per real second; None: as fast as the platform keeps up.

        Raises:
            Stuck: the platform did not confirm an instant within the patience.
        """
        pace = Pace(self.progress.at or self.fleet.scenario.start, speed)
        for instant, batch in groupby(self._before(end), key=lambda sending: sending.at):
            await self._hours_up_to(instant, pace)
            await pace.until(instant)
            self._stand(instant)
            await self._enter_marks(instant)
            for sending in batch:
                self._send(sending)
            await self._settle(f"{instant.isoformat()}")
        await self._hours_up_to(end, pace)
        await pace.until(end)
        self._stand(end)

    def _before(self, end: datetime) -> Iterator[Sending]:
        """Sendings before ``end``; the first one behind it is kept for later."""
        while True:
            sending = self._next if self._next is not None else next(self._sendings)
            self._next = None
            if sending.at >= end:
                self._next = sending
                return
            yield sending

    async def _hours_up_to(self, moment: datetime, pace: Pace) -> None:
        while self._hour <= moment:
            await pace.until(self._hour)
            self._stand(self._hour)
            due = self._hour - IN_TIME
            if self._watched and due >= self.fleet.scenario.start:
                await self._roll.all_called(due, self._patience_s)
            self._hour += HOUR

    async def _settle(self, instant: str) -> None:
        """Wait for all that is on its way, sending again what stays unanswered."""
        deadline = time.monotonic() + self._patience_s
        while len(self._outstanding):
            if time.monotonic() > deadline:
                raise Stuck(f"at {instant}: {self._owed()} after {self._patience_s:g} s")
            await self._wait_or_resend()
        self._note_confirmed()

    async def _wait_or_resend(self) -> None:
        try:
            async with asyncio.timeout(LOOK_S):
                await self._outstanding.settled()
        except TimeoutError:
            self._resend()

    def _owed(self) -> str:
        waiting = list(self._outstanding)
        missing = {
            "PUBACK": sum(not one.puback for one in waiting),
            "answer": sum(not one.answered for one in waiting),
            "place in the feed": sum(not one.relayed for one in waiting),
        }
        first = waiting[0].sending
        owed = ", ".join(f"{count} without {what}" for what, count in missing.items() if count)
        return f"{owed} (first: MN {first.mn}, CN {first.report.cn})"

    def _stand(self, moment: datetime) -> None:
        self.progress.at = to_beijing(moment)
        if self._hands is not None and moment > self._hands.now():
            self._hands.set(moment)

    async def _enter_marks(self, instant: datetime) -> None:
        while self._marks and self._marks[0].entered_at <= instant:
            mark = self._marks.pop(0)
            if self._post_mark is None:
                continue
            self._ledger.mark(mark)
            entered = self._in_feed.setdefault(mark.id, asyncio.Event())
            await self._post_mark(mark)
            if self._watched:
                async with asyncio.timeout(self._patience_s):
                    await entered.wait()
            self.expectations.marked(mark)
            self.progress.marks += 1

    # -- real time ------------------------------------------------------------------------------------------------

    async def run_live(self, end: datetime | None = None) -> None:
        """Send everything when its moment comes, and do not wait for it; until ``end`` or for ever."""
        async with asyncio.TaskGroup() as tasks:
            care = tasks.create_task(self._care())
            for sending in self._before(end or datetime.max.replace(tzinfo=self._now().tzinfo)):
                await self._until(sending.at)
                await self._enter_marks(sending.at)
                await self._outstanding.fewer_than(CROWD)
                self._send(sending)
            if end is not None:
                await self._until(end)
            care.cancel()

    async def _until(self, moment: datetime) -> None:
        while True:
            left = (moment - self._now()).total_seconds()
            if left <= 0:
                break
            await asyncio.sleep(min(left, NAP_S))
        self.progress.at = to_beijing(self._now())

    async def _care(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self._resend()
            self._note_confirmed()

    # -- both -----------------------------------------------------------------------------------------------------

    def _send(self, sending: Sending) -> None:
        number = self._ledger.sending(sending)
        waiting = Waiting(sending=sending, number=number, sent_at=time.monotonic())
        self._outstanding.add(waiting)
        self._put_on_wire(waiting)
        self.expectations.arrived(sending.report, sending.at if self._hands is not None else to_beijing(self._now()))
        progress = self.progress
        progress.sent += 1
        progress.answers_due += bool(sending.answer)
        progress.heartbeats += sending.heartbeat
        if sending.refused:
            progress.refused[sending.refused] = progress.refused.get(sending.refused, 0) + 1
        if sending.report.cn in PERIOD_DATA and sending.mn in self._memories:
            self._memories[sending.mn].reports.append(sending.report)

    def _put_on_wire(self, waiting: Waiting) -> None:
        done = self._wire.send(waiting.sending.mn, waiting.sending.frame)

        def taken(future: "asyncio.Future[None]") -> None:
            if future.cancelled():
                return
            if (error := future.exception()) is not None:
                _log.warning("%s", error)
            else:
                self._outstanding.acknowledged(waiting)

        done.add_done_callback(taken)

    def _resend(self) -> None:
        """Send again what asked for an answer and got none for too long."""
        now = time.monotonic()
        for waiting in self._outstanding:
            owed = waiting.sending.answer and not waiting.answered
            if owed and now - waiting.sent_at >= min(RETRY_S * waiting.tries, LONGEST_RETRY_S):
                waiting.sent_at, waiting.tries = now, waiting.tries + 1
                self.progress.resent += 1
                self._put_on_wire(waiting)

    def _receive(self, mn: str, frame: bytes) -> None:
        heard = hear(frame, self._memories.get(mn) or Memory(), to_beijing(self._now()))
        if heard.answered_qn is not None:
            self._outstanding.answered(mn, heard.answered_qn)
        for reply in heard.replies:
            self._ledger.reply(mn, reply)
            self._wire.send(mn, reply)
        for report in heard.resent:
            self._ledger.resent(report)
            self.expectations.arrived(report, report.at)

    def _note_confirmed(self) -> None:
        confirmed = self._outstanding.drain()
        self.progress.acknowledged += len(confirmed.puback)
        self.progress.answered += len(confirmed.answer)
        self.progress.relayed += len(confirmed.relayed)
        for how in ("puback", "answer", "relayed"):
            if numbers := getattr(confirmed, how):
                self._ledger.acknowledged(numbers, how=how)
        self._ledger.flush()

    # -- what the feed watch tells --------------------------------------------------------------------------------

    def in_feed(self, mn: str, frame: bytes, received_at: datetime) -> None:
        """A frame stands in the feed or in quarantine."""
        self._outstanding.relayed(mn, frame, received_at)

    def called(self, outlet: str, hour: datetime) -> None:
        """The roll call of an outlet stands in the feed."""
        self._roll.called(outlet, hour)

    def marked(self, mark: str) -> None:
        """A mark stands in the feed."""
        self._in_feed.setdefault(mark, asyncio.Event()).set()
