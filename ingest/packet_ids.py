"""Which of a broker's packet ids are under way, where brokers do not always keep to one message for each."""

from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _UnderWay:
    contents: list[Hashable] = field(default_factory=list)
    """One for each message."""
    finished: int = 0


class PacketIds:
    """Packet ids of one connection from the message to its PUBACK.

    A broker sends again what it thinks has taken too long: the same message under the same id. Mosquitto before 2.0.13
    also gives an id in use to *another* message when more than 65 535 are queued, as each PUBACK makes it send its
    whole window again. Such a message is new; dropped, it would wait at the broker for the next connection. A PUBACK
    under a shared id cannot say which of its messages it means, so none is sent before all of them are finished.
    """

    def __init__(self) -> None:
        self._under_way: dict[int, _UnderWay] = {}

    def took(self, mid: int, content: Hashable, *, again: bool) -> bool:
        """Note a message; False when it is one that is under way already.

        Args:
            mid: Its packet id.
            content: Equal for equal topics and payloads.
            again: Whether the broker says that it has sent it before (DUP).
        """
        known = self._under_way.setdefault(mid, _UnderWay())
        if again and content in known.contents:
            return False
        known.contents.append(content)
        return True

    def finished(self, mid: int) -> int:
        """One message under this id is done; how many PUBACKs are to be sent now.

        Raises:
            KeyError: none is under way.
        """
        known = self._under_way[mid]
        known.finished += 1
        if known.finished < len(known.contents):
            return 0
        del self._under_way[mid]
        return known.finished

    def clear(self) -> None:
        """Begin again, with a new connection."""
        self._under_way.clear()
