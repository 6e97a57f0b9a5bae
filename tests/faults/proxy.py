"""A TCP proxy between our processes and an engine, that can take the network away in each of its three shapes."""

import asyncio
import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from stackwatch.embedded.ports import free_port

LOOPBACK = "127.0.0.1"
CHUNK = 64 * 1024

SLOW_S, LOSS = 0.2, 0.05
"""The slow shape: so long takes each direction, and so many of the segments get lost."""

RETRANSMISSION_S = 0.6
"""What a lost segment means to a TCP stream: a stall for one retransmission time-out, of all that follows as well.
Linux waits the round trip and at least 200 ms more."""

Result = TypeVar("Result")
Work = Coroutine[Any, Any, None]


@dataclass(frozen=True, slots=True)
class Shape:
    """What the network does."""

    name: str
    listens: bool = True
    """Else connections are refused, and open ones are cut."""
    flows: bool = True
    """Else connections are taken and nothing comes through; open ones freeze, and go on afterwards."""
    delay_s: float = 0.0
    loss: float = 0.0


THROUGH = Shape("through")
REFUSED = Shape("refused", listens=False)
BLACK_HOLE = Shape("black hole", flows=False)
SLOW = Shape("slow", delay_s=SLOW_S, loss=LOSS)
OUTAGES = (REFUSED, BLACK_HOLE, SLOW)


class Proxy:
    """Listens on ``port`` and passes on to ``upstream``, a loopback port. ``shape`` may be changed while it runs."""

    def __init__(self, upstream: int | None = None, *, seed: int = 212) -> None:
        """``upstream``: None for a port that is free now, where the engine is to be started."""
        self.upstream = upstream or free_port()
        self._dice = random.Random(seed)
        # Bound and never listening: the port stays ours while connections are refused.
        self._hold = _bound(0)
        self.port: int = self._hold.getsockname()[1]
        self.shape = THROUGH
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)

    @property
    def address(self) -> str:
        """``host:port`` for clients."""
        return f"{LOOPBACK}:{self.port}"

    def be(self, shape: Shape) -> None:
        """Take another shape; it is in force when this returns."""
        self._run(self._change(shape))

    @contextlib.contextmanager
    def being(self, shape: Shape) -> Iterator[None]:
        """Another shape while the block runs."""
        self.be(shape)
        try:
            yield
        finally:
            self.be(THROUGH)

    def __enter__(self) -> Self:
        self._thread.start()
        self._flows = self._run(_made(asyncio.Event))
        self._run(self._change(THROUGH))
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._hold.close()

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _change(self, shape: Shape) -> None:
        self.shape = shape
        if shape.flows:
            self._flows.set()
        else:
            self._flows.clear()
        if not shape.listens:
            await self._close()
        elif self._server is None:
            self._server = await asyncio.start_server(self._accept, sock=_bound(self.port))

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        links = list(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        ends = [writer]
        # Either end goes, or the network does: the ends that are left learn it by a reset.
        with contextlib.suppress(OSError, asyncio.CancelledError, _Closed):
            await self._flows.wait()
            there, back = await asyncio.open_connection(LOOPBACK, self.upstream)
            ends.append(back)
            await _first(self._read_write(reader, back) + self._read_write(there, writer))
        self._links.discard(task)
        for end in ends:
            end.transport.abort()

    def _read_write(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[Work]:
        """One direction. What was read is on its way: later bytes may be read before earlier ones arrive."""
        way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=64)

        async def read() -> None:
            arrives = 0.0
            while data := await reader.read(CHUNK):
                shape = self.shape
                takes = shape.delay_s + (RETRANSMISSION_S if self._dice.random() < shape.loss else 0)
                arrives = max(arrives, time.monotonic() + takes)
                await way.put((arrives, data))
                await self._flows.wait()
            await way.put((arrives, b""))
            await way.join()

        async def write() -> None:
            while True:
                arrives, data = await way.get()
                await asyncio.sleep(max(0.0, arrives - time.monotonic()))
                await self._flows.wait()
                if not data:
                    raise _Closed
                writer.write(data)
                await writer.drain()

        return [read(), write()]


class _Closed(Exception):
    """One end has closed."""


async def _first(works: list[Work]) -> None:
    """Run all until one ends; its exception is ours."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _bound(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((LOOPBACK, port))
    return sock


async def _made(make: Callable[[], Result]) -> Result:
    return make()
