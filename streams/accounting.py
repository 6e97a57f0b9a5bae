"""The conservation account, line by line and without any service: what the stages say, compared outlet by outlet."""

from collections.abc import Callable, Iterable
from zlib import crc32

import msgspec

from contracts.codec import BadLine, Message, decode
from contracts.topics import COUNTS
from emissions.account import Counted, Numbered, Passed
from emissions.account_memory import AccountMemory
from emissions.conservation import fold
from emissions.finding import Rejected
from emissions.register import Register
from emissions.rules import Rules

_encoder = msgspec.msgpack.Encoder()


class Accounting:
    """Accounts of many outlets behind one entrance. A bad line comes back as ``Rejected``."""

    def __init__(self, register: Register, rules: Rules) -> None:
        self._outlets = register.outlets
        self._in_time = rules.parameters.in_time
        self._memories: dict[str, AccountMemory] = {}
        self._packed: dict[str, bytes] = {}
        self._changed: dict[str, None] = {}
        self._decoder = msgspec.msgpack.Decoder(AccountMemory)

    def line(self, line: bytes) -> list[Message]:
        """What follows from one line of ``cems.counts``."""
        try:
            word = decode(line)
        except BadLine as error:
            return [_refused(line, "bad_line", str(error))]
        if not isinstance(word, Counted | Numbered | Passed):
            return [_refused(line, "bad_line", f"kind {word.kind!r} does not belong to {COUNTS.name}")]
        outlet = self._outlets.get(word.outlet)
        if outlet is None:
            return [_refused(line, "unknown_outlet", f"outlet {word.outlet!r} is not in the register")]
        self._changed[outlet.id] = None
        return list(fold(self._memory(outlet.id), word, outlet=outlet, in_time=self._in_time))

    def dirty(self) -> list[tuple[str, bytes]]:
        """Outlets changed since the last call, packed."""
        segments = [(name, _encoder.encode(self._memories[name])) for name in self._changed]
        self._changed.clear()
        return segments

    def load(self, segments: Iterable[tuple[str, bytes]]) -> None:
        """Take over outlets that were written before; they are unpacked when they are needed."""
        for name, packed in segments:
            self._packed[name] = packed
            self._memories.pop(name, None)

    def drop(self, keep: Callable[[str], bool]) -> None:
        """Forget all outlets that are not to be kept."""
        self._packed = {name: packed for name, packed in self._packed.items() if keep(name)}
        self._memories = {name: memory for name, memory in self._memories.items() if keep(name)}
        self._changed = {name: None for name in self._changed if keep(name)}

    def partition_of(self, key: str) -> int:
        """Partition of ``cems.counts`` that an outlet belongs to."""
        return crc32(key.encode()) % COUNTS.partitions

    def _memory(self, name: str) -> AccountMemory:
        memory = self._memories.get(name)
        if memory is None:
            packed = self._packed.pop(name, None)
            memory = AccountMemory() if packed is None else self._decoder.decode(packed)
            self._memories[name] = memory
        return memory


def _refused(line: bytes, reason: str, detail: str) -> Rejected:
    return Rejected(reason=reason, detail=detail, mn="", received_at=None, line=line.decode("utf-8", "replace"))
