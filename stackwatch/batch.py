"""A recorded feed judged in one go, without any service: the oracle of the streaming path."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from contracts.codec import BadLine, Message, encode
from contracts.feed import MonitorLine, PacketLine, read_line
from emissions.account import Numbered
from emissions.beijing import to_beijing
from emissions.event import Due, Mark
from emissions.finding import Case, Finding, Rejected, unnumbered
from emissions.hourly import Hour
from emissions.register import Outlet, Register
from emissions.rollcall import due_hours
from emissions.rules import Rules
from emissions.transmission import LEVELS, TRACKS, WINDOWS, Called, Rate
from streams.judge import Judge
from streams.supervise import City, Supervisor


@dataclass(slots=True)
class Judged:
    """All that followed from a feed: the last word on each thing, in an order that depends on nothing else."""

    hours: dict[tuple[datetime, str, str], Hour] = field(default_factory=dict)
    revisions: list[Hour] = field(default_factory=list)
    """Every published hour, in the order of publication."""
    rates: dict[tuple[str, ...], Rate] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    cases: dict[tuple[str, str], Case] = field(default_factory=dict)
    rejected: list[tuple[int, Rejected]] = field(default_factory=list)
    """Refused lines with their numbers, from 1."""
    lines: int = 0

    def take(self, output: Message, number: int) -> None:
        """Enter one output of the folds."""
        match output:
            case Hour():
                self.hours[output.hour, output.outlet, output.pollutant] = output
                self.revisions.append(output)
            case Rate():
                self.rates[rate_key(output)] = output
            case Finding():
                self.findings[output.id] = unnumbered(output)
            case Case():
                self.cases[output.county, output.trigger] = unnumbered(output)
            case Rejected():
                self.rejected.append((number, output))

    def messages(self, *, revisions: bool = False) -> Iterator[bytes]:
        """One JSON line for each hour, rate, finding, case and refused line, always in the same order."""
        if revisions:
            yield from map(encode, sorted(self.revisions, key=lambda h: (h.hour, h.outlet, h.pollutant, h.revision)))
        else:
            yield from (encode(self.hours[key]) for key in sorted(self.hours))
        yield from (encode(self.rates[key]) for key in sorted(self.rates, key=_rate_order))
        yield from map(encode, sorted(self.findings.values(), key=lambda f: (f.from_, f.rule, f.id)))
        yield from map(encode, (self.cases[key] for key in sorted(self.cases)))
        for number, rejected in self.rejected:
            yield msgspec.json.encode(_rejected_line(number, rejected))


def judge_feed(
    lines: Iterable[bytes],
    register: Register,
    rules: Rules,
    *,
    as_of: datetime | None = None,
    calls_itself: bool = False,
    watch: Callable[[Message], None] = lambda _: None,
) -> Judged:
    """Judge a feed: outlets, then counties, then cities.

    Args:
        lines: The feed's lines; those of one outlet in the order in which they came.
        register: Who is watched.
        rules: Parameters and limits.
        as_of: Where the feed has no roll call of its own, it is called for every hour whose roll call falls no later
            than this; None: than the last moment the feed names.
        calls_itself: The feed is known to have a roll call of its own: its lines need not be kept until that shows.
        watch: Told of all that follows, in the order in which it follows.
    """
    run = _Run(register, rules, as_of, watch)
    run.calls_itself = run.known = calls_itself
    for line in lines:
        run.line(line)
    return run.finish()


class _Run:
    def __init__(
        self, register: Register, rules: Rules, as_of: datetime | None, watch: Callable[[Message], None]
    ) -> None:
        self.register = register
        self.watch = watch
        self.known = False
        self.in_time = rules.parameters.in_time
        self.judge, self.supervisor, self.city = (
            Judge(register, rules),
            Supervisor(register, rules),
            City(register, rules),
        )
        self.judged = Judged()
        self.as_of = None if as_of is None else to_beijing(as_of)
        self.by_mn = register.by_mn()
        self.held: list[tuple[int, bytes, datetime | None, Outlet | None]] = []
        """Lines wait until it is known whether the feed calls the roll itself."""
        self.calls_itself = False

    def line(self, line: bytes) -> None:
        self.judged.lines += 1
        if not (line := line.strip()):
            return
        if self.known:
            self._take(self.judge.line(line), self.judged.lines)
            return
        at, outlet, calls = _read(line, self.by_mn, self.register)
        self.held.append((self.judged.lines, line, at, outlet))
        self.calls_itself = self.calls_itself or calls

    def finish(self) -> Judged:
        until = self.as_of
        if until is None:
            until = max((at for _, _, at, _ in self.held if at is not None), default=None)
        called: dict[str, datetime] = {}
        for number, line, at, outlet in self.held:
            if not self.calls_itself and at is not None and outlet is not None and until is not None:
                self._call(outlet, min(at, until), called, before=True)
            self._take(self.judge.line(line), number)
        if not self.calls_itself and until is not None:
            for outlet in self.register.outlets.values():
                self._call(outlet, until, called, before=False)
        for output in self.supervisor.flush():
            self._pass_on(output, 0)
        return self.judged

    def _call(self, outlet: Outlet, moment: datetime, called: dict[str, datetime], *, before: bool) -> None:
        """Call the roll for the outlet up to a moment; a packet of that very instant still goes before the call."""
        last = moment - self.in_time
        if before:
            last -= datetime.resolution  # one microsecond
        for due in due_hours(outlet, after=called.get(outlet.id), until=last):
            called[outlet.id] = due.hour
            self._take(self.judge.line(encode(due)), 0)

    def _take(self, outputs: list[Message], number: int) -> None:
        for output in outputs:
            self.watch(output)
            self.judged.take(output, number)
            if isinstance(output, Hour | Rate | Called):
                for further in self.supervisor.event(output):
                    self._pass_on(further, number)

    def _pass_on(self, output: Message, number: int) -> None:
        self.watch(output)
        self.judged.take(output, number)
        if isinstance(output, Rate):
            for total in self.city.event(output):
                self.watch(total)
                self.judged.take(total, number)


def rate_key(rate: Rate) -> tuple[str, ...]:
    """Identity of a rate."""
    return rate.level, rate.id, rate.window, rate.period, rate.track


def _rate_order(key: tuple[str, ...]) -> tuple[Any, ...]:
    level, name, window, period, track = key
    return LEVELS.index(level), name, WINDOWS.index(window), period, TRACKS.index(track)


def _rejected_line(number: int, rejected: Rejected) -> dict[str, Any]:
    return {
        "kind": "rejected",
        "reason": rejected.reason,
        "mn": rejected.mn,
        "received_at": None
        if rejected.received_at is None
        else rejected.received_at.isoformat(timespec="milliseconds"),
        "line": number,
        "detail": rejected.detail,
    }


def _read(line: bytes, by_mn: dict[str, Outlet], register: Register) -> tuple[datetime | None, Outlet | None, bool]:
    """When a line came, whose it is, and whether it is a roll call."""
    try:
        event = read_line(line)
    except BadLine:
        return None, None, False
    match event:
        case PacketLine():
            return to_beijing(event.received_at), by_mn.get(event.mn), False
        case MonitorLine():
            return to_beijing(event.received_at), register.outlets.get(event.outlet), False
        case Numbered():
            return to_beijing(event.received_at), register.outlets.get(event.outlet), False
        case Mark():
            return to_beijing(event.entered_at), register.outlets.get(event.outlet), False
        case Due():
            return None, register.outlets.get(event.outlet), True
