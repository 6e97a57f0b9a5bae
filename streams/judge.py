"""The judging of a feed, line by line and without any service: both the worker and ``stackwatch judge`` run it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from contracts.codec import BadLine, Message
from contracts.feed import Acceptance, Heartbeat, MonitorLine, PacketLine, read_line
from contracts.topics import shard_of, shard_partition
from emissions import silence
from emissions.account import BEAT, IDLE, JUDGED, REFUSED, Numbered
from emissions.beijing import HOUR, hour_of
from emissions.event import Due, Mark, Packet
from emissions.finding import Rejected, give_revisions
from emissions.memory import Day, Head, OutletMemory
from emissions.number import number
from emissions.outlet import Seen, fold
from emissions.reading import Reading
from emissions.register import Outlet, Register
from emissions.rollcall import is_due
from emissions.rules import Rules
from streams import outlet_record
from streams.counting import Counting
from streams.packing import Unpacker, pack
from streams.watch import Heard, Watch

BETWEEN = "\x1f"
"""Stands between outlet and day in the key of a segment."""

READ = frozenset({"2011", "2051", "2061", "2031"})
"""Commands whose values go to the series store."""

_KEEP_DAYS = 1
"""Unpacked days kept at hand for each outlet; older ones are unpacked when late data asks for them."""

_MARGIN = timedelta(days=35)
"""Days are let go so long after the last packet or mark that could concern them."""

_head_of = Unpacker(Head)
_day_of = Unpacker(Day)
_heard_of = Unpacker(Heard)


class Judge:
    """Folds of many outlets behind one entrance. Never raises on a line: poison comes back as ``Rejected``."""

    def __init__(self, register: Register, rules: Rules, counting: Counting | None = None) -> None:
        """``counting`` is told of every numbered line; whoever gives one must drain it."""
        self._counting = counting
        self._register = register
        self._by_mn = register.by_mn()
        self._rules = rules
        self._acceptance = Acceptance(register, rules.parameters)
        self._memories: dict[str, OutletMemory] = {}
        self._packed: dict[str, bytes] = {}
        self._dates: dict[str, set[str]] = {}
        """Days in ``_packed``, by outlet."""
        self._with_head: dict[str, set[str]] = {}
        """Days that were written with the head last, by outlet."""
        self._changed: dict[str, None] = {}
        self._watches: dict[int, Watch] = {}
        self._by_shard: dict[int, list[Outlet]] = {}
        for outlet in register.outlets.values():
            self._by_shard.setdefault(shard_of(outlet.mn or outlet.id), []).append(outlet)

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
                self._count(event, REFUSED)
                return [examined]
            outlet = self._register.outlets[examined.outlet]
            if isinstance(examined, Heartbeat):
                self._count(event, BEAT)
                return self._fold(outlet, Seen(received_at=examined.received_at), at=examined.received_at)
            series = self._count(event, JUDGED if is_stored(examined) else IDLE)
            reading = reading_of(examined, outlet, series=series, line_number=event.number)
            followed = self._fold(outlet, examined, at=examined.received_at)
            return followed if reading is None else [reading, *followed]
        known = self._register.outlets.get(event.outlet)
        if known is None:
            return [_refused(line, "unknown_outlet", f"outlet {event.outlet!r} is not in the register", mn=event.mn)]
        if isinstance(event, Numbered):
            self._hear(event, known)
            return []
        if isinstance(event, Due) and self._counting is not None:
            self._counting.passed(known.id, event.hour)
        at = event.hour + self._rules.parameters.in_time if isinstance(event, Due) else None
        return self._fold(known, event, at=at)

    def _hear(self, word: Numbered, outlet: Outlet) -> None:
        """Pass on the gateway's word. An outlet that nobody calls is past the hour before it."""
        if self._counting is None:
            return
        self._counting.numbered(word)
        if not is_due(outlet, word.hour):
            self._counting.passed(outlet.id, hour_of(word.hour) - HOUR)

    def _count(self, line: PacketLine | MonitorLine, what: str) -> str:
        """Count a line that has a number; gives back who numbered it, empty where nobody did."""
        if not line.boot:
            return ""
        series = f"{line.gateway}/{line.boot}"
        outlet = self._by_mn.get(line.mn) if isinstance(line, PacketLine) else self._register.outlets.get(line.outlet)
        if outlet is not None and self._counting is not None:
            self._counting.took(outlet.id, series, line.number, line.received_at, what)
        return series

    def _fold(self, outlet: Outlet, event: Packet | Due | Mark | Seen, *, at: datetime | None) -> list[Message]:
        """Fold one event; ``at`` is how late it is by it, None where it does not say."""
        self._changed[outlet.id] = None
        memory = self._memory(outlet.id)
        followed: list[Message] = list(fold(memory, event, outlet=outlet, rules=self._rules))
        if at is None:
            return followed
        watch = self._watch_of(shard_of(outlet.mn or outlet.id))
        watch.expect(outlet, memory.head.last_received, memory.head.last_often)
        for quiet in watch.over(at.timestamp()):
            head = self._memory(quiet.id).head
            found = silence.on_time(head, quiet, at.timestamp(), parameters=self._rules.parameters)
            if found is not None:
                self._changed[quiet.id] = None
                said = [found]
                give_revisions(said, head, found.known_at)
                followed += said
        return followed

    def _watch_of(self, shard: int) -> Watch:
        """Who of the shard is waited for; after a restart from what the heads say."""
        watch = self._watches.get(shard)
        if watch is None:
            watch = self._watches[shard] = Watch(self._rules.parameters)
            for outlet in self._by_shard.get(shard, ()):
                if (packed := self._packed.get(outlet.id)) is not None and outlet.id not in self._memories:
                    known = _heard_of(packed)
                    watch.expect(outlet, known.last_received, known.last_often)
                elif (memory := self._memories.get(outlet.id)) is not None:
                    watch.expect(outlet, memory.head.last_received, memory.head.last_often)
        return watch

    # -- state ----------------------------------------------------------------------------------------------------

    def dirty(self) -> list[tuple[str, bytes | None]]:
        """Segments changed since the last call, packed: under the outlet's id its head with the days that changed.

        A day that no longer changes moves to a segment of its own, under id and date, which stands before the head that
        goes on without it. So whatever is written of these, in this order, is one state of each outlet. None for a day
        that nothing can change any more: it is let go here, and should be where it was written.
        """
        segments: list[tuple[str, bytes | None]] = []
        for name in self._changed:
            memory = self._memories[name]
            written = {day: self._packed[_key(name, day)] for day in sorted(self._with_head.get(name, ()))}
            head, changed = pack(memory.head), {day: pack(memory.days[day]) for day in sorted(memory.touched)}
            memory.touched.clear()
            for day in sorted(memory.days)[:-_KEEP_DAYS]:
                del memory.days[day]
            self._take([(name, head), *((_key(name, day), packed) for day, packed in changed.items())])
            over = self._over(name)
            self._take((_key(name, day), None) for day in over)
            changed = {day: packed for day, packed in changed.items() if day not in over}
            with_head = outlet_record.fitting(changed)
            self._with_head[name] = set(with_head)
            segments += [(_key(name, day), old) for day, old in written.items() if day not in {*with_head, *over}]
            segments += [(_key(name, day), None) for day in over]
            segments += [(name, outlet_record.join(head, with_head))]
            segments += [(_key(name, day), packed) for day, packed in changed.items() if day not in with_head]
        self._changed.clear()
        return segments

    def load(self, segments: Iterable[tuple[str, bytes]]) -> None:
        """Take over segments that were written before; they are unpacked when they are needed."""
        heads: list[tuple[str, bytes]] = []
        for key, packed in segments:
            name, _, day = key.partition(BETWEEN)
            self._memories.pop(name, None)
            if day:
                self._take([(key, packed)])
            else:
                heads.append((name, packed))
        for name, record in heads:  # after the days: one that is with the head is the newer one
            head, days = outlet_record.part(record)
            self._take([(name, head), *((_key(name, day), packed) for day, packed in days.items())])
            self._with_head[name] = set(days)
        self._watches.clear()

    def drop(self, keep: Callable[[str], bool]) -> None:
        """Forget all state whose segment key is not to be kept."""
        if self._counting is not None:
            self._counting.forget()
        kept = [(key, packed) for key, packed in self._packed.items() if keep(key)]
        self._packed, self._dates = {}, {}
        self._take(kept)
        self._memories = {name: memory for name, memory in self._memories.items() if keep(name)}
        self._with_head = {name: days for name, days in self._with_head.items() if keep(name)}
        self._changed = {name: None for name in self._changed if keep(name)}
        self._watches.clear()

    def _take(self, segments: Iterable[tuple[str, bytes | None]]) -> None:
        for key, packed in segments:
            name, _, day = key.partition(BETWEEN)
            dates = self._dates.setdefault(name, set())
            if packed is None:
                self._packed.pop(key, None)
                dates.discard(day)
            else:
                self._packed[key] = packed
                dates.update([day] if day else [])

    def _over(self, name: str) -> list[str]:
        """Days of the outlet too long ago for any packet or mark: R3 refuses the one, R8 leaves out the other."""
        dates = self._dates.get(name)
        if not dates:
            return []
        horizon = date.fromisoformat(max(dates)) - self._rules.parameters.too_old - _MARGIN
        return sorted(day for day in dates if day < horizon.isoformat())

    def partition_of(self, key: str) -> int:
        """Partition of ``cems.packets`` that a segment belongs to."""
        name = key.partition(BETWEEN)[0]
        outlet = self._register.outlets.get(name)
        return shard_partition(name if outlet is None else outlet.mn or name)

    def _memory(self, name: str) -> OutletMemory:
        memory = self._memories.get(name)
        if memory is None:
            packed = self._packed.get(name)
            head = Head() if packed is None else _head_of(packed)
            memory = self._memories[name] = OutletMemory(head=head, fetch=self._fetcher(name))
        return memory

    def _fetcher(self, name: str) -> Callable[[str], Day | None]:
        def fetch(day: str) -> Day | None:
            packed = self._packed.get(_key(name, day))
            return None if packed is None else _day_of(packed)

        return fetch


def is_stored(packet: Packet) -> bool:
    """Whether the packet carries values for the series store."""
    return packet.cn in READ and packet.data_time is not None


def reading_of(packet: Packet, outlet: Outlet, *, series: str = "", line_number: int = 0) -> Reading | None:
    """The packet's values for the series store; None for a command that carries none.

    Args:
        packet: What came.
        outlet: From whom.
        series: Who numbered its line.
        line_number: Its number.
    """
    if packet.cn not in READ or packet.data_time is None:
        return None
    numbers: dict[str, float] = {}
    flags: dict[str, str] = {}
    for key, text in _texts(packet.values):
        if not key.isprintable():
            continue  # no code of any table, and no store takes it; it must not cost the values beside it
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
        series=series,
        number=line_number,
    )


def _texts(values: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for factor, suffixes in values.items():
        for suffix, text in suffixes.items():
            yield f"{factor}-{suffix}", text


def _key(outlet: str, day: str) -> str:
    return f"{outlet}{BETWEEN}{day}"


def _refused(line: bytes, reason: str, detail: str, mn: str = "", received_at: datetime | None = None) -> Rejected:
    return Rejected(reason=reason, detail=detail, mn=mn, received_at=received_at, line=line.decode("utf-8", "replace"))
