"""What has been heard lately on the topics, in memory and bounded: for tickers, last-seen times and event streams."""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import msgspec

from contracts.codec import BadLine, decode, unbundle
from contracts.topics import ALERTS, FINDINGS, HOURS, QUARANTINE, RATES, READINGS
from emissions.finding import Finding, Rejected
from emissions.hourly import Hour
from emissions.reading import Reading
from web.exceedances import Exceedances

log = logging.getLogger(__name__)


class _Subject(msgspec.Struct):
    """The little that must be known of a line to file it."""

    kind: str = ""
    county: str = ""


class _Sent(msgspec.Struct):
    """The same for a reading."""

    outlet: str
    cn: str
    at: datetime
    received_at: datetime


_subject = msgspec.json.Decoder(_Subject)
_sent = msgspec.json.Decoder(_Sent)


@dataclass(frozen=True, slots=True)
class Heard:
    """One line as subscribers get it."""

    kind: str
    """``hour``, ``rate``, ``finding``, ``case`` or ``alert``."""
    county: str
    line: str


@dataclass(slots=True, eq=False)
class Subscriber:
    """One open event stream. A reader too slow for its queue loses the oldest lines, and is told how many."""

    kinds: frozenset[str]
    county: str | None
    waiting: deque[Heard]
    lost: int = 0
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, heard: Heard) -> None:
        """Put one line into the queue if it was asked for."""
        if heard.kind not in self.kinds or (self.county is not None and heard.county != self.county):
            return
        if len(self.waiting) == self.waiting.maxlen:
            self.lost += 1
        self.waiting.append(heard)
        self.bell.set()

    async def next_batch(self) -> list[Heard]:
        """What waits, else what comes next."""
        while not self.waiting:
            self.bell.clear()
            await self.bell.wait()
        batch = list(self.waiting)
        self.waiting.clear()
        return batch


STREAMED = {HOURS.name: "hour", RATES.name: "rate", FINDINGS.name: "finding", ALERTS.name: "alert"}
"""Topics that go to event streams; the kind of a line that names none."""

KINDS = frozenset({"hour", "rate", "finding", "case", "alert"})


class Listened(Protocol):
    """What may be asked about the topics: of the whole city, or of what one county may see of it."""

    @property
    def following(self) -> bool:
        """Whether the topics are being read now."""

    @property
    def exceedances(self) -> Exceedances | None:
        """Exceeded hours of the current month, once they have been read from the store."""

    def findings(self) -> list[Finding]:
        """The last word on each finding, the newest first."""

    def finding(self, id_: str) -> Finding | None:
        """One finding by its id."""

    def quarantine(self) -> list[Rejected]:
        """Lines that were refused, the newest first."""

    def reading(self, outlet: str, cn: str) -> Reading | None:
        """The reading of the newest data time heard of an outlet and command."""

    def last_received(self, outlet: str) -> datetime | None:
        """When the gateway last got data of an outlet, as far as this process has heard."""

    def subscribe(
        self, *, kinds: frozenset[str] = KINDS, county: str | None = None
    ) -> AbstractContextManager[Subscriber]:
        """An event stream's queue, for as long as the stream is open."""


