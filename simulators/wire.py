"""How loggers reach a platform: the one thing that MQTT and TCP have in common."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

Receive = Callable[[str, bytes], None]
"""Called with the MN of a logger and one frame that the platform sent to it."""


class WireUnavailable(Exception):
    """The platform's door cannot be reached; says where and why."""


class Wire(Protocol):
    """Connections of many loggers to one platform."""

    async def open(self, mns: Iterable[str], receive: Receive) -> None:
        """Connect every logger.

        Raises:
            WireUnavailable: nobody answers, or the first connection is refused.
        """

    def send(self, mn: str, frame: bytes) -> "asyncio.Future[None]":
        """Send a frame as the logger ``mn``; the future is done when the other side has taken it over.

        A connection that is lost is made again, and what it had not delivered is sent again.
        """

    async def close(self) -> None:
        """Disconnect every logger; nothing is sent afterwards."""
