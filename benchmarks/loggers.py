"""The loggers of a province as one process: it is told what to send, a line of JSON each, and answers with another.

``python -m benchmarks.loggers HOST PORT OUTLETS PROBES START FOLDER``. The packets are the simulator's, made before
they are sent, so that while it counts the process does little. Some outlets are probes: they send nothing but hours,
in turn exceeded and within the limit, so that each exceeded one must raise an alert of its own.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any

from benchmarks.feed import first, fleet
from benchmarks.readings import SIZE, identity, record
from benchmarks.wire import Session, publication
from emissions.beijing import HOUR
from hj212.encode import message
from hj212.moments import qn_of, text_of
from simulators.city import Site

CONNECTIONS = 16
NAP_S = 0.005
AT_ONCE = 500
"""Packets sent before anything else is looked at."""
WINDOW = 4000
"""Packets of a burst that may wait for their PUBACK on one connection."""
PATIENCE_S = 120.0

Prepared = tuple[int, int, bool, tuple[bytes, bytes]]
"""Connection, reading, whether an answer is due, message."""


class Loggers:
    """Who sends, what has been sent, and what was heard."""

    def __init__(self, outlets: int, probes: int, start: datetime, folder: Path) -> None:
        self._fleet = fleet(outlets, start)
        sites = self._fleet.city.sites
        self._probes = [site for site in sites if site.edition == 2017][-probes:]
        silent = {site.mn for site in self._probes}
        self._sendings = (sent for sent in first(self._fleet, sys.maxsize) if sent.mn not in silent)
        self._connection = {site.mn: site.ordinal % CONNECTIONS for site in sites}
        self._probe_packets = self._probing(start)
        self._start = start
        self._stored = folder / "stored"
        self._published = (folder / "published").open("ab")
        self._raised = (folder / "raised").open("a", encoding="utf-8")
        self._probed = (folder / "probed").open("a", encoding="utf-8")
        self._ready: list[Prepared] = []
        self.sent = 0
        self.answers_due = self.answers = 0
        self._sessions: list[Session] = []

    async def open(self, host: str, port: int) -> None:
        """Connect all, and listen for answers and alerts."""
        loop = asyncio.get_running_loop()
        for number in range(CONNECTIONS):
            _, session = await loop.create_connection(partial(Session, f"bench-{number}"), host, port)
            self._sessions.append(session)
        _, ear = await loop.create_connection(lambda: Session("bench-ear", self._heard), host, port)
        await asyncio.gather(ear.ready, *(session.ready for session in self._sessions))
        ear.subscribe("hj212/+/down", "alerts/+")

    def _heard(self, topic: bytes, payload: bytes) -> None:
        now = time.monotonic()
        if topic.startswith(b"hj212/"):
            self.answers += 1
            return
        event = json.loads(payload)
        if event.get("event") == "raised" and event["rule"] == "hourly_exceedance":
            self._raised.write(f"{now}\t{event['subject']['outlet']}\t{event['from']}\n")

    # -- what is sent -------------------------------------------------------------------------------------------------

    def prepare(self, packets: int) -> None:
        """Make so many packets ready."""
        while len(self._ready) < packets:
            sent = next(self._sendings)
            assert sent.report.data_time is not None
            reading = identity(sent.outlet, sent.report.cn, sent.report.data_time)
            self._ready.append((self._connection[sent.mn], reading, bool(sent.answer), _up(sent.mn, sent.frame)))

    def _probing(self, start: datetime) -> Iterator[tuple[Site, datetime, bool]]:
        for number in count():
            for site in self._probes:
                yield site, start + number * HOUR, number % 2 == 0

    def _probe(self) -> None:
        site, hour, exceeded = next(self._probe_packets)
        limit = site.group.limits_mg_m3["a21026"]
        values = {
            code: {"Min": value, "Avg": value, "Max": value, "ZsAvg": value, "Flag": "N"}
            for code in site.group.limits_mg_m3
            if (value := f"{limit * 2 if exceeded and code == 'a21026' else 2:.2f}")
        } | {"a19001": {"Avg": f"{site.group.reference_o2_pct:g}", "Flag": "N"}}
        at = hour + HOUR + timedelta(minutes=2)
        frame = message(qn=qn_of(at), st="31", cn="2061", mn=site.mn, flag=5, data_time=text_of(hour), values=values)
        if exceeded:
            self._probed.write(f"{time.monotonic()}\t{site.outlet}\t{hour.isoformat()}\n")
        self._send((self._connection[site.mn], identity(site.outlet, "2061", hour), True, _up(site.mn, frame)))

    def _send(self, prepared: Prepared) -> None:
        connection, reading, asks, packet = prepared
        self._published.write(record(time.monotonic(), reading))
        self._sessions[connection].publish(packet, reading)
        self.sent += 1
        self.answers_due += asks

    # -- how it is sent -----------------------------------------------------------------------------------------------

    async def saturate(self, seconds: float, backlog: int) -> None:
        """As fast as readings are stored: never more than ``backlog`` packets on their way."""
        packets, end = iter(self._take()), time.monotonic() + seconds
        while time.monotonic() < end:
            room = backlog - (self.sent - self._stored.stat().st_size // SIZE)
            for prepared in islice(packets, max(0, min(room, AT_ONCE))):
                self._send(prepared)
            await asyncio.sleep(NAP_S)
        self._ready = list(packets)

    async def pace(self, seconds: float, rate: float, probes: float) -> None:
        """At an even rate, with so many pairs of probe packets a second among them."""
        packets, begin = iter(self._take()), time.monotonic()
        sent = probed = 0
        while (gone := time.monotonic() - begin) < seconds:
            while probed < gone * probes * 2:
                self._probe()
                probed += 1
            while sent < gone * rate:
                self._send(next(packets))
                sent += 1
            await asyncio.sleep(NAP_S)
        self._ready = list(packets)

    async def burst(self) -> None:
        """All that is ready, as fast as the broker takes it."""
        for number, prepared in enumerate(self._take()):
            session = self._sessions[prepared[0]]
            await session.fewer_than(WINDOW)
            self._send(prepared)
            if number % 200 == 0:
                await asyncio.sleep(0)

    def _take(self) -> list[Prepared]:
        ready, self._ready = self._ready, []
        return ready

    async def settle(self) -> None:
        """Return when the broker has acknowledged everything."""
        deadline = time.monotonic() + PATIENCE_S
        while any(session.unacknowledged for session in self._sessions):
            if any(session.lost for session in self._sessions) or time.monotonic() > deadline:
                raise ConnectionError("the MQTT broker did not acknowledge everything")
            await asyncio.sleep(NAP_S)
        for file in (self._published, self._raised, self._probed):
            file.flush()


def _up(mn: str, frame: bytes) -> tuple[bytes, bytes]:
    return publication(f"hj212/{mn}/up".encode(), frame)


async def main(host: str, port: int, loggers: Loggers) -> None:
    """Do what standard input says until it ends."""
    await loggers.open(host, port)
    _say({"open": True})
    loop = asyncio.get_running_loop()
    while order := await loop.run_in_executor(None, sys.stdin.readline):
        wanted: dict[str, Any] = json.loads(order)
        do = wanted.pop("do")
        begin = time.monotonic()
        if do == "prepare":
            loggers.prepare(**wanted)
        else:
            await getattr(loggers, do)(**wanted)
        await loggers.settle()
        counts = {"sent": loggers.sent, "answers_due": loggers.answers_due, "answers": loggers.answers}
        _say({"begin": begin, "end": time.monotonic(), **counts})


def _say(reply: dict[str, Any]) -> None:
    print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    _host, _port, _outlets, _probes, _start, _folder = sys.argv[1:]
    asyncio.run(
        main(_host, int(_port), Loggers(int(_outlets), int(_probes), datetime.fromisoformat(_start), Path(_folder)))
    )
