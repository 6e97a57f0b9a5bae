"""A platform in memory: takes frames, answers and relays them, calls the roll; and loses what it is told to lose."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from contracts.feed import Acceptance, answer_to, packet_line
from emissions.beijing import hour_of
from emissions.rules import Parameters
from rulebook.register import load_register
from simulators.driver import Driver
from simulators.fleet import Fleet
from simulators.register import write_register

HOUR = timedelta(hours=1)


class Platform:
    """Both ends at once: the loggers' wire, and the clock that they move."""

    def __init__(self, fleet: Fleet, folder) -> None:
        write_register(fleet.city, folder)
        self._register = load_register(folder)
        self._acceptance = Acceptance(self._register, Parameters())
        self._clock = fleet.scenario.start
        self._fleet = fleet
        self.driver: Driver | None = None
        self.received: list[tuple[datetime, str, bytes]] = []
        self.called: list[datetime] = []
        self.closed = False
        self.lose_answer: Callable[[int], bool] = lambda _: False
        """Given the number of the frame, from 0: whether its answer gets lost."""
        self.silent = False
        """Takes everything and says nothing."""

    # -- wire

    async def open(self, mns: Iterable[str], receive) -> None:
        self._receive = receive
        self.mns = list(mns)

    def send(self, mn: str, frame: bytes) -> "asyncio.Future[None]":
        number = len(self.received)
        self.received.append((self._clock, mn, frame))
        done = asyncio.get_running_loop().create_future()
        if not self.silent:
            asyncio.get_running_loop().call_soon(self._take, number, mn, frame, self._clock, done)
        return done

    async def close(self) -> None:
        self.closed = True

    def _take(self, number: int, mn: str, frame: bytes, at: datetime, done: "asyncio.Future[None]") -> None:
        done.set_result(None)
        examined = self._acceptance.examine(packet_line(at, mn, frame.rstrip()))
        self.driver.in_feed(mn, frame.rstrip(), at)
        answer = answer_to(examined)
        if answer is not None and not self.lose_answer(number):
            self._receive(mn, answer)

    # -- hands

    def now(self) -> datetime:
        return self._clock

    def set(self, now: datetime) -> None:
        assert now >= self._clock, "a clock never goes back"
        self._clock = now
        due = now - 2 * HOUR
        if now == hour_of(now) and due >= self._fleet.scenario.start:
            self.called.append(due)
            for outlet in self._register.outlets:
                asyncio.get_running_loop().call_soon(self.driver.called, outlet, due)

    # -- desk

    async def post(self, mark) -> None:
        asyncio.get_running_loop().call_soon(self.driver.marked, mark.id)

    def frames(self) -> Counter:
        """How often each frame came, by sender and bytes."""
        return Counter((mn, frame) for _, mn, frame in self.received)
