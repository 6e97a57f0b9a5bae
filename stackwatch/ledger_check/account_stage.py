"""The conservation account against the feed: the platform's own word on what it lost must be true."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contracts.codec import BadLine
from contracts.feed import MonitorLine, PacketLine, read_line
from emissions.account import AccountHour
from emissions.beijing import hour_of, to_beijing
from emissions.event import Due
from emissions.register import Register
from stackwatch.ledger_check.fault import Fault, Stage

Key = tuple[str, datetime]
"""Outlet and hour of receipt."""


@dataclass(slots=True)
class Numbers:
    """What the account must say."""

    called: set[Key] = field(default_factory=set)
    """Every called hour has a line."""
    lines: dict[Key, set[tuple[str, str, int]]] = field(default_factory=dict)
    """Numbered lines of the feed: gateway, its life, number."""


def numbers_of(feed: Iterable[bytes], register: Register) -> Numbers:
    """Count the feed; a line that nobody can read is told elsewhere."""
    found = Numbers()
    by_mn = register.by_mn()
    for line in feed:
        try:
            event = read_line(line)
        except BadLine:
            continue
        if isinstance(event, Due):
            found.called.add((event.outlet, to_beijing(event.hour)))
        elif isinstance(event, PacketLine | MonitorLine) and event.boot:
            outlet = by_mn.get(event.mn) if isinstance(event, PacketLine) else register.outlets.get(event.outlet)
            if outlet is not None:
                key = (outlet.id, hour_of(event.received_at))
                found.lines.setdefault(key, set()).add((event.gateway, event.boot, event.number))
    return found


def account_stage(numbers: Numbers, lines: Sequence[AccountHour]) -> tuple[Stage, list[Fault]]:
    """Compare each called hour's line with the feed."""
    known = {(line.outlet, to_beijing(line.hour)): line for line in lines}
    faults = [
        fault
        for key in sorted(numbers.called)
        for fault in _of_hour(key, known.get(key), len(numbers.lines.get(key, ())))
    ]
    here = sum(key in known for key in numbers.called)
    return Stage(stage="account", expected=len(numbers.called), found=here), faults


def _of_hour(key: Key, line: AccountHour | None, relayed: int) -> Iterator[Fault]:
    if line is None or line.stored is None:
        yield _fault("lost", key, expected="a closed line", found=None if line is None else "an open one")
        return
    if line.missing:
        yield _fault("lost", key, expected="nothing missing", found=list(line.gaps))
    settled = line.stored + line.heartbeats + line.without_values + line.refused + line.missing
    said = {"relayed": line.relayed, "judged": line.judged, "settled": settled}
    if any(count != relayed for count in said.values()):
        yield _fault("wrong", key, expected=dict.fromkeys(said, relayed), found=said)


def _fault(kind: str, key: Key, *, expected: object, found: object) -> Fault:
    outlet, hour = key
    return Fault(kind=kind, stage="account", outlet=outlet, about=(hour.isoformat(),), expected=expected, found=found)
