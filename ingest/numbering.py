"""The gateway's share of the conservation account: every line of a logger that goes into the feed gets a number."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from emissions.account import Numbered
from emissions.beijing import HOUR, hour_of
from emissions.register import Register


def new_boot() -> str:
    """A name for this life of the process; no two have the same."""
    return uuid4().hex[:12]


@dataclass(slots=True)
class _Count:
    """What came from one logger in the running hour."""

    outlet: str
    hour: datetime
    end: datetime
    last: int = 0
    """Number given out last, in whatever hour."""
    first: int = 0
    """Number given out first in this hour, 0: none was."""
    quarantined: int = 0


class Numbering:
    """Counts by logger from 1 and, when an hour is over, says how far it came.

    Its word goes into the feed behind the lines that it is about. Nothing is kept when the process dies: the next life
    has another name and counts from 1 again, and what the last one had numbered and not committed comes again with it.
    """

    def __init__(self, register: Register, *, gateway: str, boot: str) -> None:
        """``gateway`` is the name that goes into the lines; ``boot`` must not have been used before."""
        self.boot = boot
        self._gateway = gateway
        self._outlets = {outlet.mn: outlet.id for outlet in register.outlets.values() if outlet.mn}
        self._outlets |= {outlet.id: outlet.id for outlet in register.outlets.values() if not outlet.mn}
        self._counts: dict[str, _Count] = {}
        self._said: list[Numbered] = []

    def kept(self, sender: str, received_at: datetime) -> int:
        """The number of a line of a registered logger that is about to go into the feed.

        Args:
            sender: The logger's MN, or the outlet's id where no logger exists.
            received_at: When the line came in.
        """
        count = self._count(sender, received_at)
        count.last += 1
        count.first = count.first or count.last
        return count.last

    def refused(self, sender: str, received_at: datetime) -> None:
        """A line is about to go into quarantine. Those of nobody stand in no account."""
        if sender in self._outlets:
            self._count(sender, received_at).quarantined += 1

    def over(self, now: datetime) -> list[Numbered]:
        """The words on all hours that are over by now and on which none was given yet."""
        for sender, count in self._counts.items():
            if now >= count.end:
                self._say(sender, count, now)
        return self._take()

    def farewell(self, now: datetime) -> list[Numbered]:
        """The words on the running hours as well: nothing more will be numbered."""
        for sender, count in self._counts.items():
            self._say(sender, count, now)
        return self._take()

    def waiting(self) -> list[Numbered]:
        """Words that must stand in the feed before the lines that were numbered last."""
        return self._take()

    def _take(self) -> list[Numbered]:
        said, self._said = self._said, []
        return said

    def _count(self, sender: str, received_at: datetime) -> _Count:
        count = self._counts.get(sender)
        if count is None:
            hour = hour_of(received_at)
            count = self._counts[sender] = _Count(self._outlets[sender], hour, hour + HOUR)
        elif not count.hour <= received_at < count.end:
            self._say(sender, count, received_at)
            count.hour = hour_of(received_at)
            count.end = count.hour + HOUR
        return count

    def _say(self, sender: str, count: _Count, now: datetime) -> None:
        if count.first or count.quarantined:
            self._said.append(
                Numbered(
                    received_at=now,
                    mn=sender,
                    outlet=count.outlet,
                    hour=count.hour,
                    gateway=self._gateway,
                    boot=self.boot,
                    first=count.first,
                    last=count.last if count.first else 0,
                    quarantined=count.quarantined,
                )
            )
        count.first = count.quarantined = 0
