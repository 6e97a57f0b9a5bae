"""The judging of a feed, line by line and without any service: both the worker and ``stackwatch judge`` run it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

import msgspec

from contracts.codec import BadLine, Message
from contracts.feed import Acceptance, Heartbeat, MonitorLine, PacketLine, read_line
from contracts.topics import shard_partition
from emissions.event import Due, Mark, Packet
from emissions.finding import Rejected
from emissions.memory import Day, Head, OutletMemory
from emissions.number import number
from emissions.outlet import Seen, fold
from emissions.reading import Reading
from emissions.register import Outlet, Register
from emissions.rules import Rules

BETWEEN = "\x1f"
"""Stands between outlet and day in the key of a segment."""

READ = frozenset({"2011", "2051", "2061", "2031"})
"""Commands whose values go to the series store."""

_KEEP_DAYS = 3
"""Decoded days kept at hand for each outlet; older ones are unpacked when late data asks for them."""

_head_decoder = msgspec.msgpack.Decoder(Head)
_day_decoder = msgspec.msgpack.Decoder(Day)
_encoder = msgspec.msgpack.Encoder()


class Judge:
    """Folds of many outlets behind one entrance. Never raises on a line: poison comes back as ``Rejected``."""

    def __init__(self, register: Register, rules: Rules) -> None:
        self._register = register
        self._rules = rules
        self._acceptance = Acceptance(register, rules.parameters)
        self._memories: dict[str, OutletMemory] = {}
        self._packed: dict[str, bytes] = {}
        self._changed: dict[str, None] = {}

    # -- the fold -------------------------------------------------------------------------------------------------

    def line(self, line: bytes) -> list[Message]:
        """What follows from one line of the feed, in the order in which it is to be published."""
        try:
            event = read_line(line)
        except BadLine as error:
            return [_refused(line, "bad_line", str(error))]
        if isinstance(event, PacketLine | MonitorLine):
            examined = self._acceptance.examine(event).event
            if isinstance(examined, Rejected):
                return [examined]
            if isinstance(examined, Heartbeat):
                return self._fold(self._register.outlets[examined.outlet], Seen(received_at=examined.received_at))
            outlet = self._register.outlets[examined.outlet]
            reading = reading_of(examined, outlet)
            return ([reading] if reading is not None else []) + self._fold(outlet, examined)
        known = self._register.outlets.get(event.outlet)
        if known is None:
            return [_refused(line, "unknown_outlet", f"outlet {event.outlet!r} is not in the register", mn=event.mn)]
        return self._fold(known, event)

    def _fold(self, outlet: Outlet, event: Packet | Due | Mark | Seen) -> list[Message]:
        self._changed[outlet.id] = None
        return list(fold(self._memory(outlet.id), event, outlet=outlet, rules=self._rules))

    # -- state ----------------------------------------------------------------------------------------------------

    def dirty(self) -> list[tuple[str, bytes]]:
        """Segments changed since the last call, packed: heads under the outlet's id, days under id and date."""
        segments: list[tuple[str, bytes]] = []
        for name in self._changed:
            memory = self._memories[name]
            segments.append((name, _encoder.encode(memory.head)))
            segments += [(_key(name, date), _encoder.encode(memory.days[date])) for date in sorted(memory.touched)]
            memory.touched.clear()
            for date in sorted(memory.days)[:-_KEEP_DAYS]:
                del memory.days[date]
        self._changed.clear()
        self._packed.update(segments)
        return segments

    def load(self, segments: Iterable[tuple[str, bytes]]) -> None:
        """Take over segments that were written before; they are unpacked when they are needed."""
        for key, packed in segments:
            self._packed[key] = packed
            self._memories.pop(key.partition(BETWEEN)[0], None)

    def drop(self, keep: Callable[[str], bool]) -> None:
        """Forget all state whose segment key is not to be kept."""
        self._packed = {key: packed for key, packed in self._packed.items() if keep(key)}
        self._memories = {name: memory for name, memory in self._memories.items() if keep(name)}
        self._changed = {name: None for name in self._changed if keep(name)}

    def partition_of(self, key: str) -> int:
        """Partition of ``cems.packets`` that a segment belongs to."""
        name = key.partition(BETWEEN)[0]
        outlet = self._register.outlets.get(name)
        return shard_partition(name if outlet is None else outlet.mn or name)

    def _memory(self, name: str) -> OutletMemory:
        memory = self._memories.get(name)
        if memory is None:
            packed = self._packed.get(name)
            head = Head() if packed is None else _head_decoder.decode(packed)
            memory = self._memories[name] = OutletMemory(head=head, fetch=self._fetcher(name))
        return memory

    def _fetcher(self, name: str) -> Callable[[str], Day | None]:
        def fetch(date: str) -> Day | None:
            packed = self._packed.get(_key(name, date))
            return None if packed is None else _day_decoder.decode(packed)

        return fetch


def reading_of(packet: Packet, outlet: Outlet) -> Reading | None:
    """The packet's values for the series store; None for a command that carries none."""
    if packet.cn not in READ or packet.data_time is None:
        return None
    numbers: dict[str, float] = {}
    flags: dict[str, str] = {}
    for key, text in _texts(packet.values):
        if key.endswith("Flag"):
            if text:
                flags[key] = text
        elif (value := number(text)) is not None:
            numbers[key] = value
    return Reading(
        outlet=outlet.id,
        enterprise=outlet.enterprise,
        county=outlet.county,
        cn=packet.cn,
        at=packet.data_time,
        received_at=packet.received_at,
        numbers=numbers,
        flags=flags,
    )


def _texts(values: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for factor, suffixes in values.items():
        for suffix, text in suffixes.items():
            yield f"{factor}-{suffix}", text


def _key(outlet: str, date: str) -> str:
    return f"{outlet}{BETWEEN}{date}"


def _refused(line: bytes, reason: str, detail: str, mn: str = "", received_at: datetime | None = None) -> Rejected:
    return Rejected(reason=reason, detail=detail, mn=mn, received_at=received_at, line=line.decode("utf-8", "replace"))