@dataclass(slots=True, kw_only=True)
class Live:
    """One process's memory of the topics. ``hear`` is called from the event loop only; readers may be anywhere."""

    findings_kept: int = 5000
    quarantine_kept: int = 1000
    hours_kept: int = 20_000
    queue: int = 1000
    """Lines that may wait for one event stream."""
    following: bool = False
    """Whether the topics are being read now."""
    refused: int = 0
    """Lines on the topics that could not be read."""
    exceedances: Exceedances | None = None
    """Exceeded hours of the current month, once they have been read from the store."""
    on_hour: list[Callable[[Hour], None]] = field(default_factory=list)
    """Called with every hour that is heard; must not block."""
    _findings: OrderedDict[str, Finding] = field(default_factory=OrderedDict)
    _quarantine: deque[Rejected] = field(default_factory=deque)
    _recent_hours: deque[Hour] = field(default_factory=deque)
    _readings: dict[tuple[str, str], tuple[datetime, bytes]] = field(default_factory=dict)
    _received: dict[str, datetime] = field(default_factory=dict)
    _subscribers: set[Subscriber] = field(default_factory=set)

    def hear(self, topic: str, payload: bytes) -> None:
        """Take in one Kafka message. A line that cannot be read is counted and left."""
        for line in unbundle(payload):
            try:
                self._hear_line(topic, line)
            except (BadLine, msgspec.DecodeError, ValueError) as error:
                self.refused += 1
                log.warning("a line of %s cannot be read: %s", topic, error)

    def _hear_line(self, topic: str, line: bytes) -> None:
        subject = _subject.decode(line)
        if topic == READINGS.name:
            if subject.kind != "passed":  # a roll call on its way to the store
                self._hear_reading(line)
            return
        if topic == QUARANTINE.name:
            if isinstance(message := decode(line), Rejected):
                self._quarantine.append(message)
                _trim(self._quarantine, self.quarantine_kept)
            return
        if subject.kind == "finding":
            self._hear_finding(decode(line))
        elif subject.kind == "hour":
            self._hear_hour(decode(line))
        if subject.kind == "anchor":
            return  # the head of an audit log, for those who compare
        kind = subject.kind if subject.kind in KINDS else STREAMED.get(topic, "")
        if kind in KINDS and (topic != HOURS.name or subject.kind == "hour"):
            heard = Heard(kind, subject.county, line.decode())
            for subscriber in self._subscribers:
                subscriber.offer(heard)

    def _hear_reading(self, line: bytes) -> None:
        """Keep the newest by data time, undecoded: of thousands only few are ever looked at."""
        sent = _sent.decode(line)
        known = self._readings.get((sent.outlet, sent.cn))
        if known is None or known[0] <= sent.at:
            self._readings[sent.outlet, sent.cn] = (sent.at, line)
        received = self._received.get(sent.outlet)
        if received is None or received < sent.received_at:
            self._received[sent.outlet] = sent.received_at

    def _hear_finding(self, message: Any) -> None:
        if not isinstance(message, Finding):
            return
        known = self._findings.get(message.id)
        if known is not None and known.revision > message.revision:
            return
        self._findings[message.id] = message
        self._findings.move_to_end(message.id)
        while len(self._findings) > self.findings_kept:
            self._findings.popitem(last=False)

    def _hear_hour(self, message: Any) -> None:
        if not isinstance(message, Hour):
            return
        self._recent_hours.append(message)
        _trim(self._recent_hours, self.hours_kept)
        if self.exceedances is not None:
            self.exceedances.hear([message])
        for told in self.on_hour:
            told(message)

    def findings(self) -> list[Finding]:
        """The last word on each finding, the newest first."""
        return sorted(self._findings.values(), key=lambda finding: finding.known_at, reverse=True)

    def finding(self, id_: str) -> Finding | None:
        """One finding by its id."""
        return self._findings.get(id_)

    def quarantine(self) -> list[Rejected]:
        """Lines that were refused, the newest first."""
        return list(reversed(tuple(self._quarantine)))

    def watch_exceedances(self, exceedances: Exceedances) -> None:
        """Keep these up to date from now on; hours heard while they were being read are added first."""
        exceedances.hear(tuple(self._recent_hours))
        self.exceedances = exceedances

    def reading(self, outlet: str, cn: str) -> Reading | None:
        """The reading of the newest data time heard of an outlet and command."""
        known = self._readings.get((outlet, cn))
        if known is None:
            return None
        message = decode(known[1])
        return message if isinstance(message, Reading) else None

    def last_received(self, outlet: str) -> datetime | None:
        """When the gateway last got data of an outlet, as far as this process has heard."""
        return self._received.get(outlet)

    @contextmanager
    def subscribe(self, *, kinds: frozenset[str] = KINDS, county: str | None = None) -> Iterator[Subscriber]:
        """An event stream's queue, for as long as the stream is open."""
        subscriber = Subscriber(kinds, county, deque(maxlen=self.queue))
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)

    @property
    def streams(self) -> int:
        """Event streams that are open."""
        return len(self._subscribers)


def _trim(lines: deque[Any], kept: int) -> None:
    while len(lines) > kept:
        lines.popleft()
