"""What is measured with: the packets of a simulated province in which nothing goes wrong, oldest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from contracts.codec import encode
from contracts.feed import encode_line, packet_line
from contracts.topics import shard_of
from emissions.beijing import HOUR, hour_of
from emissions.event import Due
from simulators.fleet import Fleet, Sending
from simulators.register import write_register
from simulators.scenario import Scenario, shipped

LINES_PER_MESSAGE = 100
"""Of one shard in one Kafka message, as a busy gateway bundles them."""

LOGGERS = {
    "edition_2005": 0.1,
    "edition_2025": 0.2,
    "with_minutes": 0.3,
    "split": 0,
    "without_conversion": 0.05,
    "minute_interval": 10,
    "rtd_interval_s": 60,
}


def fleet(outlets: int, start: datetime) -> Fleet:
    """Loggers that send 2011 every minute, 2061 every hour and, some of them, 2051 every ten minutes."""
    story = yaml.safe_load(shipped("quiet").read_text(encoding="utf-8"))
    story |= {"name": "benchmark", "start": start.isoformat(), "loggers": LOGGERS}
    story["plants"][0]["count"] = outlets
    return Fleet(Scenario.model_validate(story))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A feed as it stands in Kafka."""

    packets: int
    """Packets in it; the roll calls come on top."""
    lines: list[bytes]
    """In the order of receipt."""
    messages: list[tuple[int, bytes, int]]
    """Shard, payload and number of lines of each message, in the order in which they were sent."""


def record(outlets: int, packets: int, start: datetime, register: Path) -> Recorded:
    """The register of the outlets, written to a folder, and their first packets with the roll calls between them."""
    city = fleet(outlets, start)
    write_register(city.city, register)
    lines: list[bytes] = []
    messages: list[tuple[int, bytes, int]] = []
    waiting: dict[int, list[bytes]] = {}

    def put(mn: str, line: bytes) -> None:
        lines.append(line)
        shard = shard_of(mn)
        mine = waiting.setdefault(shard, [])
        mine.append(line)
        if len(mine) == LINES_PER_MESSAGE:
            messages.append((shard, b"\n".join(waiting.pop(shard)), LINES_PER_MESSAGE))

    due = start
    for sent in first(city, packets):
        while hour_of(sent.at) >= due + 2 * HOUR:
            for site in city.city.sites:
                put(site.mn, encode(Due(outlet=site.outlet, mn=site.mn, hour=due)))
            due += HOUR
        put(sent.mn, encode_line(packet_line(sent.at, sent.mn, sent.frame.rstrip(), "bench")))
    messages += [(shard, b"\n".join(mine), len(mine)) for shard, mine in sorted(waiting.items())]
    return Recorded(packets=packets, lines=lines, messages=messages)


def first(city: Fleet, packets: int) -> Iterator[Sending]:
    """The first packets of a fleet that carry data."""
    left = packets
    for sent in city.sendings():
        if sent.heartbeat:
            continue
        if not left:
            return
        left -= 1
        yield sent
