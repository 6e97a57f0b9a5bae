"""How many of our own messages may be on their way to the broker at a time."""

import asyncio
from collections.abc import Callable


class Window:
    """Messages that were sent and not confirmed. Used on the event loop only."""

    def __init__(self, size: int, on_room: Callable[[], None] | None = None) -> None:
        """``on_room`` is called, from the event loop itself, when there is room again after there was none."""
        self._size = size
        self._on_room = on_room
        self._outgoing: set[int] = set()
        self._asked_in_vain = False

    def has_room(self) -> bool:
        """Whether one more may be sent; who hears no is told when that has changed."""
        room = len(self._outgoing) < self._size
        if not room:
            self.asked_in_vain()
        return room

    def asked_in_vain(self) -> None:
        """Somebody waits, and is told when the next message has been confirmed."""
        self._asked_in_vain = True

    def sent(self, mid: int) -> None:
        """A message is on its way. It stays so over a broken connection: it is sent again on the next one."""
        self._outgoing.add(mid)

    def confirmed(self, mid: int) -> None:
        """The broker has it."""
        self._outgoing.discard(mid)
        if self._asked_in_vain and len(self._outgoing) < self._size:
            self.open()

    def open(self) -> None:
        """There is room, or a new connection: who waits may try."""
        self._asked_in_vain = False
        if self._on_room is not None:
            # Not from inside the client, which still counts the message that has just been confirmed.
            asyncio.get_running_loop().call_soon(self._on_room)
