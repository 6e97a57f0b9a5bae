"""The supervising of counties and the adding up of cities, line by line and without any service."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from contracts.codec import BadLine, Message, decode
from contracts.topics import HOURS, county_partition
from emissions.finding import Rejected
from emissions.hourly import Hour
from emissions.register import Register
from emissions.rules import Rules
from emissions.supervision import County, CountyMemory, add_counties, flush, fold
from emissions.transmission import Called, Rate
from streams.packing import Unpacker, pack


class Supervisor:
    """Folds of many counties behind one entrance. A bad line comes back as ``Rejected``."""

    def __init__(self, register: Register, rules: Rules) -> None:
        self._rules = rules
        codes = {e.county for e in register.enterprises.values()} | set(register.divisions)
        self._counties = {
            code: County(
                code=code,
                city=register.divisions[code].parent if code in register.divisions else "",
                outlets={o.id: o for o in register.outlets.values() if o.county == code},
            )
            for code in sorted(codes)
        }
        self._memories: dict[str, CountyMemory] = {}
        self._packed: dict[str, bytes] = {}
        self._changed: dict[str, None] = {}
        self._unpack = Unpacker(CountyMemory)

    def line(self, line: bytes) -> list[Message]:
        """What follows from one line of ``cems.hours``."""
        try:
            event = decode(line)
        except BadLine as error:
            return [_refused(line, "bad_line", str(error))]
        if not isinstance(event, Hour | Rate | Called):
            return [_refused(line, "bad_line", f"kind {event.kind!r} does not belong to {HOURS.name}")]
        try:
            return self.event(event)
        except OverflowError as error:  # before anything was changed: a moment at the edge of the calendar
            return [_refused(line, "bad_line", str(error))]

    def event(self, event: Hour | Rate | Called) -> list[Message]:
        """What follows from one hour, rate or call of an outlet."""
        county = self._counties.get(event.county)
        if county is None:
            return [_refused(b"", "unknown_county", f"county {event.county!r} is not in the register")]
        self._changed[county.code] = None
        return list(fold(self._memory(county.code), event, county=county, rules=self._rules))

    def flush(self) -> list[Message]:
        """At the end of a recorded feed: evaluate what still waits for outlets that were never called."""
        return [
            output
            for code, county in self._counties.items()
            for output in flush(self._memory(code), county=county, rules=self._rules)
        ]

    def dirty(self) -> list[tuple[str, bytes]]:
        """Counties changed since the last call, packed."""
        segments = [(code, pack(self._memories[code])) for code in self._changed]
        self._changed.clear()
        return segments

    def load(self, segments: Iterable[tuple[str, bytes]]) -> None:
        """Take over counties that were written before."""
        for code, packed in segments:
            self._packed[code] = packed
            self._memories.pop(code, None)

    def drop(self, keep: Callable[[str], bool]) -> None:
        """Forget all counties that are not to be kept."""
        self._packed = {code: packed for code, packed in self._packed.items() if keep(code)}
        self._memories = {code: memory for code, memory in self._memories.items() if keep(code)}
        self._changed = {code: None for code in self._changed if keep(code)}

    def partition_of(self, key: str) -> int:
        """Partition of ``cems.hours`` that a county belongs to."""
        return county_partition(key)

    def _memory(self, code: str) -> CountyMemory:
        memory = self._memories.get(code)
        if memory is None:
            packed = self._packed.pop(code, None)
            memory = CountyMemory() if packed is None else self._unpack(packed)
            self._memories[code] = memory
        return memory


@dataclass(slots=True)
class _CityMemory:
    rates: dict[str, dict[str, Rate]] = field(default_factory=dict)
    """By ``window|period|track``: the latest rate of each county."""


class City:
    """Adds up the counties of each city."""

    def __init__(self, register: Register, rules: Rules) -> None:
        del register, rules  # the counties' rates say which city they belong to
        self._memories: dict[str, _CityMemory] = {}
        self._changed: dict[str, None] = {}
        self._unpack = Unpacker(_CityMemory)

    def line(self, line: bytes) -> list[Message]:
        """What follows from one line of ``cems.city``: the city's rate anew."""
        try:
            event = decode(line)
        except BadLine as error:
            return [_refused(line, "bad_line", str(error))]
        return self.event(event) if isinstance(event, Rate) else []

    def event(self, rate: Rate) -> list[Message]:
        """What follows from one rate of a county."""
        if rate.level != "county" or not rate.city:
            return []
        memory = self._memories.setdefault(rate.city, _CityMemory())
        counties = memory.rates.setdefault(f"{rate.window}|{rate.period}|{rate.track}", {})
        known = counties.get(rate.id)
        if known is not None and rate.as_of < known.as_of:
            return []
        counties[rate.id] = rate
        self._changed[rate.city] = None
        return [add_counties((counties[code] for code in sorted(counties)), city=rate.city)]

    def dirty(self) -> list[tuple[str, bytes]]:
        """Cities changed since the last call, packed."""
        segments = [(city, pack(self._memories[city])) for city in self._changed]
        self._changed.clear()
        return segments

    def load(self, segments: Iterable[tuple[str, bytes]]) -> None:
        """Take over cities that were written before."""
        for city, packed in segments:
            self._memories[city] = self._unpack(packed)

    def drop(self, keep: Callable[[str], bool]) -> None:
        """Forget all cities that are not to be kept."""
        self._memories = {city: memory for city, memory in self._memories.items() if keep(city)}
        self._changed = {city: None for city in self._changed if keep(city)}

    def partition_of(self, key: str) -> int:
        """Partition of ``cems.city``: there is one."""
        del key
        return 0


def _refused(line: bytes, reason: str, detail: str) -> Rejected:
    return Rejected(reason=reason, detail=detail, mn="", received_at=None, line=line.decode("utf-8", "replace"))
