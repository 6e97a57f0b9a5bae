"""Serves an application on a socket until told to stop."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

GRACE_SECONDS = 3
"""Streams that are still open after this are cut."""


FULL_COLLECTIONS = 100
"""Collections of the middle generation before Python looks through all objects; its own figure is 10. Open pages are
hundreds of thousands of objects: looking through them holds every answer up for some tenths of a second, and at
Python's own figure more than one answer in twenty of a page could meet with that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How people come in."""

    certificate: Path | None = None
    """Certificate of the pages, in PEM; None: plain HTTP."""
    key: Path | None = None
    """Its key."""
    trusted_proxies: str = ""
    """Addresses and networks, separated by commas, that may say for whom they ask; empty: none."""


@contextlib.contextmanager
def rare_full_collections() -> Iterator[None]:
    """Let Python look through all objects a tenth as often as it would by itself."""
    before = gc.get_threshold()
    gc.set_threshold(before[0], before[1], FULL_COLLECTIONS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it, so that SIGTERM ends the process with exit code 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes any free one. Raises OSError where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=2048)
    # Handed on to every connection. asyncio sets it only on sockets that name their protocol, which these do not, and
    # without it an answer of two writes waits 40 ms for the reader's acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def address_of(listening: socket.socket, *, tls: bool = False) -> str:
    """The address to open in a browser."""
    host, port = listening.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - only shown
    return f"{'https' if tls else 'http'}://{name}:{port}/"


async def serve(app: FastAPI, listening: socket.socket, stop: asyncio.Event, *, door: Door | None = None) -> None:
    """Serve until ``stop`` is set. Raises RuntimeError if the application does not start."""
    door = door or Door()
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=door.certificate,
        ssl_keyfile=door.key,
        # Whoever is not named here could otherwise write itself another address, or HTTPS, into the log of deeds.
        proxy_headers=bool(door.trusted_proxies),
        forwarded_allow_ips=door.trusted_proxies,
        server_header=False,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    stopping = asyncio.create_task(stop.wait())
    try:
        with rare_full_collections():
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stopping.cancel()
    if not server.started:
        raise RuntimeError("the application did not start; the log says why")
