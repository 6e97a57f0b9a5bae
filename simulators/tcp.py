"""Loggers over TCP, as the standard has it: a long-lived connection each, frames glued one behind the other."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable

from hj212.framing import Framer
from simulators.wire import Receive, WireUnavailable

_log = logging.getLogger(__name__)

PAUSE_S = 1.0
"""Before a lost connection is made again. [s]"""


class TcpWire:
    """Connects each logger to ``host:port``; what the platform sends comes back on the same connection."""

    def __init__(self, address: str) -> None:
        """Raises ``WireUnavailable`` where the address is not ``host:port``."""
        host, colon, port = address.rpartition(":")
        if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
            raise WireUnavailable(f"{address!r} is no address such as 127.0.0.1:9212")
        self._address = address
        self._host, self._port = host, int(port)
        self._loggers: dict[str, _Line] = {}
        self._receive: Receive = lambda _mn, _frame: None

    async def open(self, mns: Iterable[str], receive: Receive) -> None:
        """Connect every logger."""
        self._receive = receive
        for mn in mns:
            self._loggers[mn] = self._line(mn)
            try:
                await self._loggers[mn].connect()
            except OSError as error:
                await self.close()
                raise WireUnavailable(f"nobody answers at {self._address}: {error.strerror or error}") from error
        for line in self._loggers.values():
            line.begin()

    def send(self, mn: str, frame: bytes) -> "asyncio.Future[None]":
        """Send a frame; the future is done when the operating system has taken it, TCP promises no more."""
        line = self._loggers.get(mn)
        if line is None:
            line = self._loggers[mn] = self._line(mn)
            line.begin()
        return line.send(frame)

    async def close(self) -> None:
        """Close all connections."""
        for line in self._loggers.values():
            await line.close()
        self._loggers.clear()

    def _line(self, mn: str) -> "_Line":
        return _Line(mn, self._host, self._port, self._take)

    def _take(self, mn: str, frame: bytes) -> None:
        self._receive(mn, frame)


class _Line:
    def __init__(self, mn: str, host: str, port: int, receive: Receive) -> None:
        self._mn, self._host, self._port, self._receive = mn, host, port, receive
        self._queue: asyncio.Queue[tuple[bytes, asyncio.Future[None]]] = asyncio.Queue()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._task: asyncio.Task[None] | None = None
        self._held: tuple[bytes, asyncio.Future[None]] | None = None
        """Taken from the queue, not yet gone."""

    async def connect(self) -> None:
        self._streams = await asyncio.open_connection(self._host, self._port)

    def begin(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"tcp-{self._mn}")

    def send(self, frame: bytes) -> "asyncio.Future[None]":
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((frame, done))
        return done

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._hang_up()

    async def _run(self) -> None:
        while True:
            try:
                if self._streams is None:
                    await self.connect()
                assert self._streams is not None
                reader, writer = self._streams
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._listen(reader))
                    tasks.create_task(self._speak(writer))
            except* OSError as errors:
                _log.debug("logger %s lost its line: %s", self._mn, errors.exceptions[0])
            await self._hang_up()
            await asyncio.sleep(PAUSE_S)

    async def _speak(self, writer: asyncio.StreamWriter) -> None:
        while True:
            if self._held is None:
                self._held = await self._queue.get()
            frame, done = self._held
            writer.write(frame)
            await writer.drain()
            self._held = None
            if not done.done():
                done.set_result(None)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        framer = Framer()
        while chunk := await reader.read(65536):
            for frame in framer.feed(chunk):
                self._receive(self._mn, frame)
        raise ConnectionResetError("the other side hung up")

    async def _hang_up(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            with contextlib.suppress(OSError):
                await self._streams[1].wait_closed()
            self._streams = None
